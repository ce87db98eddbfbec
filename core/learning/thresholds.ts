import { mostOverThreshold, mostProbable } from '../ensemble/decide.ts'
import { CLASS_COUNT } from '../taxonomy.ts'
import { rowOf } from './ensemble.ts'
import { classMetrics, macroF1 } from './metrics.ts'

/** The threshold of a class that nothing is known about. All alike, they leave the decision to the most probable class. */
export const NEUTRAL_THRESHOLD = 0.5
/**
 * Macro-F1 on groups that it was not found on by which a class's threshold must raise the decisions to be kept. Smaller gains
 * are luck. Windows of 5 events and more of left-out captures: with 0, macro-F1 0.35 and accuracy 0.55 (one capture's Normal
 * windows fell to a threshold that had gained 0.002); with 0.005 to 0.03, macro-F1 0.39 to 0.43 and accuracy 0.84 to 0.85.
 */
const LEAST_GAIN = 0.01
const GRID = Array.from({ length: 47 }, (_, i) => (i + 2) / 50)

/** Calibrated answers of models that did not see these rows. */
export interface HeldOutAnswers {
  /** Row-major [rows, 7]. */
  probabilities: Float32Array
  labels: Uint8Array
  weights: ArrayLike<number>
  /** Where each row comes from. */
  groups: Int32Array
}

/**
 * Threshold of each class, length 7, 0.04..0.96: for each class alone the one of the grid with the best F1 of "p ≥ threshold";
 * of equals the middle one, since a threshold on the edge holds for these rows only. A class keeps 0.5 unless its threshold
 * clearly raises the macro-F1 of the decisions on groups that it was not found on (each group in turn): what fits one capture's
 * mixture is often wrong for the next. With a single group its own rows must do.
 */
export function findThresholds(answers: HeldOutAnswers): number[] {
  const found = bestThresholds(answers)
  const thresholds = Array<number>(CLASS_COUNT).fill(NEUTRAL_THRESHOLD)
  const perGroup = new Map([...found.withoutGroup.keys()].map((group) => [group, [...thresholds]]))
  const score = () => macroOf(answers, (row) => perGroup.get(answers.groups[row]!)!)
  const open = new Set(thresholds.keys())
  for (let best = score(); open.size > 0; ) {
    let chosen: number | null = null
    for (const k of open) {
      for (const [group, own] of perGroup) own[k] = found.withoutGroup.get(group)![k]!
      const reached = score()
      for (const own of perGroup.values()) own[k] = NEUTRAL_THRESHOLD
      if (reached > (chosen === null ? best + LEAST_GAIN : best)) {
        best = reached
        chosen = k
      }
    }
    if (chosen === null) break
    open.delete(chosen)
    thresholds[chosen] = found.overall[chosen]!
    for (const [group, own] of perGroup) own[chosen] = found.withoutGroup.get(group)![chosen]!
  }
  return thresholds
}

/** Macro-F1 of the decisions that these thresholds lead to (core/ensemble/decide.ts), rows weighted; 0 without rows. */
export function decisionScore(thresholds: ArrayLike<number>, answers: HeldOutAnswers): number {
  return macroOf(answers, () => thresholds)
}

function macroOf({ probabilities, labels, weights }: HeldOutAnswers, of: (row: number) => ArrayLike<number>): number {
  const confusion = new Float64Array(CLASS_COUNT * CLASS_COUNT)
  for (let row = 0; row < labels.length; row++) {
    const seven = rowOf(probabilities, row)
    const decided = mostOverThreshold(seven, of(row)) ?? mostProbable(seven)
    confusion[labels[row]! * CLASS_COUNT + decided]! += weights[row]!
  }
  return macroF1(classMetrics(confusion)) ?? 0
}

/** By class × grid: weight rightly claimed by "p ≥ threshold", weight claimed. By class: weight of its rows. */
interface Counts {
  right: Float64Array
  claimed: Float64Array
  support: Float64Array
}

const noCounts = (): Counts => ({
  right: new Float64Array(CLASS_COUNT * GRID.length),
  claimed: new Float64Array(CLASS_COUNT * GRID.length),
  support: new Float64Array(CLASS_COUNT),
})

/** The best thresholds over all rows, and over all rows but one group's. */
function bestThresholds({ probabilities, labels, weights, groups }: HeldOutAnswers) {
  const overall = noCounts()
  const byGroup = new Map<number, Counts>()
  for (let row = 0; row < labels.length; row++) {
    let counts = byGroup.get(groups[row]!)
    if (counts === undefined) {
      counts = noCounts()
      byGroup.set(groups[row]!, counts)
    }
    const seven = rowOf(probabilities, row)
    for (const into of [overall, counts]) addRow(into, seven, labels[row]!, weights[row]!)
  }
  const withoutGroup = new Map<number, number[]>()
  for (const [group, counts] of byGroup) {
    const rest = byGroup.size > 1 ? difference(overall, counts) : overall
    withoutGroup.set(group, best(rest))
  }
  return { overall: best(overall), withoutGroup }
}

function addRow({ right, claimed, support }: Counts, seven: Float32Array, label: number, weight: number): void {
  support[label]! += weight
  for (let k = 0; k < CLASS_COUNT; k++) {
    for (let g = 0; g < GRID.length && seven[k]! >= GRID[g]!; g++) {
      claimed[k * GRID.length + g]! += weight
      if (k === label) right[k * GRID.length + g]! += weight
    }
  }
}

const difference = (all: Counts, part: Counts): Counts => ({
  right: all.right.map((value, i) => value - part.right[i]!),
  claimed: all.claimed.map((value, i) => value - part.claimed[i]!),
  support: all.support.map((value, i) => value - part.support[i]!),
})

function best({ right, claimed, support }: Counts): number[] {
  return Array.from(support, (weight, k) => {
    // Sums that were taken apart again differ in their last digits.
    const scores = GRID.map((_, g) => {
      const at = k * GRID.length + g
      return weight > 1e-9 ? Math.round((1e9 * 2 * right[at]!) / (weight + claimed[at]!)) : 0
    })
    const most = Math.max(...scores)
    if (most <= 0) return NEUTRAL_THRESHOLD
    const first = scores.indexOf(most)
    let last = first
    while (scores[last + 1] === most) last++
    return GRID[(first + last) >> 1]!
  })
}
