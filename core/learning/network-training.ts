import { CLASS_COUNT } from '../taxonomy.ts'
import { rowWeights } from './class-weights.ts'
import type { Matrix } from './dataset.ts'
import { findInputScale, type InputScale, type Layer, type Network, scaleInputs } from './network.ts'
import { type Random, random, shuffle } from './random.ts'
import { softmaxRows } from './softmax.ts'

export interface NetworkOptions {
  /** Sizes of the hidden layers. */
  hidden: number[]
  epochs: number
  batch: number
  /** Adam's step at the start; falls to 0 over the epochs along a half cosine. */
  learningRate: number
  /** Decoupled weight decay (Loshchilov and Hutter 2019), per unit of step. */
  weightDecay: number
  /** Share of present inputs that are treated as absent while learning, 0..1: what a sensor may lack. */
  inputDropout: number
  /** Share of hidden units left out while learning, 0 to under 1. */
  dropout: number
  /** Focusing parameter γ of the focal loss (Lin 2017); 0 is the log loss. */
  focus: number
  /** Bound of the inputs, in standard deviations. */
  clip: number
  /** 1 levels the classes fully, 0 not at all; see classWeights. */
  classWeightPower: number
}

export const NETWORK_DEFAULTS: NetworkOptions = {
  hidden: [64, 32],
  epochs: 40,
  batch: 128,
  learningRate: 2e-3,
  weightDecay: 1e-2,
  inputDropout: 0.1,
  dropout: 0.1,
  focus: 2,
  clip: 6,
  classWeightPower: 1,
}

/** Where a run stands; the next epoch needs nothing else but the data. */
export interface NetworkState {
  input: InputScale
  /** Units by layer, inputs first. */
  sizes: number[]
  /** Weights [inputs, outputs] then bias, layer after layer. */
  parameters: Float64Array
  /** Adam's running means of gradient and squared gradient. */
  first: Float64Array
  second: Float64Array
  steps: number
}

/** Multi-layer perceptron on the focal loss −α (1−p)^γ log p, α the row's weight, trained by Adam in mini-batches. */
export function trainNetwork(
  matrix: Matrix,
  labels: Uint8Array,
  weights: Float32Array,
  log1p: Uint8Array,
  options: NetworkOptions,
  seed: number,
  onEpoch?: (done: number, loss: number) => void,
): Network {
  const learnt = rowWeights(labels, weights, options.classWeightPower)
  const state = startNetwork(matrix, learnt, log1p, options, seed)
  const inputs = scaleInputs(state.input, matrix)
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const loss = networkEpoch(state, inputs, labels, learnt, options, seed, epoch)
    onEpoch?.(epoch + 1, loss)
  }
  return networkOf(state)
}

/** Random weights (He 2015) and the input scale. */
export function startNetwork(
  matrix: Matrix,
  learnt: Float64Array,
  log1p: Uint8Array,
  options: NetworkOptions,
  seed: number,
): NetworkState {
  const sizes = [matrix.columns, ...options.hidden, CLASS_COUNT]
  const source = random(seed, 3)
  const parameters: number[] = []
  for (let layer = 1; layer < sizes.length; layer++) {
    const [inputs, outputs] = [sizes[layer - 1]!, sizes[layer]!]
    for (let i = 0; i < inputs * outputs; i++) parameters.push(source.normal() * Math.sqrt(2 / inputs))
    for (let i = 0; i < outputs; i++) parameters.push(0)
  }
  return {
    input: findInputScale(matrix, learnt, log1p, options.clip),
    sizes,
    parameters: Float64Array.from(parameters),
    first: new Float64Array(parameters.length),
    second: new Float64Array(parameters.length),
    steps: 0,
  }
}

export function networkOf({ input, sizes, parameters }: NetworkState): Network {
  const layers: Layer[] = []
  let at = 0
  for (let layer = 1; layer < sizes.length; layer++) {
    const [inputs, outputs] = [sizes[layer - 1]!, sizes[layer]!]
    const weights = Float32Array.from(parameters.subarray(at, at + inputs * outputs))
    at += inputs * outputs
    layers.push({ inputs, outputs, weights, bias: Float32Array.from(parameters.subarray(at, at + outputs)) })
    at += outputs
  }
  return { input, layers }
}

/**
 * One pass over all rows. Draws depend on seed and epoch alone, so a run can be stopped between epochs.
 * @param inputs scaleInputs of the training rows
 * @param learnt weight of each row (rowWeights)
 * @returns mean loss of the pass, each row's taken before the step that it is part of
 */
export function networkEpoch(
  state: NetworkState,
  inputs: Float32Array,
  labels: Uint8Array,
  learnt: Float64Array,
  options: NetworkOptions,
  seed: number,
  epoch: number,
): number {
  const source = random(seed, 4, epoch)
  const order = Int32Array.from(labels.keys())
  shuffle(order, source)
  const step = 0.5 * options.learningRate * (1 + Math.cos((Math.PI * epoch) / options.epochs))
  const pass = new Pass(state, options, source)
  let loss = 0
  for (let start = 0; start < order.length; start += options.batch) {
    const rows = order.subarray(start, start + options.batch)
    pass.gradient.fill(0)
    for (const row of rows) {
      if (learnt[row]! > 0) loss += pass.add(inputs, row, labels[row]!, learnt[row]!)
    }
    adamStep(state, pass.gradient, rows.length, step, options.weightDecay)
  }
  return loss / order.length
}

/** Forward and backward through the network, one row at a time. */
class Pass {
  readonly gradient: Float64Array
  #sizes: number[]
  #parameters: Float64Array
  #starts: number[] = []
  #values: Float64Array[]
  #errors: Float64Array[]
  #options: NetworkOptions
  #source: Random

  constructor({ sizes, parameters }: NetworkState, options: NetworkOptions, source: Random) {
    this.gradient = new Float64Array(parameters.length)
    this.#sizes = sizes
    this.#parameters = parameters
    this.#values = sizes.map((size) => new Float64Array(size))
    this.#errors = sizes.map((size) => new Float64Array(size))
    this.#options = options
    this.#source = source
    let at = 0
    for (let layer = 1; layer < sizes.length; layer++) {
      this.#starts.push(at)
      at += (sizes[layer - 1]! + 1) * sizes[layer]!
    }
  }

  /** Adds the row's gradient to `gradient`; returns its loss. */
  add(inputs: Float32Array, row: number, label: number, weight: number): number {
    this.#read(inputs, row)
    for (let layer = 1; layer < this.#sizes.length; layer++) this.#forward(layer)
    const loss = this.#focalLoss(label, weight)
    for (let layer = this.#sizes.length - 1; layer > 0; layer--) this.#backward(layer)
    return loss
  }

  #read(inputs: Float32Array, row: number): void {
    const values = this.#values[0]!
    const dropped = this.#options.inputDropout * 0x1_0000_0000
    for (let i = 0; i < values.length; i++) {
      values[i] = dropped > 0 && this.#source.uint32() < dropped ? 0 : inputs[row * values.length + i]!
    }
  }

  #forward(layer: number): void {
    const from = this.#values[layer - 1]!
    const to = this.#values[layer]!
    const parameters = this.#parameters
    const outputs = to.length
    let at = this.#starts[layer - 1]!
    const bias = at + from.length * outputs
    for (let j = 0; j < outputs; j++) to[j] = parameters[bias + j]!
    for (let i = 0; i < from.length; i++, at += outputs) {
      const value = from[i]!
      if (value === 0) continue
      for (let j = 0; j < outputs; j++) to[j]! += value * parameters[at + j]!
    }
    if (layer === this.#sizes.length - 1) return
    const { dropout } = this.#options
    const dropped = dropout * 0x1_0000_0000
    for (let j = 0; j < outputs; j++) {
      // Kept units are scaled up, so that the whole network needs no correction when it predicts.
      to[j] = to[j]! <= 0 || (dropped > 0 && this.#source.uint32() < dropped) ? 0 : to[j]! / (1 - dropout)
    }
  }

  #focalLoss(label: number, weight: number): number {
    const p = softmaxRows(this.#values.at(-1)!)
    const errors = this.#errors.at(-1)!
    const { focus } = this.#options
    const right = Math.max(p[label]!, 1e-12)
    const wrong = 1 - right
    const log = Math.log(right)
    const slope = wrong > 0 ? focus * right * wrong ** (focus - 1) * log - wrong ** focus : 0
    for (let k = 0; k < CLASS_COUNT; k++) errors[k] = weight * slope * ((k === label ? 1 : 0) - p[k]!)
    return -weight * wrong ** focus * log
  }

  #backward(layer: number): void {
    const from = this.#values[layer - 1]!
    const error = this.#errors[layer]!
    const before = this.#errors[layer - 1]!
    const parameters = this.#parameters
    const gradient = this.gradient
    const outputs = error.length
    const scaleUp = 1 / (1 - this.#options.dropout)
    let at = this.#starts[layer - 1]!
    const bias = at + from.length * outputs
    for (let j = 0; j < outputs; j++) gradient[bias + j]! += error[j]!
    for (let i = 0; i < from.length; i++, at += outputs) {
      const value = from[i]!
      // A unit at 0 was cut off by ReLU or left out: nothing flows through it.
      if (value === 0) {
        before[i] = 0
        continue
      }
      for (let j = 0; j < outputs; j++) gradient[at + j]! += value * error[j]!
      if (layer === 1) continue
      let sum = 0
      for (let j = 0; j < outputs; j++) sum += parameters[at + j]! * error[j]!
      before[i] = sum * scaleUp
    }
  }
}

/** Adam (Kingma and Ba 2015) with decoupled weight decay. */
function adamStep(state: NetworkState, gradient: Float64Array, rows: number, step: number, decay: number): void {
  const { parameters, first, second } = state
  state.steps++
  const firstBias = 1 - 0.9 ** state.steps
  const secondBias = 1 - 0.999 ** state.steps
  for (let i = 0; i < parameters.length; i++) {
    const g = gradient[i]! / rows
    first[i] = 0.9 * first[i]! + 0.1 * g
    second[i] = 0.999 * second[i]! + 0.001 * g * g
    const move = first[i]! / firstBias / (Math.sqrt(second[i]! / secondBias) + 1e-8)
    parameters[i]! -= step * (move + decay * parameters[i]!)
  }
}
