import { FEATURE_COUNT } from '../features/schema.ts'
import type { Dataset } from './dataset.ts'
import type { LabelledWindow } from './labelled-windows.ts'

/** A capture's windows under its name. */
export interface CaptureWindows {
  name: string
  trainedOn: readonly LabelledWindow[]
}

/** A weak label (what a honeypot's kind of event implies) counts this much of a true one. */
const WEAK_TRUST = 0.3
/** A window of one event says little of what its source does. */
const FULL_AT_EVENTS = 5

/**
 * What the trainer learns from. Each capture and class has the weight of the square root of its windows, so that many small
 * captures count beside few large ones; a window counts by its events up to five; weak labels by their trust.
 */
export function trainingSet(captures: readonly CaptureWindows[]): Dataset {
  const rows = captures.flatMap(({ trainedOn }, group) =>
    trainedOn.flatMap((window) => {
      const label = window.label ?? window.weakLabel
      if (label === null) return []
      const trust = window.label === null ? WEAK_TRUST : 1
      return [{ window, group, label, worth: trust * Math.min(1, window.events / FULL_AT_EVENTS) }]
    }),
  )
  const worths = new Map<string, number>()
  for (const { group, label, worth } of rows) {
    const key = `${group} ${label}`
    worths.set(key, (worths.get(key) ?? 0) + worth)
  }
  const features = new Float32Array(rows.length * FEATURE_COUNT)
  for (const [i, { window }] of rows.entries()) features.set(window.features, i * FEATURE_COUNT)
  return {
    features,
    rows: rows.length,
    columns: FEATURE_COUNT,
    labels: Uint8Array.from(rows, ({ label }) => label),
    weights: Float32Array.from(rows, ({ group, label, worth }) => worth / Math.sqrt(worths.get(`${group} ${label}`)!)),
    groups: Int32Array.from(rows, ({ group }) => group),
  }
}
