import { readFileSync } from 'node:fs'
import { loadClassifier } from '../../adapters/onnx/classifier.ts'
import { runtime } from '../../adapters/onnx/node-runtime.ts'
import type { PackIncident } from '../../core/council/assemble-pack.ts'
import type { PackEvent } from '../../core/council/evidence-pack.ts'
import { handsOver } from '../../core/council/hand-over.ts'
import { demoDay } from '../../core/demo/day.ts'
import type { Classifier } from '../../core/ensemble/prediction.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import { createLineReader } from '../../core/events/formats.ts'
import { sourceOf } from '../../core/events/source.ts'
import { fillContext } from '../../core/features/extract.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../../core/features/schema.ts'
import { Beside } from '../../core/incidents/beside.ts'
import { handOut } from '../../core/incidents/hand-out.ts'
import { docketOf, type Judgement, judge } from '../../core/incidents/judge.ts'
import { matchedFields } from '../../core/incidents/matched-fields.ts'
import { continueIncident, type IncidentRow } from '../../core/incidents/record.ts'
import { classOf } from '../../core/taxonomy.ts'
import { hash32 } from '../../core/window/hash.ts'
import { paneOf } from '../../core/window/pane-times.ts'
import { TargetTable } from '../../core/window/target-table.ts'
import { WindowTable } from '../../core/window/window-table.ts'
import { inRoot } from '../../scripts/local/repository.ts'
import { mustBe } from './bench.ts'

/** An incident at the moment at which it is handed to the council, with the evidence that it has by then. */
export interface HandedOver {
  incident: PackIncident
  evidence: PackEvent[]
}

const DAY_ENDS = Date.UTC(2026, 0, 15)
const ROUND = 512

/** The shipped ensemble, in Node. */
export async function shippedClassifier(): Promise<Classifier> {
  const loaded = await loadClassifier(
    {
      graph: new Uint8Array(readFileSync(inRoot('models/ensemble.onnx'))),
      manifest: JSON.parse(readFileSync(inRoot('models/manifest.json'), 'utf8')),
      schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT },
    },
    async () => ({ runtime }),
  )
  mustBe(loaded.ok, 'the shipped model is refused')
  return loaded.value
}

/**
 * Plays a scripted day of our own generator through windows, ensemble, opening rule and evidence as a replay does, and gives
 * what would be handed to the council: incidents of one source that the ensemble is not sure of, when they open and again
 * when they have grown tenfold. Campaigns are left out.
 */
export async function handedOverOf(seed: number, model: Classifier): Promise<HandedOver[]> {
  const cases: HandedOver[] = []
  for (const [sensor, lines] of Object.entries(demoDay(DAY_ENDS, seed).logs)) {
    const reader = createLineReader({ receivedAt: DAY_ENDS })
    const reads = lines.flatMap(({ line }) => {
      const read = reader.read(line)
      return read.ok && read.value ? [read.value] : []
    })
    cases.push(...(await ofSensor(sensor, reads, model)))
  }
  return cases
}

async function ofSensor(sensor: string, reads: readonly ReadEvent[], model: Classifier): Promise<HandedOver[]> {
  const table = new WindowTable<Beside>({ maxSources: Number.POSITIVE_INFINITY, newBeside: () => new Beside() })
  const targets = new TargetTable()
  const evidence = new Map<string, PackEvent[]>()
  const cases: HandedOver[] = []

  const follow = ({ task, window, row, prediction, targets: hit, consequence }: Judgement) => {
    if (consequence.tag !== 'incident') return
    const { beside } = task.tracked
    const { family } = classOf(consequence.threatClass)
    const continued = continueIncident(
      beside.standing.incidents[family],
      {
        scope: sensor,
        source: task.tracked.window.source,
        ...window,
        row,
        prediction,
        openedBy: consequence.openedBy,
        trackedAs: beside.trackedAs,
        targets: hit,
        sensors: [sensor],
        intel: () => ({ findings: [], asked: [], at: window.lastTs }),
        decidedInMs: null,
      },
      model,
      window.lastTs,
    )
    const { open, places } = handOut(continued.open, beside.sampleUpTo(task.last))
    beside.standing.incidents[family] = open
    const incident = continued.row()
    const kept = evidence.get(open.key) ?? []
    evidence.set(open.key, kept)
    for (const { index } of places) kept.push(packEvent(reads[index]!, kept.length + 1, sensor, incident))
    if (handsOver(open, incident)) cases.push({ incident: { id: cases.length + 1, ...incident }, evidence: [...kept] })
  }

  const judgePane = async (pane: number) => {
    for (;;) {
      const tasks = table.due(sensor, pane, false, ROUND)
      if (tasks.length === 0) break
      const docket = docketOf(tasks)
      const contexts = targets.contexts(docket.extraction.questions, pane)
      for (const [i, context] of contexts.entries()) fillContext(docket.extraction, i, context)
      const judgements = judge(docket, await model.predict(docket.extraction.rows, tasks.length), model)
      for (const judgement of judgements) {
        follow(judgement)
        table.settled(judgement.task, 0)
      }
    }
    targets.prune(pane + 1)
  }

  let pane = Number.NaN
  for (const [index, { event, original }] of reads.entries()) {
    const itsPane = paneOf(event.ts)
    if (itsPane !== pane && !Number.isNaN(pane)) await judgePane(pane)
    pane = itsPane
    const tracked = table.add('', sensor, event, event.ts)
    tracked?.beside.note(event, original, sensor, { row: 0, index })
    if (event.dst_ip !== undefined) targets.add(event.ts, hash32(sourceOf(event)), hash32(event.dst_ip))
  }
  if (!Number.isNaN(pane)) await judgePane(pane)
  return cases
}

const packEvent = (
  { event, format, original }: ReadEvent,
  n: number,
  sensor: string,
  { triage_note }: IncidentRow,
): PackEvent => ({
  n,
  ts: event.ts,
  sensor,
  format,
  event,
  original,
  matched: matchedFields(event, triage_note.indicators),
})
