import { describe, expect, it } from 'vitest'
import { BALANCED, rowWeights } from '../../../core/learning/class-weights.ts'
import type { Dataset } from '../../../core/learning/dataset.ts'
import { findInputScale, predictNetwork, scaleInputs } from '../../../core/learning/network.ts'
import {
  NETWORK_DEFAULTS,
  type NetworkOptions,
  networkEpoch,
  networkOf,
  startNetwork,
} from '../../../core/learning/network-training.ts'
import { random } from '../../../core/learning/random.ts'
import { emptyData, madeData, mostProbable } from './made-data.ts'
import { trainNetwork } from './trained-alone.ts'

const plain = (columns: number) => new Uint8Array(columns)
const train = (data: Dataset, options: Partial<NetworkOptions> = {}, seed = 1, log1p = plain(data.columns)) =>
  trainNetwork(data, data.labels, data.weights, log1p, { ...NETWORK_DEFAULTS, ...options }, seed)

const shareRight = (predicted: Uint8Array, labels: Uint8Array) =>
  predicted.filter((label, row) => label === labels[row]).length / labels.length

describe('input scale', () => {
  it('takes the logarithm where told, keeps the sign, standardises and bounds; absent is 0', () => {
    const matrix = { features: Float32Array.of(1, -3, 3, 3, Number.NaN, 0), rows: 3, columns: 2 }
    const scale = findInputScale(matrix, [1, 1, 1], Uint8Array.of(0, 1), 1)
    expect([...scale.mean].map((x) => x.toFixed(4))).toEqual(['2.0000', '0.0000'])
    expect([...scale.scale].map((x) => x.toFixed(4))).toEqual([
      '1.0000',
      (1 / (Math.log(4) * Math.sqrt(2 / 3))).toFixed(4),
    ])
    expect([...scaleInputs(scale, matrix)]).toEqual([-1, -1, 1, 1, 0, 0])
  })

  it('gives 0 for a column that never varies or is never there, and a bounded number for infinities', () => {
    const features = Float32Array.of(5, Number.NaN, 1, 5, Number.NaN, 2, 6, 7, Infinity)
    const matrix = { features, rows: 3, columns: 3 }
    const scale = findInputScale({ features: features.subarray(0, 6), rows: 2, columns: 3 }, [1, 1], plain(3), 6)
    expect([...scaleInputs(scale, matrix).subarray(6)]).toEqual([0, 0, 6])
  })
})

describe('network', () => {
  it('learns exclusive or', () => {
    const make = (rows: number, seed: number) => {
      const data = emptyData(rows, 3)
      const source = random(seed)
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < 3; column++) data.features[row * 3 + column] = source.normal()
        data.labels[row] = data.features[row * 3]! > 0 !== data.features[row * 3 + 1]! > 0 ? 5 : 1
      }
      return data
    }
    const test = make(500, 2)
    const network = train(make(2000, 1), { inputDropout: 0, dropout: 0 })
    expect(shareRight(mostProbable(predictNetwork(network, test)), test.labels)).toBeGreaterThan(0.93)
  })

  it('has the gradient that small steps show, focal loss and class weights included', () => {
    const data = madeData(6, 1, 5)
    const options = { ...NETWORK_DEFAULTS, hidden: [4], batch: 6, dropout: 0, inputDropout: 0, learningRate: 0 }
    const learnt = rowWeights(data.labels, data.weights, BALANCED)
    const state = startNetwork(data, learnt, plain(5), options, 1)
    const inputs = scaleInputs(state.input, data)
    const lossOf = (parameters: Float64Array) => {
      const copy = structuredClone({ ...state, parameters })
      return networkEpoch(copy, inputs, data.labels, learnt, options, 1, 0)
    }
    // One step from rest leaves a tenth of the gradient in Adam's first mean.
    const after = structuredClone(state)
    networkEpoch(after, inputs, data.labels, learnt, options, 1, 0)
    for (let i = 0; i < state.parameters.length; i += 3) {
      const moved = (by: number) => state.parameters.with(i, state.parameters[i]! + by)
      const slope = (lossOf(moved(1e-6)) - lossOf(moved(-1e-6))) / 2e-6
      expect(after.first[i]! * 10).toBeCloseTo(slope, 5)
    }
  })

  it('learns the made-up classes and does not mind tails when it takes logarithms', () => {
    const [data, test] = [madeData(2500, 1), madeData(1000, 2)]
    const log1p = Uint8Array.from({ length: 100 }, (_, column) => (column % 3 === 0 ? 1 : 0))
    const right = shareRight(mostProbable(predictNetwork(train(data, { epochs: 15 }, 1, log1p), test)), test.labels)
    expect(right).toBeGreaterThan(0.85)
  })

  it('is the same to the last bit for the same seed, another for another', () => {
    const data = madeData(300, 1)
    expect(train(data, { epochs: 2 })).toEqual(train(data, { epochs: 2 }))
    expect(train(data, { epochs: 2 }, 2)).not.toEqual(train(data, { epochs: 2 }))
  })

  it('goes on after a stop as if it had not stopped', () => {
    const data = madeData(300, 1)
    const options = { ...NETWORK_DEFAULTS, epochs: 3 }
    const learnt = rowWeights(data.labels, data.weights, BALANCED)
    let state = startNetwork(data, learnt, plain(100), options, 1)
    const inputs = scaleInputs(state.input, data)
    for (let epoch = 0; epoch < 3; epoch++) {
      networkEpoch(state, inputs, data.labels, learnt, options, 1, epoch)
      state = structuredClone(state)
    }
    expect(networkOf(state)).toEqual(train(data, { epochs: 3 }))
  })
})
