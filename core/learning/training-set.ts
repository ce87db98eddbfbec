import { FEATURE_COUNT } from '../features/schema.ts'
import { mix32 } from '../window/hash.ts'
import { type Dataset, NEVER_HELD_OUT } from './dataset.ts'
import type { LabelledWindow } from './labelled-windows.ts'

/** A capture's windows under its name. */
export interface CaptureWindows {
  name: string
  trainedOn: readonly LabelledWindow[]
  /** How much it counts against others, over 0; 1 where nothing is said. */
  counts?: number
  /** Whether thresholds and temperature may come from it; true where nothing is said. */
  calibrates?: boolean
}

/** A weak label (what a honeypot's kind of event implies) counts this much of a true one. */
const WEAK_TRUST = 0.3
/** A window of one event says little of what its source does. */
const FULL_AT_EVENTS = 5
/** Ordinary windows are what a sensor mostly sees; they count this much more than their square root. */
const NORMAL_WEIGHT = 3
/** Rows of one capture and class; of more, a sample drawn by worth stands for all (Efraimidis and Spirakis, 2006). */
const ROWS_PER_CLASS = 1_500

interface Row {
  window: LabelledWindow
  label: number
  worth: number
}

/**
 * What the trainer learns from. Each capture and class has the weight of the square root of its windows' worth, so that many
 * small captures count beside few large ones; a window is worth its events up to five, a weak label less. A capture may be
 * said to count less than that.
 */
export function trainingSet(captures: readonly CaptureWindows[]): Dataset {
  const rows: (Row & { group: number; weight: number })[] = []
  let groups = 0
  for (const { trainedOn, counts = 1, calibrates = true } of captures) {
    const group = calibrates ? groups++ : NEVER_HELD_OUT
    for (const [label, part] of byLabel(trainedOn)) {
      const total = (label === 0 ? NORMAL_WEIGHT ** 2 : 1) * part.reduce((sum, { worth }) => sum + worth, 0)
      // What counts less needs fewer rows to say it.
      const kept = sample(part, Math.ceil(ROWS_PER_CLASS * Math.sqrt(counts)))
      const keptTotal = kept.reduce((sum, { worth }) => sum + worth, 0)
      const weight = counts * Math.sqrt(total)
      for (const row of kept) rows.push({ ...row, group, weight: (row.worth / keptTotal) * weight })
    }
  }
  const features = new Float32Array(rows.length * FEATURE_COUNT)
  for (const [i, { window }] of rows.entries()) features.set(window.features, i * FEATURE_COUNT)
  return {
    features,
    rows: rows.length,
    columns: FEATURE_COUNT,
    labels: Uint8Array.from(rows, ({ label }) => label),
    weights: Float32Array.from(rows, ({ weight }) => weight),
    groups: Int32Array.from(rows, ({ group }) => group),
  }
}

function byLabel(windows: readonly LabelledWindow[]): Map<number, Row[]> {
  const parts = new Map<number, Row[]>()
  for (const window of windows) {
    const label = window.label ?? window.weakLabel
    if (label === null) continue
    const trust = window.label === null ? WEAK_TRUST : 1
    const row = { window, label, worth: trust * Math.min(1, window.events / FULL_AT_EVENTS) }
    const part = parts.get(label)
    if (part) part.push(row)
    else parts.set(label, [row])
  }
  return parts
}

/** Drawn without replacement, each row's chance by its worth; what is drawn then counts alike. */
function sample(part: Row[], most: number): Row[] {
  if (part.length <= most) return part
  return part
    .map((row, i) => ({ row, key: ((mix32(i + 1) + 1) / 2 ** 32) ** (1 / row.worth) }))
    .sort((a, b) => b.key - a.key)
    .slice(0, most)
    .map(({ row }) => ({ ...row, worth: 1 }))
}
