import type { CanonicalEvent } from '../events/event.ts'
import { sourceOf } from '../events/source.ts'
import { EvidenceSample } from '../incidents/evidence-sample.ts'
import { EVIDENCE_KEPT } from '../incidents/messages.ts'
import { FIVE, type ScoredWindow } from './evaluate.ts'
import { LABEL_WINDOW_MS, type LabelledEvent } from './labelled-windows.ts'

/** A window that the ensemble did not trust, with the events of it that would be kept as evidence, in order of time. */
export interface UncertainWindow {
  window: ScoredWindow
  evidence: CanonicalEvent[]
}

/**
 * A capture's windows of five events and more on route VERIFY or INVESTIGATE, with what the running system would have kept
 * of each.
 * @param events of the capture, in order of time
 */
export function uncertainWindows(events: readonly LabelledEvent[], scored: readonly ScoredWindow[]): UncertainWindow[] {
  const wanted = scored.filter(({ prediction, events: count }) => prediction.route !== 'TRUST' && count >= FIVE)
  const samples = new Map(wanted.map((window) => [keyOf(window.source, window.start), new EvidenceSample()]))
  for (const [row, { event }] of events.entries()) {
    const start = Math.floor(event.ts / LABEL_WINDOW_MS) * LABEL_WINDOW_MS
    samples.get(keyOf(sourceOf(event), start))?.add(event, JSON.stringify(event), { row, index: 0 })
  }
  return wanted.map((window) => {
    const kept = samples.get(keyOf(window.source, window.start))!.places(EVIDENCE_KEPT)
    return { window, evidence: kept.map(({ row }) => events[row]!.event) }
  })
}

const keyOf = (source: string, start: number): string => `${source} ${start}`
