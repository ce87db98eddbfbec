import { CLASS_COUNT } from '../taxonomy.ts'
import { BALANCED, type ClassBalance } from './class-weights.ts'
import type { Matrix } from './dataset.ts'
import { findInputScale, type InputScale, type Layer, type Network } from './network.ts'
import { NetworkPass } from './network-pass.ts'
import { random, shuffle } from './random.ts'

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
  balance: ClassBalance
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
  balance: BALANCED,
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

/**
 * Multi-layer perceptron on the focal loss −α (1−p)^γ log p, α the row's weight, trained by Adam in mini-batches. Before the
 * first epoch: random weights (He 2015) and the input scale.
 */
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
  const pass = new NetworkPass(state.sizes, state.parameters, options, source)
  let loss = 0
  for (let start = 0; start < order.length; start += options.batch) {
    const rows = order.subarray(start, start + options.batch)
    loss += pass.run(inputs, rows, labels, learnt)
    adamStep(state, pass.gradient, rows.length, step, options.weightDecay)
  }
  return loss / order.length
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
