import { FEATURE_COUNT } from '../../features/schema.ts'
import { CLASS_COUNT } from '../../taxonomy.ts'
import { type CaseScale, transformed } from './scale.ts'

/** 100 features and 7 probabilities. */
export const DIMENSIONS = FEATURE_COUNT + CLASS_COUNT
/** Floats a vector takes in a block: a multiple of twelve, the rest is 0. */
export const STRIDE = Math.ceil(DIMENSIONS / 12) * 12

/** Beyond any feature's range: it keeps sums finite. */
const MOST_DEVIATIONS = 1e12

export interface CaseVector {
  /** STRIDE floats of length 1. */
  unit: Float32Array<ArrayBuffer>
  /** Length before: how far the window is from a usual one. Cosine does not see it. */
  length: number
}

/**
 * The vector that cases are compared by: every feature in deviations from its usual value, squeezed by asinh (linear for
 * small ones, logarithmic for large ones, so that none drowns the others), then the seven calibrated probabilities. What
 * is absent counts 0, as the usual value does.
 * @param features raw, by column; null where absent
 * @param probabilities by class id
 */
export function caseVector(
  features: readonly (number | null)[],
  probabilities: readonly number[],
  { middle, width }: Pick<CaseScale, 'middle' | 'width'>,
): CaseVector {
  const values = new Float64Array(STRIDE)
  for (let column = 0; column < FEATURE_COUNT; column++) {
    const value = features[column] ?? null
    if (value === null || !Number.isFinite(value)) continue
    const deviations = (transformed(column, value) - middle[column]!) / width[column]!
    values[column] = Math.asinh(Math.max(-MOST_DEVIATIONS, Math.min(MOST_DEVIATIONS, deviations)))
  }
  for (let k = 0; k < CLASS_COUNT; k++) values[FEATURE_COUNT + k] = probabilities[k] ?? 0
  const length = Math.hypot(...values)
  const unit = new Float32Array(STRIDE)
  if (length > 0) for (let i = 0; i < DIMENSIONS; i++) unit[i] = values[i]! / length
  return { unit, length }
}
