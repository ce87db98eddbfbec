import { CLASS_COUNT } from '../../taxonomy.ts'
import { decisionScore, type HeldOutAnswers, NEUTRAL_THRESHOLD } from '../thresholds.ts'
import { maximise } from './maximise.ts'

/** Thresholds are sought here; at the ends a class would be claimed by all rows or by none. */
const LOWEST = 0.04
const HIGHEST = 0.96
/** Evaluations for each class. */
const EVALUATIONS = 25
const NORMAL = 0

export interface ThresholdSearch {
  /** By class id, length 7. */
  thresholds: number[]
  /** F1 of "p ≥ threshold" by class id, on the rows that it was found on; null where the class has no row. */
  f1: (number | null)[]
  /** Share of Normal rows that "p ≥ threshold" claims, by class id. */
  falsePositives: (number | null)[]
  /** Evaluations of all classes together. */
  tried: number
  /** Whether the found ones decided better than 0.5 for all; else those stand. */
  isKept: boolean
}

/**
 * The threshold of each class by Bayesian optimisation of its F1. For attacks under a limit: of Normal rows at most
 * `falsePositives` may reach the threshold; where no threshold keeps to it, the one that claims fewest.
 * @param falsePositives 0..1
 */
export function searchThresholds(answers: HeldOutAnswers, falsePositives: number): ThresholdSearch {
  const { labels } = answers
  const found = Array.from({ length: CLASS_COUNT }, (_, k) => {
    if (!labels.includes(k)) return null
    const limit = k === NORMAL ? 1 : falsePositives
    return maximise((threshold) => worth(claims(answers, k, threshold), limit), LOWEST, HIGHEST, EVALUATIONS)
  })
  const thresholds = found.map((one) => one?.at ?? NEUTRAL_THRESHOLD)
  const neutral = Array<number>(CLASS_COUNT).fill(NEUTRAL_THRESHOLD)
  const isKept = decisionScore(thresholds, answers) > decisionScore(neutral, answers)
  const standing = isKept ? thresholds : neutral
  const claimed = standing.map((threshold, k) => (found[k] === null ? null : claims(answers, k, threshold)))
  return {
    thresholds: standing,
    f1: claimed.map((one) => one?.f1 ?? null),
    falsePositives: claimed.map((one) => one?.falsePositives ?? null),
    tried: found.reduce((sum, one) => sum + (one?.tried ?? 0), 0),
    isKept,
  }
}

/** Over the limit it is worth less than any that keeps to it, and less the further it is over. */
const worth = ({ f1, falsePositives }: { f1: number; falsePositives: number }, limit: number): number =>
  falsePositives <= limit ? f1 : limit - falsePositives

function claims({ probabilities, labels, weights }: HeldOutAnswers, k: number, threshold: number) {
  let right = 0
  let claimed = 0
  let support = 0
  let normal = 0
  let normalClaimed = 0
  for (let row = 0; row < labels.length; row++) {
    const weight = weights[row]!
    const isClaimed = probabilities[row * CLASS_COUNT + k]! >= threshold
    if (labels[row] === k) support += weight
    if (labels[row] === NORMAL) normal += weight
    if (!isClaimed) continue
    claimed += weight
    if (labels[row] === k) right += weight
    if (labels[row] === NORMAL) normalClaimed += weight
  }
  return {
    f1: support + claimed > 0 ? (2 * right) / (support + claimed) : 0,
    falsePositives: k === NORMAL || normal === 0 ? 0 : normalClaimed / normal,
  }
}
