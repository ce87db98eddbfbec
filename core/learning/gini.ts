import { CLASS_COUNT } from '../taxonomy.ts'
import { type BinnedMatrix, MISSING_BIN } from './binning.ts'
import type { Random } from './random.ts'
import type { Criterion, OpenLeaf, Split } from './tree-growth.ts'

const BINS = MISSING_BIN + 1

/**
 * Splits that lower the Gini impurity most; leaves hold the class distribution of their rows.
 * Absent values are tried on both sides of every cut, and against all present ones.
 * @param rowWeight weight of each row in this tree
 */
export function giniCriterion(
  binned: BinnedMatrix,
  labels: Uint8Array,
  rowWeight: Float64Array,
  options: { minLeafWeight: number; columnsPerSplit: number },
  source: Random,
): Criterion {
  const histogram = new Float64Array(BINS * CLASS_COUNT)
  const binWeight = new Float64Array(BINS)
  const columns = Int32Array.from({ length: binned.columns }, (_, column) => column)
  const minLeafWeight = Math.max(options.minLeafWeight, Number.MIN_VALUE)
  const left = new Float64Array(CLASS_COUNT)

  const open = (order: Int32Array, start: number, end: number, splittable: boolean): OpenLeaf => {
    const totals = new Float64Array(CLASS_COUNT)
    let cover = 0
    for (let i = start; i < end; i++) {
      const row = order[i]!
      totals[labels[row]!]! += rowWeight[row]!
      cover += rowWeight[row]!
    }
    const values = totals.map((total) => total / cover)
    const pure = values.some((share) => share === 1)
    const worthIt = splittable && !pure && cover >= 2 * minLeafWeight
    return { start, end, cover, values, split: worthIt ? bestSplit(order, start, end, totals, cover) : null }
  }

  const bestSplit = (order: Int32Array, start: number, end: number, totals: Float64Array, cover: number) => {
    let best: Split | null = null
    let tried = 0
    // Partial Fisher-Yates: the columns tried are a random draw without replacement.
    for (let i = 0; i < columns.length && tried < options.columnsPerSplit; i++) {
      const other = i + source.below(columns.length - i)
      const column = columns[other]!
      columns[other] = columns[i]!
      columns[i] = column
      const lastBin = fill(column, order, start, end)
      if (lastBin === null) continue
      tried++
      const split = scan(column, lastBin, totals, cover)
      if (split !== null && (best === null || split.gain > best.gain)) best = split
    }
    return best
  }

  /** Fills the histogram of a column; null where all rows share one bin, else the last bin of present values. */
  const fill = (column: number, order: Int32Array, start: number, end: number): number | null => {
    const lastBin = binned.edges[column]!.length
    histogram.fill(0, 0, (lastBin + 1) * CLASS_COUNT)
    histogram.fill(0, MISSING_BIN * CLASS_COUNT)
    binWeight.fill(0, 0, lastBin + 1)
    binWeight[MISSING_BIN] = 0
    const base = column * binned.rows
    const first = binned.bins[base + order[start]!]!
    let constant = true
    for (let i = start; i < end; i++) {
      const row = order[i]!
      const bin = binned.bins[base + row]!
      const weight = rowWeight[row]!
      if (bin !== first) constant = false
      histogram[bin * CLASS_COUNT + labels[row]!]! += weight
      binWeight[bin]! += weight
    }
    return constant ? null : lastBin
  }

  const scan = (column: number, lastBin: number, totals: Float64Array, cover: number): Split | null => {
    const missing = MISSING_BIN * CLASS_COUNT
    const missingWeight = binWeight[MISSING_BIN]!
    let whole = 0
    for (let k = 0; k < CLASS_COUNT; k++) whole += totals[k]! * totals[k]!
    whole /= cover
    let best: Split | null = null
    // Absent rows right, then left; without any, they follow the heavier side.
    for (let side = 0; side < (missingWeight > 0 ? 2 : 1); side++) {
      let leftWeight = side === 1 ? missingWeight : 0
      for (let k = 0; k < CLASS_COUNT; k++) left[k] = side === 1 ? histogram[missing + k]! : 0
      // All present against all absent is the last cut; it is only one with the absent on the right.
      const end = missingWeight > 0 && side === 0 ? lastBin : lastBin - 1
      for (let bin = 0; bin <= end; bin++) {
        if (binWeight[bin] === 0) continue
        leftWeight += binWeight[bin]!
        const rightWeight = cover - leftWeight
        let leftSquares = 0
        let rightSquares = 0
        for (let k = 0; k < CLASS_COUNT; k++) {
          left[k]! += histogram[bin * CLASS_COUNT + k]!
          const right = totals[k]! - left[k]!
          leftSquares += left[k]! * left[k]!
          rightSquares += right * right
        }
        if (leftWeight < minLeafWeight || rightWeight < minLeafWeight) continue
        const gain = leftSquares / leftWeight + rightSquares / rightWeight - whole
        if (gain > 1e-9 * cover && (best === null || gain > best.gain)) {
          const missingLeft = missingWeight > 0 ? side === 1 : leftWeight >= rightWeight
          best = { column, bin, missingLeft, gain }
        }
      }
    }
    return best
  }

  return {
    width: CLASS_COUNT,
    root: (order, splittable) => open(order, 0, order.length, splittable),
    children: (parent, order, middle, splittable) => [
      open(order, parent.start, middle, splittable),
      open(order, middle, parent.end, splittable),
    ],
  }
}
