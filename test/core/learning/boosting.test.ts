import { describe, expect, it } from 'vitest'
import { applyBins, findBins } from '../../../core/learning/binning.ts'
import { BOOSTING_DEFAULTS, type BoostingOptions, startBoosting } from '../../../core/learning/boosting.ts'
import { BALANCED, rowWeights } from '../../../core/learning/class-weights.ts'
import type { Dataset } from '../../../core/learning/dataset.ts'
import { random } from '../../../core/learning/random.ts'
import { softmaxRows } from '../../../core/learning/softmax.ts'
import { leafCount, predictTrees, type TreeEnsemble } from '../../../core/learning/trees.ts'
import { emptyData, madeData, mostProbable } from './made-data.ts'
import { boostingRound, trainBoosting } from './trained-alone.ts'

const boost = (data: Dataset, options: Partial<BoostingOptions> = {}, seed = 1) =>
  trainBoosting(
    data,
    applyBins(data, findBins(data, data.weights)),
    data.labels,
    data.weights,
    { ...BOOSTING_DEFAULTS, ...options },
    seed,
  )

const shareRight = (ensemble: TreeEnsemble, test: Dataset) =>
  mostProbable(predictTrees(ensemble, test)).filter((label, row) => label === test.labels[row]).length / test.rows

function logLoss(ensemble: TreeEnsemble, data: Dataset) {
  const p = softmaxRows(Float64Array.from(predictTrees(ensemble, data)))
  return data.labels.reduce((sum, label, row) => sum - Math.log(p[row * 7 + label]!), 0) / data.rows
}

describe('boosting', () => {
  it('finds the one leaf value that a hand calculation gives', () => {
    // Two classes, four rows each, parted by x; p = 1/2 everywhere but for the five absent classes' small share.
    const data = emptyData(8, 1)
    data.features.set([0, 0, 0, 0, 1, 1, 1, 1])
    data.labels.set([0, 0, 0, 0, 1, 1, 1, 1])
    const ensemble = boost(data, {
      rounds: 1,
      rowShare: 1,
      columnShare: 1,
      l2: 1,
      minLeafHessian: 0.1,
      learningRate: 1,
      balance: { levelling: 0, normalShare: null },
    })
    expect(ensemble.trees).toHaveLength(2)
    const [zero] = ensemble.trees
    const p = 0.5 / (1 + 5e-4)
    const hessian = (4 * p * (1 - p) * 7) / 6
    expect([zero!.threshold[0], zero!.target]).toEqual([0.5, 0])
    expect(zero!.values[1]).toBeCloseTo((4 * (1 - p)) / (hessian + 1), 6)
    expect(zero!.values[2]).toBeCloseTo((-4 * p) / (hessian + 1), 6)
  })

  it('learns exclusive or with trees of two levels, and cannot with one', () => {
    const make = (seed: number) => {
      const data = emptyData(1500, 3)
      const source = random(seed)
      for (let row = 0; row < data.rows; row++) {
        for (let column = 0; column < 3; column++) data.features[row * 3 + column] = source.normal()
        data.labels[row] = data.features[row * 3]! > 0 !== data.features[row * 3 + 1]! > 0 ? 2 : 0
      }
      return data
    }
    const [data, test] = [make(1), make(2)]
    expect(shareRight(boost(data, { columnShare: 1 }), test)).toBeGreaterThan(0.95)
    expect(shareRight(boost(data, { columnShare: 1, maxDepth: 1 }), test)).toBeLessThan(0.65)
  })

  it('learns from a value being absent', () => {
    const data = emptyData(400, 2)
    const source = random(1)
    for (let row = 0; row < 400; row++) {
      data.labels[row] = row % 2
      data.features[row * 2] = source.normal()
      data.features[row * 2 + 1] = row % 2 === 1 ? Number.NaN : source.normal()
    }
    expect(shareRight(boost(data, { rounds: 5, columnShare: 1 }), data)).toBe(1)
  })

  it('lowers the loss on rows it has not seen, round after round', () => {
    const [data, test] = [madeData(1500, 1), madeData(1500, 2)]
    const losses = [1, 10, 30].map((rounds) => logLoss(boost(data, { rounds }), test))
    expect(losses[1]).toBeLessThan(losses[0]!)
    expect(losses[2]).toBeLessThan(losses[1]!)
  })

  it('keeps its limits on leaves and depth, and uses no more columns than a tree may', () => {
    const limits = { rounds: 3, maxLeaves: 6, maxDepth: 5, columnShare: 0.03 }
    for (const tree of boost(madeData(600, 1), limits).trees) {
      expect(leafCount(tree)).toBeLessThanOrEqual(6)
      expect(new Set(tree.feature.filter((column) => column >= 0)).size).toBeLessThanOrEqual(3)
    }
  })

  it('is the same to the last bit for the same seed, another for another', () => {
    const data = madeData(500, 1)
    expect(boost(data, { rounds: 3 })).toEqual(boost(data, { rounds: 3 }))
    expect(boost(data, { rounds: 3 }, 2)).not.toEqual(boost(data, { rounds: 3 }))
  })

  it('goes on after a stop as if it had not stopped', () => {
    const data = madeData(500, 1)
    const binned = applyBins(data, findBins(data, data.weights))
    const learnt = rowWeights(data.labels, data.weights, BALANCED)
    let state = startBoosting(data.labels, learnt)
    for (let round = 0; round < 4; round++) {
      boostingRound(state, data, binned, data.labels, learnt, BOOSTING_DEFAULTS, 1, round)
      state = structuredClone(state)
    }
    expect(state.ensemble).toEqual(boost(data, { rounds: 4 }))
  })
})
