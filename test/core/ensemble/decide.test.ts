import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decide } from '../../../core/ensemble/decide.ts'
import type { ModelOutput } from '../../../core/ensemble/prediction.ts'

const output = (probabilities: number[], anomaly = 0.4): ModelOutput => {
  const seven = Float32Array.from(probabilities)
  return { probabilities: seven, forest: seven, boosting: seven, network: seven, anomaly }
}
const halves = { thresholds: Array<number>(7).fill(0.5), anomaly_threshold: 0.7 }
const withThresholds = (...thresholds: number[]) => ({ thresholds, anomaly_threshold: 0.7 })

describe('decide', () => {
  it('takes the admissible class with the largest probability over threshold, not the most probable', () => {
    const made = decide(output([0.6, 0, 0, 0.3, 0, 0.1, 0]), withThresholds(0.5, 0.5, 0.5, 0.2, 0.5, 0.5, 0.5))
    expect(made).toMatchObject({ threatClass: 3, uncertain: false, route: 'INVESTIGATE' })
    expect(made.confidence).toBeCloseTo(0.3, 6)
  })

  it('takes the most probable class and says so where none reaches its threshold', () => {
    expect(decide(output([0.3, 0.1, 0.45, 0.15, 0, 0, 0]), halves)).toMatchObject({ threatClass: 2, uncertain: true })
  })

  it('counts a probability equal to its threshold as reached', () => {
    expect(decide(output([0.5, 0.25, 0.25, 0, 0, 0, 0]), halves)).toMatchObject({ threatClass: 0, uncertain: false })
    const one = withThresholds(0.75, 0.25, 0.5, 0.5, 0.5, 0.5, 0.5)
    expect(decide(output([0.5, 0.25, 0.25, 0, 0, 0, 0]), one)).toMatchObject({ threatClass: 1, uncertain: false })
  })

  it('gives a tie to the lower class id', () => {
    expect(decide(output([0, 0.5, 0.5, 0, 0, 0, 0]), halves).threatClass).toBe(1)
    expect(decide(output([0, 0, 0.25, 0.25, 0.25, 0.25, 0]), halves)).toMatchObject({ threatClass: 2, uncertain: true })
  })

  it.each([
    [0.90625, 'TRUST'],
    [0.9, 'VERIFY'],
    [0.75, 'VERIFY'],
    [0.5, 'VERIFY'],
    [0.4999999, 'INVESTIGATE'],
  ])('routes confidence %d to %s', (confidence, route) => {
    const made = decide(output([0, confidence, 1 - confidence, 0, 0, 0, 0]), withThresholds(0.5, 0.1, 0.9, 1, 1, 1, 1))
    expect(made).toMatchObject({ threatClass: 1, route })
  })

  it('routes by the very next float32 over and under the bounds', () => {
    const overNine = Math.fround(0.9) + 2 ** -24
    const route = (p: number) => decide(output([p, 0, 0, 0, 0, 0, 0]), withThresholds(0.1, 1, 1, 1, 1, 1, 1)).route
    expect([route(Math.fround(0.9)), route(overNine)]).toEqual(['VERIFY', 'TRUST'])
    expect([route(0.5 - 2 ** -25), route(0.5)]).toEqual(['INVESTIGATE', 'VERIFY'])
  })

  it('sends a confident Normal to INVESTIGATE when the window is odder than the limit, and only then', () => {
    const normal = [1, 0, 0, 0, 0, 0, 0]
    const limit = { ...halves, anomaly_threshold: 0.75 }
    expect(decide(output(normal, 0.76), limit)).toMatchObject({ threatClass: 0, route: 'INVESTIGATE', confidence: 1 })
    expect(decide(output(normal, 0.75), limit).route).toBe('TRUST')
    expect(decide(output([0, 1, 0, 0, 0, 0, 0], 0.99), limit).route).toBe('TRUST')
  })

  it('always names a class with the confidence that the output gives it', () => {
    const seven = fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 })
    const thresholds = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 })
    fc.assert(
      fc.property(seven, thresholds, (p, limits) => {
        const { threatClass, confidence, uncertain } = decide(output(p), withThresholds(...limits))
        expect(confidence).toBe(Math.fround(p[threatClass]!))
        expect(uncertain).toBe(p.every((value, k) => Math.fround(value) < limits[k]!))
      }),
    )
  })
})
