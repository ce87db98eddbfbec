import { decide } from '../ensemble/decide.ts'
import type { Prediction } from '../ensemble/prediction.ts'
import { entityOf } from '../events/source.ts'
import { FEATURE_COUNT } from '../features/schema.ts'
import { consequenceOf, newStanding, type Standing } from '../incidents/standing.ts'
import { CLASSES, classOf } from '../taxonomy.ts'
import { PANE_MS } from '../window/pane-times.ts'
import { LABEL_WINDOW_MS, type LabelledEvent, type LabelledWindow } from './labelled-windows.ts'
import {
  accuracy,
  attackRecall,
  classMetrics,
  confusionMatrix,
  expectedCalibrationError,
  macroF1,
  routeMetrics,
} from './metrics.ts'
import { type Predictor, type SimulatedIncident, simulateIncidents } from './simulate-incidents.ts'

/** A labelled window with what a model that never saw its capture (or the model under test) made of it. */
export interface ScoredWindow {
  rawSource: string
  source: string
  /** First ms of the window. */
  start: number
  label: number
  events: number
  prediction: Prediction
  /** Whether the running system would have an incident open after it. */
  opens: boolean
}

/** What became of a capture's sources. */
export interface ScoredSources {
  attackers: { family: string; found: boolean; rightFamily: boolean; secondsToIncident: number | null }[]
  benignSourceDays: number
  falseIncidents: number
  normalWindows: number
}

const ROUND = 1024
const DAY_MS = 24 * 3_600_000
/** Windows with fewer events say little; figures are given without them too. */
export const FIVE = 5

/** Judges a capture's labelled windows, in order of time, each source's evidence adding up as it does in the system. */
export async function scoreWindows(
  rawSource: string,
  windows: readonly LabelledWindow[],
  model: Predictor,
): Promise<ScoredWindow[]> {
  const standings = new Map<string, { standing: Standing; judgedEvents: number }>()
  const scored: ScoredWindow[] = []
  for (let from = 0; from < windows.length; from += ROUND) {
    const part = windows.slice(from, from + ROUND)
    const rows = new Float32Array(part.length * FEATURE_COUNT)
    for (const [i, { features }] of part.entries()) rows.set(features, i * FEATURE_COUNT)
    const outputs = await model.predict(rows, part.length)
    for (const [i, { source, start, events, label }] of part.entries()) {
      const prediction = decide(outputs[i]!, model.manifest)
      const held = standings.get(source) ?? { standing: newStanding(), judgedEvents: 0 }
      standings.set(source, held)
      held.judgedEvents += events
      const last = (start + LABEL_WINDOW_MS) / PANE_MS - 1
      const { tag } = consequenceOf(
        held.standing,
        { last, events, newEvents: events, judgedEvents: held.judgedEvents },
        prediction,
      )
      if (label !== null)
        scored.push({ rawSource, source, start, label, events, prediction, opens: tag === 'incident' })
    }
  }
  return scored
}

/** Plays a capture through the system and compares its incidents with what its sources truly did. */
export async function scoreSources(
  events: readonly LabelledEvent[],
  windows: readonly LabelledWindow[],
  model: Predictor,
): Promise<ScoredSources> {
  const incidents = await simulateIncidents(events, model)
  const truth = truthOf(events)
  const attackers = [...truth].flatMap(([source, { votes, firstAttackTs }]) => {
    const attack = strongestAttack(votes)
    if (attack === null) return []
    const family = CLASSES[attack]!.family
    const named = incidents.filter(({ sources }) => sources.has(source))
    const first = earliest(named)
    return [
      {
        family,
        found: named.length > 0,
        rightFamily: named.some((incident) => incident.family === family),
        secondsToIncident: first === null ? null : Math.max(0, (first - firstAttackTs) / 1000),
      },
    ]
  })
  const benign = new Set(
    [...truth].filter(([, { votes }]) => votes[0]! > 0 && strongestAttack(votes) === null).map(([source]) => source),
  )
  const days = new Set(
    events.flatMap(({ event, label }) => {
      const source = entityOf(event.src_ip)
      return label === 0 && benign.has(source) ? [`${source} ${Math.floor(event.ts / DAY_MS)}`] : []
    }),
  )
  return {
    attackers,
    benignSourceDays: days.size,
    falseIncidents: incidents.filter(({ sources }) => [...sources].some((source) => benign.has(source))).length,
    normalWindows: windows.filter(({ label }) => label === 0).length,
  }
}

function truthOf(events: readonly LabelledEvent[]) {
  const truth = new Map<string, { votes: Float64Array; firstAttackTs: number }>()
  for (const { event, label } of events) {
    if (label === null) continue
    const source = entityOf(event.src_ip)
    const known = truth.get(source) ?? {
      votes: new Float64Array(CLASSES.length),
      firstAttackTs: Number.POSITIVE_INFINITY,
    }
    known.votes[label]!++
    if (label > 0) known.firstAttackTs = Math.min(known.firstAttackTs, event.ts)
    truth.set(source, known)
  }
  return truth
}

/** The attack class with most events; null where there is none. */
function strongestAttack(votes: Float64Array): number | null {
  let best: number | null = null
  for (let id = 1; id < votes.length; id++) if (votes[id]! > (best === null ? 0 : votes[best]!)) best = id
  return best
}

const earliest = (incidents: readonly SimulatedIncident[]): number | null =>
  incidents.length === 0 ? null : Math.min(...incidents.map(({ openedAt }) => openedAt))

/** Figures of some windows; null where there is nothing to tell them from. */
export function windowFigures(scored: readonly ScoredWindow[]) {
  const labels = scored.map(({ label }) => label)
  const decided = scored.map(({ prediction }) => prediction.threatClass)
  const right = decided.map((id, i) => id === labels[i])
  const confusion = confusionMatrix(labels, decided)
  const perClass = classMetrics(confusion)
  const normal = scored.filter(({ label }) => label === 0)
  return {
    windows: scored.length,
    macro_f1: macroF1(perClass),
    accuracy: accuracy(confusion),
    attack_recall: attackRecall(confusion),
    false_positive_rate: normal.length === 0 ? null : normal.filter(({ opens }) => opens).length / normal.length,
    ece: expectedCalibrationError(
      scored.map(({ prediction }) => prediction.confidence),
      right,
    ),
    routes: routeMetrics(
      scored.map(({ prediction }) => prediction.route),
      right,
    ),
    per_class: Object.fromEntries(
      perClass.map((figures, id) => [
        classOf(id as 0).name,
        { precision: figures.precision, recall: figures.recall, f1: figures.f1, support: figures.support },
      ]),
    ),
    confusion: CLASSES.map((_, row) => [...confusion.subarray(row * CLASSES.length, (row + 1) * CLASSES.length)]),
  }
}

/** Figures at the level of sources, over all captures. */
export function sourceFigures(scored: readonly ScoredSources[]) {
  const attackers = scored.flatMap((capture) => capture.attackers)
  const seconds = attackers.flatMap(({ secondsToIncident }) => (secondsToIncident === null ? [] : [secondsToIncident]))
  const sum = (figure: (capture: ScoredSources) => number) =>
    scored.reduce((total, capture) => total + figure(capture), 0)
  const days = sum(({ benignSourceDays }) => benignSourceDays)
  const windows = sum(({ normalWindows }) => normalWindows)
  const falseIncidents = sum((capture) => capture.falseIncidents)
  const share = (count: number) => (attackers.length === 0 ? null : count / attackers.length)
  return {
    attacking_sources: attackers.length,
    attack_recall: share(attackers.filter(({ found }) => found).length),
    class_recall: share(attackers.filter(({ rightFamily }) => rightFamily).length),
    median_time_to_incident_s: median(seconds),
    benign_source_days: days,
    false_incidents: falseIncidents,
    false_incidents_per_benign_source_day: days === 0 ? null : falseIncidents / days,
    false_incidents_per_1000_normal_windows: windows === 0 ? null : (1000 * falseIncidents) / windows,
  }
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Everything `evaluate` reports, in the form that the contract names. */
export function report(windows: readonly ScoredWindow[], sources: readonly ScoredSources[]) {
  const rawSources = [...new Set(windows.map(({ rawSource }) => rawSource))].sort()
  const withFive = (some: readonly ScoredWindow[]) => some.filter(({ events }) => events >= FIVE)
  return {
    all: windowFigures(windows),
    five_plus: windowFigures(withFive(windows)),
    by_source: Object.fromEntries(
      rawSources.map((name) => {
        const own = windows.filter(({ rawSource }) => rawSource === name)
        return [name, { ...windowFigures(own), five_plus: windowFigures(withFive(own)) }]
      }),
    ),
    sources: sourceFigures(sources),
  }
}

export type Report = ReturnType<typeof report>
