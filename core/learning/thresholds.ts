import { mostOverThreshold, mostProbable } from '../ensemble/decide.ts'
import { CLASS_COUNT } from '../taxonomy.ts'
import { rowOf } from './ensemble.ts'
import { classMetrics, macroF1 } from './metrics.ts'

/** The threshold of a class that nothing is known about. */
export const NEUTRAL_THRESHOLD = 0.5
const GRID = Array.from({ length: 47 }, (_, i) => (i + 2) / 50)

/**
 * Threshold of each class, length 7, 0.04..0.96: for each class alone the one of the grid with the best F1 of "p ≥ threshold"
 * on held-out rows; of equals the middle one, since a threshold on the edge holds for these rows only. A class without held-out
 * rows gets 0.5. Where the thresholds together decide worse (macro-F1) than the most probable class would, all get 0.5.
 * @param probabilities calibrated, row-major [rows, 7], of models that did not see these rows
 * @param weights by row
 */
export function findThresholds(probabilities: Float32Array, labels: Uint8Array, weights: ArrayLike<number>): number[] {
  const found = Array.from({ length: CLASS_COUNT }, (_, k) => bestThreshold(k, probabilities, labels, weights))
  const neutral = Array<number>(CLASS_COUNT).fill(NEUTRAL_THRESHOLD)
  const score = (thresholds: number[]) => decisionScore(thresholds, probabilities, labels, weights)
  return score(found) >= score(neutral) ? found : neutral
}

/** Macro-F1 of the decisions that these thresholds lead to (core/ensemble/decide.ts), rows weighted; 0 without rows. */
export function decisionScore(
  thresholds: ArrayLike<number>,
  probabilities: Float32Array,
  labels: Uint8Array,
  weights: ArrayLike<number>,
): number {
  const confusion = new Float64Array(CLASS_COUNT * CLASS_COUNT)
  for (let row = 0; row < labels.length; row++) {
    const seven = rowOf(probabilities, row)
    const decided = mostOverThreshold(seven, thresholds) ?? mostProbable(seven)
    confusion[labels[row]! * CLASS_COUNT + decided]! += weights[row]!
  }
  return macroF1(classMetrics(confusion)) ?? 0
}

function bestThreshold(k: number, probabilities: Float32Array, labels: Uint8Array, weights: ArrayLike<number>): number {
  const scores = GRID.map((threshold) => {
    let right = 0
    let claimed = 0
    let support = 0
    for (let row = 0; row < labels.length; row++) {
      const claims = probabilities[row * CLASS_COUNT + k]! >= threshold
      if (claims) claimed += weights[row]!
      if (labels[row] === k) support += weights[row]!
      if (claims && labels[row] === k) right += weights[row]!
    }
    return support > 0 ? (2 * right) / (support + claimed) : 0
  })
  const best = Math.max(...scores)
  if (best === 0) return NEUTRAL_THRESHOLD
  const first = scores.indexOf(best)
  let last = first
  while (scores[last + 1] === best) last++
  return GRID[(first + last) >> 1]!
}
