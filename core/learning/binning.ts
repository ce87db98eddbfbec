import type { Matrix } from './dataset.ts'

/** The bin of an absent value. Present values lie in bins 0..254. */
export const MISSING_BIN = 255
const MOST_BINS = 255

/** How values become bins: one table of cuts a column. */
export interface Bins {
  /**
   * Ascending cuts by column, at most 254: bin b holds edges[b-1] < x ≤ edges[b]. Each cut is an exact float32 that lies at
   * or above the greatest training value under it and below the next, so that comparing raw float32 values with it
   * divides rows as comparing bins does.
   */
  edges: Float32Array[]
}

/** A matrix as bins, column by column: bins[column × rows + row]. */
export interface BinnedMatrix extends Bins {
  bins: Uint8Array
  rows: number
  columns: number
}

/**
 * Cuts of about equal weight (quantiles), per column; a column of few distinct values gets one bin for each.
 * @param weights by row; rows of weight 0 do not shape the cuts
 * @param mostBins 2..255 bins for present values
 */
export function findBins(matrix: Matrix, weights: Float32Array, mostBins = MOST_BINS): Bins {
  if (!(mostBins >= 2 && mostBins <= MOST_BINS)) throw new RangeError(`mostBins must be 2..255, not ${mostBins}`)
  const edges: Float32Array[] = []
  for (let column = 0; column < matrix.columns; column++) edges.push(columnEdges(matrix, weights, column, mostBins))
  return { edges }
}

export function applyBins(matrix: Matrix, { edges }: Bins): BinnedMatrix {
  const { features, rows, columns } = matrix
  const bins = new Uint8Array(rows * columns)
  for (let column = 0; column < columns; column++) {
    const cuts = edges[column]!
    for (let row = 0; row < rows; row++) {
      const value = features[row * columns + column]!
      bins[column * rows + row] = Number.isNaN(value) ? MISSING_BIN : firstAtOrAbove(cuts, value)
    }
  }
  return { bins, rows, columns, edges }
}

/** The raw threshold of "bin ≤ b": x ≤ threshold. The last bin's is Infinity, which every present value passes. */
export function thresholdOf({ edges }: Bins, column: number, bin: number): number {
  return edges[column]![bin] ?? Infinity
}

/** Index of the first value in `sorted` that is ≥ x, or its length. */
function firstAtOrAbove(sorted: Float32Array, x: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! >= x) high = middle
    else low = middle + 1
  }
  return low
}

function columnEdges(matrix: Matrix, weights: Float32Array, column: number, mostBins: number): Float32Array {
  const { features, rows, columns } = matrix
  const present = new Float32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row++) {
    const value = features[row * columns + column]!
    if (!Number.isNaN(value) && weights[row]! > 0) present[count++] = value
  }
  const distinct = distinctOf(present.subarray(0, count).sort())
  if (distinct.length <= mostBins) {
    return Float32Array.from({ length: Math.max(0, distinct.length - 1) }, (_, i) =>
      cut(distinct[i]!, distinct[i + 1]!),
    )
  }
  const weightOf = new Float64Array(distinct.length)
  let rest = 0
  for (let row = 0; row < rows; row++) {
    const value = features[row * columns + column]!
    if (Number.isNaN(value) || !(weights[row]! > 0)) continue
    weightOf[firstAtOrAbove(distinct, value)]! += weights[row]!
    rest += weights[row]!
  }
  const edges: number[] = []
  let held = 0
  for (let i = 0; i < distinct.length - 1 && edges.length < mostBins - 1; i++) {
    held += weightOf[i]!
    // Each bin takes its share of what is left, so that one heavy value does not starve the bins after it.
    if (held < rest / (mostBins - edges.length)) continue
    edges.push(cut(distinct[i]!, distinct[i + 1]!))
    rest -= held
    held = 0
  }
  return Float32Array.from(edges)
}

/** A float32 c with below ≤ c < above: their middle where it is one. */
function cut(below: number, above: number): number {
  const middle = Math.fround(below + (above - below) / 2)
  return middle >= below && middle < above ? middle : below
}

function distinctOf(sorted: Float32Array): Float32Array {
  let kept = 0
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[kept - 1]) sorted[kept++] = sorted[i]!
  }
  return sorted.subarray(0, kept)
}
