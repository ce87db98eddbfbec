import { quantile } from '../usual.ts'

/** Bins of a feature's present values, of equal share in the reference. */
const BINS = 10
/** A bin without rows counts as this share, so that one row does not make a feature infinitely far. */
const LEAST_SHARE = 1e-3
/** Fewer rows than this drift by chance. */
export const ROWS_THAT_TELL = 200

/** What a model's training data looked like, by feature: what is new is held against it. */
export interface DriftReference {
  /** By feature the inner edges of its bins, rising; fewer where values repeat. */
  edges: number[][]
  /** By feature the share of each bin, and at last of absent values; sums to 1. */
  shares: number[][]
}

/** @param rows row-major [rows, columns], absent is NaN */
export function driftReference(rows: Float32Array, columns: number): DriftReference {
  const edges = Array.from({ length: columns }, (_, column) => edgesOf(present(rows, columns, column)))
  return { edges, shares: edges.map((own, column) => sharesOf(rows, columns, column, own)) }
}

/** Population stability index of each feature: Σ (a − e) ln(a / e) over bins. Under 0.1 steady, over 0.25 another population (Siddiqi 2006). */
export function featureDrift({ edges, shares }: DriftReference, rows: Float32Array): number[] {
  const columns = edges.length
  return edges.map((own, column) => stabilityIndex(shares[column]!, sharesOf(rows, columns, column, own)))
}

/**
 * @param expected shares that sum to 1
 * @param actual as many
 */
export function stabilityIndex(expected: readonly number[], actual: readonly number[]): number {
  return expected.reduce((sum, share, i) => {
    const [e, a] = [Math.max(LEAST_SHARE, share), Math.max(LEAST_SHARE, actual[i]!)]
    return sum + (a - e) * Math.log(a / e)
  }, 0)
}

function present(rows: Float32Array, columns: number, column: number): Float32Array {
  const values: number[] = []
  for (let at = column; at < rows.length; at += columns) if (!Number.isNaN(rows[at]!)) values.push(rows[at]!)
  return Float32Array.from(values).sort()
}

function edgesOf(sorted: Float32Array): number[] {
  if (sorted.length === 0) return []
  const edges = Array.from({ length: BINS - 1 }, (_, i) => quantile(sorted, (i + 1) / BINS))
  return [...new Set(edges)]
}

function sharesOf(rows: Float32Array, columns: number, column: number, edges: readonly number[]): number[] {
  const counts = Array<number>(edges.length + 2).fill(0)
  let total = 0
  for (let at = column; at < rows.length; at += columns) {
    const value = rows[at]!
    total++
    if (Number.isNaN(value)) counts[edges.length + 1]!++
    else {
      let bin = 0
      while (bin < edges.length && value > edges[bin]!) bin++
      counts[bin]!++
    }
  }
  return counts.map((count) => (total === 0 ? 0 : count / total))
}
