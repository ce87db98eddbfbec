import { describe, expect, it } from 'vitest'
import { classWeights, rowWeights } from '../../../core/learning/class-weights.ts'

// Weights by class: Normal 6, class 1 3, class 4 1.
const labels = Uint8Array.of(0, 0, 0, 1, 4, 4)
const weights = Float32Array.of(2, 2, 2, 3, 0.5, 0.5)

const sharesOf = (levelling: number, normalShare: number | null) => {
  const rows = rowWeights(labels, weights, { levelling, normalShare })
  const shares = new Float64Array(7)
  labels.forEach((label, row) => {
    shares[label]! += rows[row]! / 6
  })
  return [...shares].map((share) => Number(share.toFixed(6)))
}

describe('class weights', () => {
  it('are inverse to frequency when levelled fully, and absent classes have none', () => {
    const factors = classWeights(labels, weights, { levelling: 1, normalShare: null })
    expect([...factors].map((factor) => Number(factor.toFixed(6)))).toEqual([0.555556, 1.111111, 0, 0, 3.333333, 0, 0])
    expect(sharesOf(1, null)).toEqual([0.333333, 0.333333, 0, 0, 0.333333, 0, 0])
  })

  it('leave the classes as they are when not levelled, with a mean weight of 1', () => {
    expect(sharesOf(0, null)).toEqual([0.6, 0.3, 0, 0, 0.1, 0, 0])
    const rows = rowWeights(labels, weights, { levelling: 0.5, normalShare: 0.3 })
    expect(rows.reduce((sum, weight) => sum + weight, 0) / 6).toBeCloseTo(1, 12)
  })

  it('give Normal the share that it should have and keep the attacks in proportion', () => {
    expect(sharesOf(1, 0.3)).toEqual([0.3, 0.35, 0, 0, 0.35, 0, 0])
    expect(sharesOf(0, 0.2)).toEqual([0.2, 0.6, 0, 0, 0.2, 0, 0])
  })

  it('give no share to what is not there', () => {
    const attacks = rowWeights(Uint8Array.of(1, 2), Float32Array.of(1, 1), { levelling: 1, normalShare: 0.3 })
    expect([...attacks]).toEqual([1, 1])
    expect([...rowWeights(Uint8Array.of(0, 0), Float32Array.of(1, 3), { levelling: 1, normalShare: 0.3 })]).toEqual([
      0.5, 1.5,
    ])
  })
})
