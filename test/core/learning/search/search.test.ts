import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../../../core/learning/random.ts'
import { gaussianProcess } from '../../../../core/learning/search/gaussian-process.ts'
import { expectedImprovement, maximise } from '../../../../core/learning/search/maximise.ts'
import { searchThresholds } from '../../../../core/learning/search/search-thresholds.ts'
import { decisionScore } from '../../../../core/learning/thresholds.ts'

describe('a Gaussian process', () => {
  it('expects at a known point what was measured there, and is unsure far from all', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 20 }), { minLength: 2, maxLength: 8 }),
        fc.nat(),
        (at, seed) => {
          const source = random(seed)
          const points = at.map((i) => i / 40)
          const values = points.map(() => source.normal())
          const spread = Math.max(...values) - Math.min(...values)
          const expect_ = gaussianProcess(points, values)
          points.forEach((point, i) => {
            const { mean, deviation } = expect_(point)
            expect(Math.abs(mean - values[i]!)).toBeLessThan(0.25 * spread + 1e-6)
            expect(deviation).toBeLessThanOrEqual(expect_(1).deviation + 1e-9)
          })
        },
      ),
    ))

  it('says what a hand calculation gives for a single point', () => {
    const { mean, deviation } = gaussianProcess([0.5], [3])(0.5)
    expect(mean).toBe(3)
    expect(deviation).toBeLessThan(0.11)
  })
})

describe('expected improvement', () => {
  it('is the mean of what a normal gain has over zero', () => {
    for (const [mean, deviation] of [
      [0.2, 0.5],
      [-1, 0.7],
      [0, 1],
    ] as const) {
      const source = random(3)
      let sum = 0
      for (let i = 0; i < 200_000; i++) sum += Math.max(0, mean + deviation * source.normal())
      expect(expectedImprovement(mean, deviation)).toBeCloseTo(sum / 200_000, 2)
    }
    expect([expectedImprovement(0.3, 0), expectedImprovement(-0.3, 0)]).toEqual([0.3, 0])
  })
})

describe('Bayesian optimisation', () => {
  it('finds the top of a curve with two hills within 25 evaluations, as a fine grid does', () => {
    const source = random(7)
    for (let round = 0; round < 40; round++) {
      const [a, b, height] = [source.unit(), source.unit(), 0.3 + 0.6 * source.unit()]
      const curve = (x: number) => Math.exp(-(((x - a) / 0.12) ** 2)) + height * Math.exp(-(((x - b) / 0.15) ** 2))
      const top = Math.max(...Array.from({ length: 2_001 }, (_, i) => curve(i / 2_000)))
      const found = maximise(curve, 0, 1, 25)
      expect(found.value).toBeGreaterThan(top - 0.01)
      expect(found.tried).toBeLessThanOrEqual(25)
    }
  })

  it('stops early where nothing is to be gained, and names the lowest of equal points', () => {
    expect(maximise(() => 1, 0.04, 0.96, 25)).toMatchObject({ at: 0.04, value: 1 })
    expect(maximise(() => 1, 0, 1, 25).tried).toBeLessThan(25)
  })
})

describe('thresholds', () => {
  /** One attack class whose rows have p around 0.7 and Normal rows around `normalAt`. */
  const answers = (normalAt: number, rows = 600) => {
    const source = random(11)
    const labels = Uint8Array.from({ length: rows }, (_, row) => (row % 3 === 0 ? 2 : 0))
    const probabilities = new Float32Array(rows * 7)
    for (let row = 0; row < rows; row++) {
      const p = Math.min(0.99, Math.max(0.01, (labels[row] === 2 ? 0.7 : normalAt) + 0.12 * source.normal()))
      probabilities[row * 7 + 2] = p
      probabilities[row * 7] = 1 - p
    }
    return { probabilities, labels, weights: new Float32Array(rows).fill(1), groups: new Int32Array(rows) }
  }

  it('of an attack let no more Normal rows through than the limit, wherever they can', () => {
    for (const limit of [0.2, 0.05, 0.01]) {
      const { thresholds, falsePositives } = searchThresholds(answers(0.45), limit)
      expect(falsePositives[2]!).toBeLessThanOrEqual(limit)
      expect(thresholds[2]!).toBeGreaterThan(0.45)
    }
  })

  it('are kept only where they decide better than a half for each', () => {
    const hard = answers(0.45)
    const found = searchThresholds(hard, 0.1)
    expect(found.isKept).toBe(true)
    expect(decisionScore(found.thresholds, hard)).toBeGreaterThan(decisionScore(Array(7).fill(0.5), hard))
    const easy = answers(0.1)
    easy.probabilities.forEach((p, i) => {
      easy.probabilities[i] = p > 0.5 ? 1 : 0
    })
    expect(searchThresholds(easy, 0.1)).toMatchObject({ thresholds: Array(7).fill(0.5), isKept: false })
  })

  it('of a class without rows stay at a half, and have no F1', () => {
    const { thresholds, f1 } = searchThresholds(answers(0.45), 0.1)
    expect([thresholds[4], f1[4]]).toEqual([0.5, null])
  })
})
