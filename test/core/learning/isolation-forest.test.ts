import { describe, expect, it } from 'vitest'
import type { Dataset } from '../../../core/learning/dataset.ts'
import { anomalyScores, ISOLATION_DEFAULTS, searchLength } from '../../../core/learning/isolation-forest.ts'
import { random } from '../../../core/learning/random.ts'
import { predictTrees } from '../../../core/learning/trees.ts'
import { emptyData, madeData } from './made-data.ts'
import { trainIsolation } from './trained-alone.ts'

/** A cloud in 6 columns; column 5 is mostly absent. */
function cloud(rows: number, seed: number) {
  const data = emptyData(rows, 6)
  const source = random(seed)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < 5; column++) data.features[row * 6 + column] = source.normal()
    data.features[row * 6 + 5] = source.unit() < 0.05 ? source.normal() : Number.NaN
  }
  return data
}

const plain = (data: Dataset) => new Uint8Array(data.columns)
const scores = (data: Dataset, rows: Dataset, seed = 1) => {
  const forest = trainIsolation(data, data.weights, plain(data), ISOLATION_DEFAULTS, seed)
  return anomalyScores(forest, predictTrees(forest.paths, rows))
}
const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length

describe('isolation forest', () => {
  it('scores a far point higher than the cloud, which lies under a half', () => {
    const odd = cloud(200, 3)
    odd.features.forEach((value, i) => {
      odd.features[i] = value + 6
    })
    expect(mean(scores(cloud(2000, 1), cloud(200, 2)))).toBeLessThan(0.5)
    expect(Math.min(...scores(cloud(2000, 1), odd))).toBeGreaterThan(
      Math.max(...scores(cloud(2000, 1), cloud(200, 2))) - 0.02,
    )
    expect(mean(scores(cloud(2000, 1), odd))).toBeGreaterThan(0.6)
  })

  it('holds the presence of what is mostly absent for odd, and the absence of what is always there', () => {
    const [present, absent] = [cloud(300, 2), cloud(300, 2)]
    for (let row = 0; row < 300; row++) {
      present.features[row * 6 + 5] = 0
      absent.features[row * 6 + 5] = Number.NaN
    }
    expect(mean(scores(cloud(2000, 1), present))).toBeGreaterThan(mean(scores(cloud(2000, 1), absent)) + 0.02)
  })

  it('gives 0 to 1 for any row, also one of absent values alone', () => {
    const data = madeData(500, 1)
    data.features.fill(Number.NaN, 0, 100)
    for (const score of scores(data, data)) {
      expect(score).toBeGreaterThan(0)
      expect(score).toBeLessThan(1)
    }
  })

  it('knows the mean length of a search that Liu gives', () => {
    expect(searchLength(1)).toBe(0)
    expect(searchLength(2)).toBe(1)
    expect(searchLength(256)).toBeCloseTo(2 * (Math.log(255) + 0.5772156649) - (2 * 255) / 256, 2)
  })

  it('learns from rows with weight only, even from one', () => {
    const data = cloud(50, 1)
    data.weights.fill(0, 1)
    expect(scores(data, data).every((score) => score === 1)).toBe(true)
  })

  it('is the same to the last bit for the same seed, another for another', () => {
    const data = cloud(400, 1)
    expect(scores(data, data)).toEqual(scores(data, data))
    expect(scores(data, data, 2)).not.toEqual(scores(data, data))
  })
})
