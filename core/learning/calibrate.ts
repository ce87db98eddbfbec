import { CLASS_COUNT } from '../taxonomy.ts'
import { LEAST_PROBABILITY } from './ensemble.ts'

const LOWEST = 0.1
const HIGHEST = 10
const GOLDEN = (Math.sqrt(5) - 1) / 2

/**
 * The temperature of least log loss on held-out rows, 0.1..10 (Guo 2017): softmax(log p / T). Over 1 where the ensemble was
 * too sure, under 1 where it was not sure enough. 1 where there is nothing to learn from.
 * @param merged row-major [rows, 7], of models that did not see these rows
 * @param weights by row
 */
export function findTemperature(merged: Float32Array, labels: Uint8Array, weights: ArrayLike<number>): number {
  const logs = Float64Array.from(merged, (p) => Math.log(Math.max(p, LEAST_PROBABILITY)))
  const loss = (logT: number) => temperedLoss(logs, labels, weights, Math.exp(logT))
  if (!(loss(0) > 0)) return 1
  // The loss is convex in 1/T, so it has one valley in log T too: golden section finds it.
  let low = Math.log(LOWEST)
  let high = Math.log(HIGHEST)
  let left = high - GOLDEN * (high - low)
  let right = low + GOLDEN * (high - low)
  let [atLeft, atRight] = [loss(left), loss(right)]
  while (high - low > 1e-5) {
    if (atLeft <= atRight) {
      ;[high, right, atRight] = [right, left, atLeft]
      left = high - GOLDEN * (high - low)
      atLeft = loss(left)
    } else {
      ;[low, left, atLeft] = [left, right, atRight]
      right = low + GOLDEN * (high - low)
      atRight = loss(right)
    }
  }
  return Math.exp((low + high) / 2)
}

/** Weighted mean of −log p of the rows' own classes; p row-major [rows, 7]. 0 without weight. */
export function logLoss(probabilities: Float32Array, labels: Uint8Array, weights: ArrayLike<number>): number {
  const logs = Float64Array.from(probabilities, (p) => Math.log(Math.max(p, LEAST_PROBABILITY)))
  return temperedLoss(logs, labels, weights, 1)
}

function temperedLoss(logs: Float64Array, labels: Uint8Array, weights: ArrayLike<number>, temperature: number): number {
  let total = 0
  let weight = 0
  for (let row = 0; row < labels.length; row++) {
    if (!(weights[row]! > 0)) continue
    const at = row * CLASS_COUNT
    let most = -Infinity
    for (let k = 0; k < CLASS_COUNT; k++) most = Math.max(most, logs[at + k]!)
    let sum = 0
    for (let k = 0; k < CLASS_COUNT; k++) sum += Math.exp((logs[at + k]! - most) / temperature)
    total += weights[row]! * (Math.log(sum) - (logs[at + labels[row]!]! - most) / temperature)
    weight += weights[row]!
  }
  return weight > 0 ? total / weight : 0
}
