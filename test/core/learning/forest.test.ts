import { describe, expect, it } from 'vitest'
import { applyBins, findBins } from '../../../core/learning/binning.ts'
import type { Dataset } from '../../../core/learning/dataset.ts'
import { FOREST_DEFAULTS, type ForestOptions, trainForest } from '../../../core/learning/forest.ts'
import { random } from '../../../core/learning/random.ts'
import { leafCount, predictTrees } from '../../../core/learning/trees.ts'
import { emptyData, madeData, mostProbable } from './made-data.ts'

const forest = (data: Dataset, options: Partial<ForestOptions> = {}, seed = 1) =>
  trainForest(
    applyBins(data, findBins(data, data.weights)),
    data.labels,
    data.weights,
    { ...FOREST_DEFAULTS, trees: 20, ...options },
    seed,
  )

const shareRight = (predicted: Uint8Array, labels: Uint8Array) =>
  predicted.reduce((sum, label, row) => sum + (label === labels[row] ? 1 : 0), 0) / labels.length

function xor(rows: number, seed: number) {
  const data = emptyData(rows, 4)
  const source = random(seed)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < 4; column++) data.features[row * 4 + column] = source.normal()
    const [a, b] = data.features.subarray(row * 4)
    data.labels[row] = a! > 0 !== b! > 0 ? 3 : 0
  }
  return data
}

describe('forest', () => {
  it('learns what no single column tells (exclusive or)', () => {
    const test = xor(1000, 2)
    expect(shareRight(mostProbable(predictTrees(forest(xor(2000, 1)), test)), test.labels)).toBeGreaterThan(0.93)
  })

  it('learns from a value being absent', () => {
    const make = (seed: number) => {
      const data = emptyData(600, 3)
      const source = random(seed)
      for (let row = 0; row < 600; row++) {
        data.labels[row] = row % 2 === 0 ? 5 : 0
        for (let column = 0; column < 3; column++) data.features[row * 3 + column] = source.normal()
        if (row % 2 === 0) data.features[row * 3 + 1] = Number.NaN
      }
      return data
    }
    const test = make(2)
    expect(shareRight(mostProbable(predictTrees(forest(make(1)), test)), test.labels)).toBeGreaterThan(0.99)
  })

  it('sends absent values to the side where their class is', () => {
    const data = emptyData(300, 1)
    for (let row = 0; row < 300; row++) {
      data.features[row] = row < 100 ? 1 : row < 200 ? 9 : Number.NaN
      data.labels[row] = row < 100 ? 0 : 4
    }
    const [tree] = forest(data, { trees: 1 }).trees
    expect(leafCount(tree!)).toBe(2)
    expect([tree!.threshold[0], tree!.missingLeft[0]]).toEqual([5, 0])
  })

  it('gives each row seven shares that add up to 1', () => {
    const data = madeData(500, 1)
    const p = predictTrees(forest(data), data)
    for (let row = 0; row < 500; row++) {
      const seven = p.subarray(row * 7, row * 7 + 7)
      expect(seven.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6)
      expect(Math.min(...seven)).toBeGreaterThanOrEqual(0)
    }
  })

  it('keeps its limits on leaves, depth and leaf weight', () => {
    const limits = { maxLeaves: 9, maxDepth: 3, minLeafWeight: 25 }
    for (const tree of forest(madeData(1500, 1), limits).trees) {
      expect(leafCount(tree)).toBeLessThanOrEqual(8)
      tree.feature.forEach((feature, node) => {
        if (feature < 0) expect(tree.cover[node]).toBeGreaterThanOrEqual(25)
      })
    }
  })

  it('finds a rare class when classes are levelled, and misses it when they are not', () => {
    const make = (seed: number) => {
      const data = emptyData(2000, 2)
      const source = random(seed)
      for (let row = 0; row < 2000; row++) {
        const rare = row % 50 === 0
        data.labels[row] = rare ? 6 : 0
        for (let column = 0; column < 2; column++) data.features[row * 2 + column] = source.normal() + (rare ? 1.5 : 0)
      }
      return data
    }
    const test = make(2)
    const found = (levelling: number) => {
      const few = { balance: { levelling, normalShare: null }, minLeafWeight: 20 }
      const predicted = mostProbable(predictTrees(forest(make(1), few), test))
      return predicted.filter((label, row) => label === 6 && test.labels[row] === 6).length / 40
    }
    expect(found(1)).toBeGreaterThan(0.7)
    expect(found(0)).toBeLessThan(0.4)
  })

  it('does not see rows of weight 0', () => {
    const data = emptyData(400, 1)
    for (let row = 0; row < 400; row++) {
      data.features[row] = row % 2
      data.labels[row] = row < 200 ? row % 2 : 1 - (row % 2)
      data.weights[row] = row < 200 ? 1 : 0
    }
    expect([...mostProbable(predictTrees(forest(data), data)).subarray(0, 200)]).toEqual([
      ...data.labels.subarray(0, 200),
    ])
  })

  it('is the same to the last bit for the same seed, and another for another', () => {
    const data = madeData(800, 1)
    expect(forest(data, { trees: 5 })).toEqual(forest(data, { trees: 5 }))
    expect(forest(data, { trees: 5 }, 2)).not.toEqual(forest(data, { trees: 5 }))
  })
})
