import { describe, expect, it } from 'vitest'
import { random } from '../../../core/learning/random.ts'
import { decisionScore, findThresholds } from '../../../core/learning/thresholds.ts'

/** Class 3 is rare and never gets over 0.45; class 0 takes the rest. */
function rareAndTimid(rows: number, seed: number) {
  const source = random(seed)
  const probabilities = new Float32Array(rows * 7)
  const labels = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const rare = source.unit() < 0.05
    labels[row] = rare ? 3 : 0
    const p = rare ? 0.25 + 0.2 * source.unit() : 0.22 * source.unit()
    probabilities[row * 7 + 3] = p
    probabilities[row * 7] = 1 - p
  }
  return { probabilities, labels, weights: new Float32Array(rows).fill(1) }
}

describe('thresholds', () => {
  it('finds a rare class that is never the most probable one, on rows it has not seen', () => {
    const { probabilities, labels, weights } = rareAndTimid(2000, 1)
    const found = findThresholds(probabilities, labels, weights)
    expect(found[3]).toBeGreaterThan(0.21)
    expect(found[3]).toBeLessThan(0.27)
    const fresh = rareAndTimid(2000, 2)
    const score = (thresholds: number[]) => decisionScore(thresholds, fresh.probabilities, fresh.labels, fresh.weights)
    expect(score(Array(7).fill(0.5))).toBeLessThan(0.5)
    expect(score(found)).toBeGreaterThan(0.98)
  })

  it('gives a class without rows 0.5', () => {
    const { probabilities, labels, weights } = rareAndTimid(200, 1)
    const found = findThresholds(probabilities, labels, weights)
    expect([1, 2, 4, 5, 6].map((k) => found[k])).toEqual([0.5, 0.5, 0.5, 0.5, 0.5])
    expect(findThresholds(new Float32Array(), new Uint8Array(), [])).toEqual(Array(7).fill(0.5))
  })

  it('takes the middle of the thresholds that do equally well', () => {
    const probabilities = Float32Array.of(0.9, 0.1, 0, 0, 0, 0, 0, 0.3, 0.7, 0, 0, 0, 0, 0)
    const [zero, one] = findThresholds(probabilities, Uint8Array.of(0, 1), [1, 1])
    expect(zero).toBeCloseTo(0.6, 9)
    expect(one).toBeCloseTo(0.4, 9)
  })

  it('never decides worse than the most probable class on the rows it was given', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const source = random(seed)
      const probabilities = Float32Array.from({ length: 60 * 7 }, () => source.unit())
      const labels = Uint8Array.from({ length: 60 }, () => source.below(7))
      const weights = new Float32Array(60).fill(1)
      const score = (thresholds: number[]) => decisionScore(thresholds, probabilities, labels, weights)
      const found = score(findThresholds(probabilities, labels, weights))
      expect(found).toBeGreaterThanOrEqual(score(Array(7).fill(0.5)))
    }
  })
})
