import type { ModelManifest, ModelOutput } from '../ensemble/prediction.ts'
import { sourceOf } from '../events/source.ts'
import { fillContext } from '../features/extract.ts'
import { Beside } from '../incidents/beside.ts'
import { CampaignTable, type ThinReport } from '../incidents/campaign.ts'
import { docketOf, type Judgement, judge } from '../incidents/judge.ts'
import { REOPENS_WITHIN_MS } from '../incidents/standing.ts'
import { type ClassFamily, classOf } from '../taxonomy.ts'
import { hash32 } from '../window/hash.ts'
import { PANE_MS, paneOf } from '../window/pane-times.ts'
import { TargetTable } from '../window/target-table.ts'
import { WindowTable } from '../window/window-table.ts'
import type { LabelledEvent } from './labelled-windows.ts'

/** A model as the simulation asks it: raw rows in, one output a row out. */
export interface Predictor {
  manifest: Pick<ModelManifest, 'thresholds' | 'anomaly_threshold'>
  predict(rows: Float32Array, count: number): Promise<ModelOutput[]>
}

/** An incident that the running system would have opened, with the sources it names. */
export interface SimulatedIncident {
  family: ClassFamily
  sources: Set<string>
  /** Event time at which it would have been opened, ms. */
  openedAt: number
}

const FEED = 'evaluation'
const ROUND = 512

/**
 * Plays one capture's events through windows, judgement, opening rule and campaigns at every pane boundary, as a replay
 * does in the running system, and gives the incidents that it would open.
 * @param events in order of time
 */
export async function simulateIncidents(
  events: readonly LabelledEvent[],
  model: Predictor,
): Promise<SimulatedIncident[]> {
  const table = new WindowTable<Beside>({ maxSources: Number.POSITIVE_INFINITY, newBeside: () => new Beside() })
  const targets = new TargetTable()
  const campaigns = new CampaignTable()
  const incidents: SimulatedIncident[] = []
  const byCampaign = new Map<string, SimulatedIncident>()

  const judgePane = async (pane: number) => {
    for (;;) {
      const tasks = table.due(FEED, pane, false, ROUND)
      if (tasks.length === 0) break
      const docket = docketOf(tasks)
      const contexts = targets.contexts(docket.extraction.questions, pane)
      for (const [i, context] of contexts.entries()) fillContext(docket.extraction, i, context)
      const judgements = judge(docket, await model.predict(docket.extraction.rows, tasks.length), model)
      const thin: ThinReport[] = []
      for (const judgement of judgements) {
        if (judgement.consequence.tag === 'incident') continueSimulated(judgement, incidents)
        else if (judgement.consequence.tag === 'thin') thin.push(thinReport(judgement))
        table.settled(judgement.task, 0)
      }
      for (const campaign of campaigns.take(FEED, thin).changed) {
        const known = byCampaign.get(campaign.key)
        const sources = new Set(campaign.sources.keys())
        if (known) known.sources = sources
        else {
          const incident = { family: campaign.family, sources, openedAt: endOf(pane) }
          byCampaign.set(campaign.key, incident)
          incidents.push(incident)
        }
      }
    }
    targets.prune(pane + 1)
  }

  let pane = Number.NaN
  for (const { event } of events) {
    const itsPane = paneOf(event.ts)
    if (itsPane !== pane && !Number.isNaN(pane)) await judgePane(pane)
    pane = itsPane
    const tracked = table.add('', FEED, event, event.ts)
    tracked?.beside.note(event, '', FEED, { row: 0, index: 0 })
    if (event.dst_ip !== undefined) targets.add(event.ts, hash32(sourceOf(event)), hash32(event.dst_ip))
  }
  if (!Number.isNaN(pane)) await judgePane(pane)
  return incidents
}

const endOf = (pane: number): number => (pane + 1) * PANE_MS

function continueSimulated({ task, window, consequence }: Judgement, incidents: SimulatedIncident[]): void {
  if (consequence.tag !== 'incident') return
  const { family } = classOf(consequence.threatClass)
  const { incidents: open } = task.tracked.beside.standing
  const known = open[family]
  const goesOn = known !== undefined && window.firstTs - known.lastSeen <= REOPENS_WITHIN_MS
  open[family] = {
    key: '',
    revision: 1,
    previousKey: null,
    firstSeen: window.firstTs,
    lastSeen: window.lastTs,
    events: 0,
    peakRisk: 0,
    openedBy: consequence.openedBy,
    evidence: [],
    evidenceAt: 0,
    countedIn: '',
    countedTo: 0,
    writes: 0,
    writtenAt: 0,
  }
  if (!goesOn) incidents.push({ family, sources: new Set([task.tracked.window.source]), openedAt: endOf(task.last) })
}

function thinReport({ task, window, prediction, targets: [target] }: Judgement): ThinReport {
  return {
    source: task.tracked.window.source,
    threatClass: prediction.threatClass,
    confidence: prediction.confidence,
    anomaly: prediction.anomaly,
    pane: task.last,
    firstTs: window.firstTs,
    lastTs: window.lastTs,
    events: window.newEvents,
    host: target?.host ?? null,
    port: target?.port ?? null,
    uncertain: prediction.uncertain,
    detail: '',
  }
}
