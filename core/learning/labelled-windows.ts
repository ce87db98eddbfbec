import type { CanonicalEvent } from '../events/event.ts'
import { sourceOf } from '../events/source.ts'
import { extractInto, fillContext, newExtraction } from '../features/extract.ts'
import { CLASS_COUNT } from '../taxonomy.ts'
import { C } from '../window/counters.ts'
import { hash32 } from '../window/hash.ts'
import { PANE_MS } from '../window/pane-times.ts'
import { SourceWindow } from '../window/source-window.ts'
import { TargetTable } from '../window/target-table.ts'

/** Windows of evaluation do not overlap: they end at whole multiples of five minutes. */
export const LABEL_WINDOW_MS = 300_000
const WINDOW_END_PANES = LABEL_WINDOW_MS / PANE_MS

export interface LabelledEvent {
  event: CanonicalEvent
  /** 0-6, or null where nobody knows. */
  label: number | null
  /** What a honeypot's kind of event implies; never scored as truth. */
  weakLabel: number | null
}

/** One window of one source with what it was. */
export interface LabelledWindow {
  source: string
  /** First ms of the five minutes. */
  start: number
  features: Float32Array
  events: number
  label: number | null
  weakLabel: number | null
}

/**
 * The windows of one capture: events in, per source and five minutes one vector out, by the code that serves.
 * @param events of one raw source, in order of time
 */
export const labelledWindows = (events: readonly LabelledEvent[]): LabelledWindow[] =>
  windowsEvery(WINDOW_END_PANES, events, () => true)

/**
 * Windows as the running system meets them: sliding, half filled, at the end of a pane with events. About one in four of
 * all pane boundaries, chosen by hash. To be trained on beside the others, never scored.
 */
export const partialWindows = (events: readonly LabelledEvent[]): LabelledWindow[] =>
  windowsEvery(1, events, (source, start) => (hash32(source, Math.floor(start / PANE_MS)) & 3) === 0)

/** A vector per source and step of `panes` panes that it has events in; its label is that of the step's events. */
function windowsEvery(
  panes: number,
  events: readonly LabelledEvent[],
  wanted: (source: string, start: number) => boolean,
): LabelledWindow[] {
  const stepMs = panes * PANE_MS
  const sources = new Map<string, SourceWindow>()
  const targets = new TargetTable()
  const windows: LabelledWindow[] = []
  let open = new Map<string, { votes: Float64Array; weakVotes: Float64Array }>()
  let start = Number.NaN

  const close = () => {
    const last = start / PANE_MS + panes - 1
    for (const [source, { votes, weakVotes }] of open) {
      if (!wanted(source, start)) continue
      const view = sources.get(source)!.view(last)
      const extraction = newExtraction(1)
      extractInto(extraction, view)
      fillContext(extraction, 0, targets.contexts(extraction.questions, last)[0]!)
      const events = view.merged.counters[C.events]!
      const label = winner(votes)
      windows.push({ source, start, features: extraction.rows, events, label, weakLabel: winner(weakVotes) })
    }
    targets.prune(last + 1)
    open = new Map()
  }

  for (const { event, label, weakLabel } of events) {
    const itsStart = Math.floor(event.ts / stepMs) * stepMs
    if (itsStart !== start) {
      if (!Number.isNaN(start)) close()
      start = itsStart
    }
    const source = sourceOf(event)
    let window = sources.get(source)
    if (!window) {
      window = new SourceWindow(source)
      sources.set(source, window)
    }
    window.add(event)
    if (event.dst_ip !== undefined) targets.add(event.ts, hash32(source), hash32(event.dst_ip))
    let seen = open.get(source)
    if (!seen) {
      seen = { votes: new Float64Array(CLASS_COUNT), weakVotes: new Float64Array(CLASS_COUNT) }
      open.set(source, seen)
    }
    if (label !== null) seen.votes[label]!++
    if (weakLabel !== null) seen.weakVotes[weakLabel]!++
  }
  if (!Number.isNaN(start)) close()
  return windows
}

/** The attack class with most events, else Normal if any event is, else unknown. */
function winner(votes: Float64Array): number | null {
  let best = 0
  for (let id = 1; id < votes.length; id++) if (votes[id]! > 0 && (best === 0 || votes[id]! > votes[best]!)) best = id
  return votes[best]! > 0 ? best : null
}
