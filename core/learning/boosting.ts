import { CLASS_COUNT } from '../taxonomy.ts'
import type { BinnedMatrix } from './binning.ts'
import { BALANCED, type ClassBalance } from './class-weights.ts'
import type { Matrix } from './dataset.ts'
import { type Derivatives, type HistogramPool, type NewtonOptions, newtonCriterion } from './newton.ts'
import { type Random, random, shuffle } from './random.ts'
import { softmaxRows } from './softmax.ts'
import { growTree, type TreeLimits } from './tree-growth.ts'
import { addTree, type Tree, type TreeEnsemble } from './trees.ts'

export interface BoostingOptions extends TreeLimits, NewtonOptions {
  /** Rounds of one tree for each class. */
  rounds: number
  /** Share of the rows that a round learns from, over 0 to 1. */
  rowShare: number
  /** Share of the columns that a tree may use, over 0 to 1. */
  columnShare: number
  balance: ClassBalance
}

/** Few columns a tree and heavy leaves: on left-out sources the log loss fell from 1.68 to 1.16 against 0.4, 2 and 2. */
export const BOOSTING_DEFAULTS: BoostingOptions = {
  rounds: 40,
  maxLeaves: 12,
  maxDepth: 4,
  learningRate: 0.2,
  l2: 10,
  minLeafHessian: 10,
  minGain: 0,
  rowShare: 0.8,
  columnShare: 0.15,
  balance: BALANCED,
}

/** Where a run stands; the next round needs nothing else. */
export interface BoostingState {
  /** Outputs are scores whose softmax is the probability (predictTrees, softmaxRows). */
  ensemble: TreeEnsemble
  /** Score of each training row, row-major [rows, 7]. */
  scores: Float64Array
}

/**
 * Gradient boosting of the multinomial log loss (Friedman 2001), second order, one tree a class and round.
 * Before the first round: every row scored with the logarithm of the class shares.
 */
export function startBoosting(labels: Uint8Array, learnt: Float64Array): BoostingState {
  const totals = new Float64Array(CLASS_COUNT)
  for (let row = 0; row < labels.length; row++) totals[labels[row]!]! += learnt[row]!
  const total = totals.reduce((sum, value) => sum + value, 0)
  // A class without rows is rare, not impossible.
  const base = Float32Array.from(totals, (value) => Math.log(Math.max(value / total, 1e-4)))
  const scores = Float64Array.from({ length: labels.length * CLASS_COUNT }, (_, i) => base[i % CLASS_COUNT]!)
  return { ensemble: { outputs: CLASS_COUNT, aggregate: 'sum', base, trees: [] }, scores }
}

/** Adds a round's trees to the ensemble and to the scores of the rows that are learnt from. */
export function addRound(state: BoostingState, matrix: Matrix, trees: readonly Tree[]): void {
  for (const tree of trees) {
    addTree(tree, matrix, state.scores, CLASS_COUNT)
    state.ensemble.trees.push(tree)
  }
}

/**
 * The trees of round number `round`. Draws depend on seed and round alone, so a run can be stopped between rounds.
 * @param learnt weight of each row (rowWeights)
 */
export function growRound(
  state: BoostingState,
  binned: BinnedMatrix,
  labels: Uint8Array,
  learnt: Float64Array,
  options: BoostingOptions,
  seed: number,
  round: number,
  pool: HistogramPool = [],
): Tree[] {
  const source = random(seed, 2, round)
  const probabilities = softmaxRows(Float64Array.from(state.scores))
  const drawn = Int32Array.from(labels.keys()).filter((row) => learnt[row]! > 0 && source.unit() < options.rowShare)
  const grown: Tree[] = []
  for (let k = 0; k < CLASS_COUNT; k++) {
    if (!labels.some((label, row) => label === k && learnt[row]! > 0)) continue
    const derivatives = derivativesOf(k, probabilities, labels, learnt)
    const columns = drawColumns(binned.columns, options.columnShare, source)
    const criterion = newtonCriterion(binned, columns, derivatives, options, pool)
    const tree = growTree(binned, drawn.slice(), criterion, options, k)
    if (tree.feature.length > 1) grown.push(tree)
  }
  return grown
}

function derivativesOf(k: number, probabilities: Float64Array, labels: Uint8Array, learnt: Float64Array): Derivatives {
  const gradient = new Float64Array(labels.length)
  const hessian = new Float64Array(labels.length)
  for (let row = 0; row < labels.length; row++) {
    const p = probabilities[row * CLASS_COUNT + k]!
    gradient[row] = learnt[row]! * (p - (labels[row] === k ? 1 : 0))
    // The softmax has one score too many; K/(K−1) makes up for stepping in each alone (Friedman 2001, algorithm 6).
    hessian[row] = (learnt[row]! * p * (1 - p) * CLASS_COUNT) / (CLASS_COUNT - 1)
  }
  return { gradient, hessian }
}

function drawColumns(columns: number, share: number, source: Random): Int32Array {
  const all = Int32Array.from({ length: columns }, (_, column) => column)
  shuffle(all, source)
  return all.slice(0, Math.max(1, Math.round(columns * share))).sort()
}
