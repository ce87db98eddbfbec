import { type BinnedMatrix, MISSING_BIN } from './binning.ts'
import type { Criterion, OpenLeaf, Split } from './tree-growth.ts'

export interface NewtonOptions {
  /** Shrinkage: share of the best step that a leaf takes, 0..1. */
  learningRate: number
  /** L2 penalty on leaf values, in units of hessian. */
  l2: number
  /** Least hessian (rows that are still undecided) in a leaf; over 0. */
  minLeafHessian: number
  /** Least gain of a split. */
  minGain: number
}

/** First and second derivative of the loss by row. */
export interface Derivatives {
  gradient: Float64Array
  hessian: Float64Array
}

interface NewtonLeaf extends OpenLeaf {
  gradient: number
  /** Sums by slot: gradient, hessian, gradient, … */
  histogram: Float64Array | null
}

/** Room for the histograms of a tree's leaves, reused from tree to tree. */
export type HistogramPool = Float64Array[]

/**
 * Splits that lower a second-order approximation of the loss most (Chen and Guestrin 2016, eq. 7); a leaf holds one value.
 * Only the smaller child of a split is counted: the other's histogram is what remains of the parent's.
 * @param columns the columns that this tree may use
 */
export function newtonCriterion(
  binned: BinnedMatrix,
  columns: Int32Array,
  { gradient, hessian }: Derivatives,
  options: NewtonOptions,
  pool: HistogramPool,
): Criterion<NewtonLeaf> {
  const { l2, minLeafHessian } = options
  // Column j's slots: one a bin of present values, then one for absent ones.
  const present = Int32Array.from(columns, (column) => binned.edges[column]!.length + 1)
  const offsets = new Int32Array(columns.length + 1)
  for (let j = 0; j < columns.length; j++) offsets[j + 1] = offsets[j]! + present[j]! + 1
  const slots = offsets[columns.length]!
  const rowGradient = new Float64Array(gradient.length)
  const rowHessian = new Float64Array(gradient.length)
  let used = 0

  const count = (order: Int32Array, start: number, end: number): Float64Array => {
    let histogram = pool[used]
    if (histogram === undefined || histogram.length < 2 * slots) histogram = new Float64Array(2 * slots)
    else histogram.fill(0, 0, 2 * slots)
    pool[used++] = histogram
    for (let i = start; i < end; i++) {
      rowGradient[i] = gradient[order[i]!]!
      rowHessian[i] = hessian[order[i]!]!
    }
    for (let j = 0; j < columns.length; j++) {
      const base = columns[j]! * binned.rows
      const offset = offsets[j]!
      const absent = present[j]!
      for (let i = start; i < end; i++) {
        const bin = binned.bins[base + order[i]!]!
        const slot = 2 * (offset + (bin === MISSING_BIN ? absent : bin))
        histogram[slot]! += rowGradient[i]!
        histogram[slot + 1]! += rowHessian[i]!
      }
    }
    return histogram
  }

  const open = (order: Int32Array, start: number, end: number): NewtonLeaf => {
    let g = 0
    let h = 0
    for (let i = start; i < end; i++) {
      g += gradient[order[i]!]!
      h += hessian[order[i]!]!
    }
    const value = (-options.learningRate * g) / (h + l2)
    return { start, end, cover: h, values: [value], split: null, gradient: g, histogram: null }
  }

  const judge = (leaf: NewtonLeaf, histogram: Float64Array): void => {
    leaf.histogram = histogram
    if (leaf.cover < 2 * minLeafHessian) return
    for (let j = 0; j < columns.length; j++) {
      const split = scan(j, histogram, leaf.gradient, leaf.cover)
      if (split !== null && (leaf.split === null || split.gain > leaf.split.gain)) leaf.split = split
    }
  }

  const scan = (j: number, histogram: Float64Array, g: number, h: number): Split | null => {
    const offset = 2 * offsets[j]!
    const bins = present[j]!
    const missingG = histogram[offset + 2 * bins]!
    const missingH = histogram[offset + 2 * bins + 1]!
    // What subtraction leaves of an empty slot is not quite 0.
    const anyMissing = missingH > 1e-9
    const whole = (g * g) / (h + l2)
    let best: Split | null = null
    for (let side = 0; side < (anyMissing ? 2 : 1); side++) {
      let leftG = side === 1 ? missingG : 0
      let leftH = side === 1 ? missingH : 0
      const end = anyMissing && side === 0 ? bins : bins - 1
      for (let bin = 0; bin < end; bin++) {
        leftG += histogram[offset + 2 * bin]!
        leftH += histogram[offset + 2 * bin + 1]!
        const rightH = h - leftH
        if (leftH < minLeafHessian) continue
        if (rightH < minLeafHessian) break
        const rightG = g - leftG
        const gain = (leftG * leftG) / (leftH + l2) + (rightG * rightG) / (rightH + l2) - whole
        if (gain > options.minGain && (best === null || gain > best.gain)) {
          best = { column: columns[j]!, bin, missingLeft: anyMissing ? side === 1 : leftH >= rightH, gain }
        }
      }
    }
    return best
  }

  return {
    width: 1,
    root(order, splittable) {
      used = 0
      const leaf = open(order, 0, order.length)
      if (splittable) judge(leaf, count(order, 0, order.length))
      return leaf
    },
    children(parent, order, middle, splittable) {
      const left = open(order, parent.start, middle)
      const right = open(order, middle, parent.end)
      if (!splittable) return [left, right]
      const [small, large] = middle - parent.start <= parent.end - middle ? [left, right] : [right, left]
      const counted = count(order, small.start, small.end)
      const rest = parent.histogram!
      for (let slot = 0; slot < 2 * slots; slot++) rest[slot]! -= counted[slot]!
      judge(small, counted)
      judge(large, rest)
      return [left, right]
    },
  }
}
