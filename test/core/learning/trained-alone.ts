import type { BinnedMatrix } from '../../../core/learning/binning.ts'
import {
  addRound,
  type BoostingOptions,
  type BoostingState,
  growRound,
  startBoosting,
} from '../../../core/learning/boosting.ts'
import { rowWeights } from '../../../core/learning/class-weights.ts'
import type { Matrix } from '../../../core/learning/dataset.ts'
import {
  growIsolationTree,
  type IsolationForest,
  type IsolationOptions,
  isolationOf,
} from '../../../core/learning/isolation-forest.ts'
import { type Network, scaleInputs } from '../../../core/learning/network.ts'
import { type NetworkOptions, networkEpoch, networkOf, startNetwork } from '../../../core/learning/network-training.ts'
import type { HistogramPool } from '../../../core/learning/newton.ts'
import type { Tree, TreeEnsemble } from '../../../core/learning/trees.ts'

/** One member trained whole, from the units that a training is made of (core/learning/members-in-training.ts). */

export function trainBoosting(
  matrix: Matrix,
  binned: BinnedMatrix,
  labels: Uint8Array,
  weights: Float32Array,
  options: BoostingOptions,
  seed: number,
  onRound?: (done: number) => void,
): TreeEnsemble {
  const learnt = rowWeights(labels, weights, options.balance)
  const state = startBoosting(labels, learnt)
  const pool: HistogramPool = []
  for (let round = 0; round < options.rounds; round++) {
    boostingRound(state, matrix, binned, labels, learnt, options, seed, round, pool)
    onRound?.(round + 1)
  }
  return state.ensemble
}

export function boostingRound(
  state: BoostingState,
  matrix: Matrix,
  binned: BinnedMatrix,
  labels: Uint8Array,
  learnt: Float64Array,
  options: BoostingOptions,
  seed: number,
  round: number,
  pool: HistogramPool = [],
): void {
  addRound(state, matrix, growRound(state, binned, labels, learnt, options, seed, round, pool))
}

export function trainNetwork(
  matrix: Matrix,
  labels: Uint8Array,
  weights: Float32Array,
  log1p: Uint8Array,
  options: NetworkOptions,
  seed: number,
  onEpoch?: (done: number, loss: number) => void,
): Network {
  const learnt = rowWeights(labels, weights, options.balance)
  const state = startNetwork(matrix, learnt, log1p, options, seed)
  const inputs = scaleInputs(state.input, matrix)
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const loss = networkEpoch(state, inputs, labels, learnt, options, seed, epoch)
    onEpoch?.(epoch + 1, loss)
  }
  return networkOf(state)
}

export function trainIsolation(
  matrix: Matrix,
  weights: Float32Array,
  log1p: Uint8Array,
  options: IsolationOptions,
  seed: number,
  onTree?: (done: number) => void,
): IsolationForest {
  const trees: Tree[] = []
  for (let index = 0; index < options.trees; index++) {
    trees.push(growIsolationTree(matrix, weights, log1p, options, seed, index))
    onTree?.(index + 1)
  }
  return isolationOf(trees, Math.min(options.sample, weights.filter((weight) => weight > 0).length))
}
