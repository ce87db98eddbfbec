import { beforeAll, describe, expect, it } from 'vitest'
import { type Explainer, explainer } from '../../../core/ensemble/explain.ts'
import { applyBins, findBins } from '../../../core/learning/binning.ts'
import { FOREST_DEFAULTS, forestOf, trainForest } from '../../../core/learning/forest.ts'
import { random } from '../../../core/learning/random.ts'
import { predictTrees, type Tree, type TreeEnsemble } from '../../../core/learning/trees.ts'
import { emptyData, madeData } from '../learning/made-data.ts'

const test = madeData(300, 2)
let forest: TreeEnsemble
let explain: Explainer

beforeAll(() => {
  const data = madeData(1000, 1)
  const binned = applyBins(data, findBins(data, data.weights))
  forest = trainForest(binned, data.labels, data.weights, { ...FOREST_DEFAULTS, trees: 30 }, 1)
  explain = explainer(forest, 100)
})

describe('explainer', () => {
  it('adds up: base and contributions are the forest probability, for every class', () => {
    const p = predictTrees(forest, test)
    for (let row = 0; row < 300; row++) {
      for (let k = 0; k < 7; k++) {
        const { base, contributions } = explain(test.features, row * 100, k)
        const sum = contributions.reduce((total, value) => total + value, base)
        expect(Math.abs(sum - p[row * 7 + k]!)).toBeLessThan(1e-6)
      }
    }
  })

  it('gives features that no tree asks nothing', () => {
    const asked = new Set(forest.trees.flatMap(({ feature }) => [...feature]))
    const { contributions } = explain(test.features, 0, 0)
    contributions.forEach((value, column) => {
      if (!asked.has(column)) expect(value).toBe(0)
    })
  })

  it('is what a hand calculation gives for one tree', () => {
    // Root (8 rows): x0 ≤ 1 → leaf A (2 rows, class 3 for sure); else x1 ≤ 5, absent left → B (3 rows, 1/3), C (3 rows, 0).
    const tree: Tree = {
      feature: Int16Array.of(0, -1, 1, -1, -1),
      threshold: Float32Array.of(1, 0, 5, 0, 0),
      missingLeft: Uint8Array.of(0, 0, 1, 0, 0),
      left: Int32Array.of(1, -1, 3, -1, -1),
      right: Int32Array.of(2, -1, 4, -1, -1),
      cover: Float32Array.of(8, 2, 6, 3, 3),
      values: new Float32Array(5 * 7),
      width: 7,
      target: 0,
    }
    tree.values.set([1], 1 * 7 + 3)
    tree.values.set([0.5, 0.5], 3 * 7 + 3)
    tree.values.set([1], 4 * 7)
    const { base, contributions } = explainer(forestOf([tree]), 2)(Float32Array.of(2, Number.NaN), 0, 3)
    // Means for class 3: root (2 × 1 + 3 × 0.5) / 8, right child 1.5 / 6, B 0.5.
    expect(base).toBeCloseTo(3.5 / 8, 12)
    expect(contributions[0]).toBeCloseTo(1.5 / 6 - 3.5 / 8, 12)
    expect(contributions[1]).toBeCloseTo(0.5 - 1.5 / 6, 12)
  })

  it('names the feature that carries a class', () => {
    const data = emptyData(600, 5)
    const source = random(1)
    for (let row = 0; row < 600; row++) {
      data.labels[row] = row % 2 === 0 ? 4 : 0
      for (let column = 0; column < 5; column++) data.features[row * 5 + column] = source.normal()
      data.features[row * 5 + 2] = row % 2 === 0 ? 3 + source.unit() : source.unit()
    }
    const grown = trainForest(
      applyBins(data, findBins(data, data.weights)),
      data.labels,
      data.weights,
      FOREST_DEFAULTS,
      1,
    )
    const { contributions } = explainer(grown, 5)(data.features, 0, 4)
    expect(contributions.indexOf(Math.max(...contributions))).toBe(2)
    expect(contributions[2]).toBeGreaterThan(0.3)
  })
})
