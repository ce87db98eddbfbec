import type { RouteName } from '../ensemble/prediction.ts'
import { CLASS_COUNT } from '../taxonomy.ts'

/** Figures of one class; null where the figure has no meaning (nothing to divide by). */
export interface ClassMetrics {
  /** Null where the class was never predicted. */
  precision: number | null
  /** Null where no row has the class. */
  recall: number | null
  /** Null where no row has the class; 0 where none was found. */
  f1: number | null
  /** Rows of the class. */
  support: number
}

/** counts[actual × 7 + predicted]. */
export function confusionMatrix(labels: ArrayLike<number>, predicted: ArrayLike<number>): Float64Array {
  const counts = new Float64Array(CLASS_COUNT * CLASS_COUNT)
  for (let row = 0; row < labels.length; row++) counts[labels[row]! * CLASS_COUNT + predicted[row]!]!++
  return counts
}

/** By class id, length 7. */
export function classMetrics(confusion: Float64Array): ClassMetrics[] {
  return Array.from({ length: CLASS_COUNT }, (_, k) => {
    let support = 0
    let claimed = 0
    for (let other = 0; other < CLASS_COUNT; other++) {
      support += confusion[k * CLASS_COUNT + other]!
      claimed += confusion[other * CLASS_COUNT + k]!
    }
    const right = confusion[k * CLASS_COUNT + k]!
    return {
      precision: claimed > 0 ? right / claimed : null,
      recall: support > 0 ? right / support : null,
      f1: support > 0 ? (2 * right) / (support + claimed) : null,
      support,
    }
  })
}

/**
 * Mean F1 of the classes that have support; null without any. A class nobody could find is not scored 0, and one that
 * was predicted without having support costs the recall of the classes that it was taken for.
 */
export function macroF1(perClass: ClassMetrics[]): number | null {
  const scores = perClass.flatMap(({ f1 }) => (f1 === null ? [] : [f1]))
  return scores.length > 0 ? scores.reduce((sum, f1) => sum + f1, 0) / scores.length : null
}

/** Share of rows predicted rightly; null of no rows. */
export function accuracy(confusion: Float64Array): number | null {
  let right = 0
  let all = 0
  for (let i = 0; i < confusion.length; i++) {
    all += confusion[i]!
    if (i % (CLASS_COUNT + 1) === 0) right += confusion[i]!
  }
  return all > 0 ? right / all : null
}

/** Share of attack rows (class 1..6) that were predicted to be an attack of any class; null without attack rows. */
export function attackRecall(confusion: Float64Array): number | null {
  let attacks = 0
  let found = 0
  for (let i = CLASS_COUNT; i < confusion.length; i++) {
    attacks += confusion[i]!
    if (i % CLASS_COUNT !== 0) found += confusion[i]!
  }
  return attacks > 0 ? found / attacks : null
}

/**
 * Expected calibration error (Naeini 2015, Guo 2017): rows in 15 equal bins (low, high] of confidence, mean distance of
 * the bin's accuracy from its mean confidence, weighted by rows. 0..1; null of no rows.
 * @param confidence 0..1 by row
 * @param right whether the row was predicted rightly
 */
export function expectedCalibrationError(confidence: ArrayLike<number>, right: ArrayLike<boolean>, bins = 15) {
  if (confidence.length === 0) return null
  const distance = new Float64Array(bins)
  for (let row = 0; row < confidence.length; row++) {
    const bin = Math.max(0, Math.ceil(confidence[row]! * bins) - 1)
    distance[bin]! += (right[row] ? 1 : 0) - confidence[row]!
  }
  return distance.reduce((sum, value) => sum + Math.abs(value), 0) / confidence.length
}

/** Share of rows that took a route, and how many of those were right; accuracy is null where none took it. */
export interface RouteMetrics {
  share: number
  accuracy: number | null
}

/** Null of no rows. */
export function routeMetrics(routes: readonly RouteName[], right: ArrayLike<boolean>) {
  if (routes.length === 0) return null
  const figures = (route: RouteName): RouteMetrics => {
    let taken = 0
    let good = 0
    routes.forEach((name, row) => {
      if (name !== route) return
      taken++
      if (right[row]) good++
    })
    return { share: taken / routes.length, accuracy: taken > 0 ? good / taken : null }
  }
  return { trust: figures('TRUST'), verify: figures('VERIFY'), investigate: figures('INVESTIGATE') }
}
