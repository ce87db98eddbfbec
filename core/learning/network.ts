import { CLASS_COUNT } from '../taxonomy.ts'
import type { Matrix } from './dataset.ts'
import { softmaxRows } from './softmax.ts'

/** How raw features become the network's inputs; arrays by column. */
export interface InputScale {
  /** 1 where sign(x) × log(1 + |x|) is taken first. */
  log1p: Uint8Array
  mean: Float32Array
  /** 1 / standard deviation; 0 for a column that does not vary. */
  scale: Float32Array
  /** Inputs are held within ± this many standard deviations. */
  clip: number
}

/** A fully connected layer: weights row-major [inputs, outputs]. */
export interface Layer {
  inputs: number
  outputs: number
  weights: Float32Array
  bias: Float32Array
}

/** Input scale, layers with ReLU between them; the last layer's outputs are scores whose softmax is the probability. */
export interface Network {
  input: InputScale
  layers: Layer[]
}

/**
 * Learns mean and deviation of each column from its present values.
 * @param log1p by column, 1 where heavy tails want a logarithm
 * @param weights by row
 */
export function findInputScale(
  matrix: Matrix,
  weights: ArrayLike<number>,
  log1p: Uint8Array,
  clip: number,
): InputScale {
  const { features, rows, columns } = matrix
  const mean = new Float32Array(columns)
  const scale = new Float32Array(columns)
  for (let column = 0; column < columns; column++) {
    let weight = 0
    let first = 0
    for (let row = 0; row < rows; row++) {
      const value = transformed(features[row * columns + column]!, log1p[column] === 1)
      if (!Number.isFinite(value)) continue
      weight += weights[row]!
      first += weights[row]! * value
    }
    if (weight === 0) continue
    mean[column] = first / weight
    let second = 0
    for (let row = 0; row < rows; row++) {
      const value = transformed(features[row * columns + column]!, log1p[column] === 1)
      if (Number.isFinite(value)) second += weights[row]! * (value - mean[column]!) ** 2
    }
    const deviation = Math.sqrt(second / weight)
    if (deviation > 1e-6 * (1 + Math.abs(mean[column]!))) scale[column] = 1 / deviation
  }
  return { log1p, mean, scale, clip }
}

/** The network's inputs, row-major [rows, columns]: absent is 0, which is the mean. Rounded step by step as float32 is. */
export function scaleInputs({ log1p, mean, scale, clip }: InputScale, matrix: Matrix): Float32Array {
  const { features, rows, columns } = matrix
  const inputs = new Float32Array(rows * columns)
  for (let i = 0; i < inputs.length; i++) {
    const column = i % columns
    if (Number.isNaN(features[i]!) || scale[column] === 0) continue
    const value = transformed(features[i]!, log1p[column] === 1)
    const z = Math.fround(Math.fround(value - mean[column]!) * scale[column]!)
    inputs[i] = Math.min(clip, Math.max(-clip, z))
  }
  return inputs
}

function transformed(x: number, log1p: boolean): number {
  if (!log1p) return x
  const size = Math.fround(Math.log(Math.fround(1 + Math.abs(x))))
  return x < 0 ? -size : size
}

/** Probabilities, row-major [rows, 7]. */
export function predictNetwork(network: Network, matrix: Matrix): Float32Array {
  const inputs = scaleInputs(network.input, matrix)
  const probabilities = new Float32Array(matrix.rows * CLASS_COUNT)
  for (let row = 0; row < matrix.rows; row++) {
    let values: Float64Array = Float64Array.from(inputs.subarray(row * matrix.columns, (row + 1) * matrix.columns))
    network.layers.forEach((layer, index) => {
      values = through(layer, values)
      if (index < network.layers.length - 1) values = values.map((value) => Math.max(0, value))
    })
    probabilities.set(softmaxRows(values), row * CLASS_COUNT)
  }
  return probabilities
}

function through({ inputs, outputs, weights, bias }: Layer, values: Float64Array): Float64Array {
  const sums = Float64Array.from(bias)
  for (let i = 0; i < inputs; i++) {
    const value = values[i]!
    if (value === 0) continue
    const at = i * outputs
    for (let j = 0; j < outputs; j++) sums[j]! += value * weights[at + j]!
  }
  return sums
}
