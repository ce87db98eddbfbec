import { CLASS_COUNT } from '../taxonomy.ts'
import type { Matrix } from './dataset.ts'
import { anomalyScores, type IsolationForest } from './isolation-forest.ts'
import { type Network, predictNetwork } from './network.ts'
import { softmaxRows } from './softmax.ts'
import { predictTrees, type TreeEnsemble } from './trees.ts'

/** Shares that add up to 1. */
export interface MemberWeights {
  forest: number
  boosting: number
  network: number
}

export const MEMBER_WEIGHTS: MemberWeights = { forest: 0.7, boosting: 0.2, network: 0.1 }

/** The members, trained. */
export interface Members {
  columns: number
  forest: TreeEnsemble
  boosting: TreeEnsemble
  network: Network
  isolation: IsolationForest
}

/** Everything that the graph holds. */
export interface EnsembleModel extends Members {
  memberWeights: MemberWeights
  /** Over 0; 1 changes nothing. */
  temperature: number
}

/** Row-major [rows, 7] each. */
export interface MemberProbabilities {
  forest: Float32Array
  boosting: Float32Array
  network: Float32Array
}

export interface EnsembleOutput extends MemberProbabilities {
  /** Calibrated, row-major [rows, 7]. */
  probabilities: Float32Array
  /** By row. */
  anomaly: Float32Array
}

/** Least merged probability: keeps the logarithm finite. */
export const LEAST_PROBABILITY = 1e-7

/** What the graph computes, in plain JavaScript and with the graph's arithmetic. */
export function predictRows(model: EnsembleModel, matrix: Matrix): EnsembleOutput {
  const members = predictMembers(model, matrix)
  const probabilities = temper(mergeMembers(members, model.memberWeights), model.temperature)
  const anomaly = anomalyScores(model.isolation, predictTrees(model.isolation.paths, matrix))
  return { ...members, probabilities, anomaly }
}

export function predictMembers({ forest, boosting, network }: Members, matrix: Matrix): MemberProbabilities {
  return {
    forest: predictTrees(forest, matrix),
    boosting: softmaxRows(predictTrees(boosting, matrix)),
    network: predictNetwork(network, matrix),
  }
}

/** Weighted mean of the members' probabilities, row-major [rows, 7], not yet calibrated. */
export function mergeMembers(members: MemberProbabilities, weights: MemberWeights): Float32Array {
  const { forest, boosting, network } = members
  return Float32Array.from(
    forest,
    (p, i) => weights.forest * p + weights.boosting * boosting[i]! + weights.network * network[i]!,
  )
}

/** softmax(log p / T) of each row: T over 1 levels, under 1 sharpens, 1 keeps (Guo 2017). Returns a new array. */
export function temper(merged: Float32Array, temperature: number): Float32Array {
  const scores = Float64Array.from(merged, (p) => Math.log(Math.max(p, LEAST_PROBABILITY)) / temperature)
  return Float32Array.from(softmaxRows(scores))
}

/** The seven probabilities of one row. */
export const rowOf = (probabilities: Float32Array, row: number): Float32Array =>
  probabilities.subarray(row * CLASS_COUNT, (row + 1) * CLASS_COUNT)
