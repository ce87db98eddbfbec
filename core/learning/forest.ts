import { CLASS_COUNT } from '../taxonomy.ts'
import type { BinnedMatrix } from './binning.ts'
import { BALANCED, type ClassBalance, rowWeights } from './class-weights.ts'
import { giniCriterion } from './gini.ts'
import { type Random, random } from './random.ts'
import { growTree, type TreeLimits } from './tree-growth.ts'
import type { Tree, TreeEnsemble } from './trees.ts'

export interface ForestOptions extends TreeLimits {
  trees: number
  /** Least bootstrap draws in a leaf. */
  minLeafWeight: number
  /** Columns tried at a split; those that cannot divide the node's rows do not count. */
  columnsPerSplit: number
  balance: ClassBalance
}

export const FOREST_DEFAULTS: ForestOptions = {
  trees: 80,
  maxLeaves: 48,
  maxDepth: 14,
  minLeafWeight: 4,
  columnsPerSplit: 10,
  balance: BALANCED,
}

/** Random forest (Breiman 2001) of probability trees: each leaf holds its class distribution, the forest their mean. */
export function trainForest(
  binned: BinnedMatrix,
  labels: Uint8Array,
  weights: Float32Array,
  options: ForestOptions,
  seed: number,
  onTree?: (done: number) => void,
): TreeEnsemble {
  const drawWeights = rowWeights(labels, weights, options.balance)
  const trees: Tree[] = []
  for (let index = 0; index < options.trees; index++) {
    trees.push(growForestTree(binned, labels, drawWeights, options, seed, index))
    onTree?.(index + 1)
  }
  return forestOf(trees)
}

export const forestOf = (trees: Tree[]): TreeEnsemble => ({
  outputs: CLASS_COUNT,
  aggregate: 'average',
  base: new Float32Array(CLASS_COUNT),
  trees,
})

/**
 * Tree number `index` of a forest: depends on nothing but its arguments, so trees can be grown in any order and at any time.
 * @param drawWeights chance of each row to be drawn, any scale (rowWeights)
 */
export function growForestTree(
  binned: BinnedMatrix,
  labels: Uint8Array,
  drawWeights: Float64Array,
  options: ForestOptions,
  seed: number,
  index: number,
): Tree {
  const source = random(seed, 1, index)
  const draws = bootstrap(drawWeights, source)
  const order = Int32Array.from(draws.keys()).filter((row) => draws[row]! > 0)
  const criterion = giniCriterion(binned, labels, draws, options, source)
  return growTree(binned, order, criterion, options, 0)
}

/** As many draws as rows, with replacement, each row with a chance in proportion to its weight. */
function bootstrap(drawWeights: Float64Array, source: Random): Float64Array {
  const upTo = new Float64Array(drawWeights.length)
  let total = 0
  for (let row = 0; row < upTo.length; row++) {
    total += drawWeights[row]!
    upTo[row] = total
  }
  const draws = new Float64Array(upTo.length)
  for (let i = 0; i < draws.length; i++) {
    const point = source.unit() * total
    let low = 0
    let high = upTo.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (upTo[middle]! > point) high = middle
      else low = middle + 1
    }
    draws[low]!++
  }
  return draws
}
