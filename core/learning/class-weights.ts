import { CLASS_COUNT } from '../taxonomy.ts'

/**
 * Weight of each class, length 7, that makes all classes present count alike: (total / (classes × total of class))^power.
 * A class that is absent gets 0.
 * @param power 1 levels the classes fully, 0 leaves them as they are
 */
export function classWeights(labels: Uint8Array, weights: Float32Array, power: number): Float64Array {
  const totals = new Float64Array(CLASS_COUNT)
  for (let row = 0; row < labels.length; row++) totals[labels[row]!]! += weights[row]!
  const total = totals.reduce((sum, value) => sum + value, 0)
  const present = totals.reduce((count, value) => count + (value > 0 ? 1 : 0), 0)
  return totals.map((value) => (value > 0 ? (total / (present * value)) ** power : 0))
}

/** Sample weight × class weight for each row, scaled to a mean of 1. */
export function rowWeights(labels: Uint8Array, weights: Float32Array, power: number): Float64Array {
  const byClass = classWeights(labels, weights, power)
  const rows = new Float64Array(labels.length)
  let total = 0
  for (let row = 0; row < rows.length; row++) {
    rows[row] = weights[row]! * byClass[labels[row]!]!
    total += rows[row]!
  }
  const scale = rows.length / total
  for (let row = 0; row < rows.length; row++) rows[row]! *= scale
  return rows
}
