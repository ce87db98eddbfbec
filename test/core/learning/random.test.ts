import { describe, expect, it } from 'vitest'
import { random, shuffle } from '../../../core/learning/random.ts'

const take = (count: number, next: () => number) => Array.from({ length: count }, next)

describe('random', () => {
  it('gives the same numbers for the same seed and stream, others for others', () => {
    expect(take(5, random(7, 1, 2).uint32)).toEqual(take(5, random(7, 1, 2).uint32))
    expect(take(5, random(7, 1, 2).uint32)).not.toEqual(take(5, random(7, 2, 1).uint32))
    expect(take(5, random(7).uint32)).not.toEqual(take(5, random(8).uint32))
  })

  it('is the generator that shipped models were made with', () => {
    expect(take(4, random(1).uint32)).toMatchInlineSnapshot(`
      [
        2432303627,
        3534724422,
        150451098,
        3484963892,
      ]
    `)
  })

  it('spreads over the unit interval and over whole numbers evenly', () => {
    const source = random(3)
    const units = take(20_000, source.unit)
    expect(Math.min(...units)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...units)).toBeLessThan(1)
    expect(units.reduce((sum, x) => sum + x, 0) / units.length).toBeCloseTo(0.5, 1)
    const faces = new Uint32Array(6)
    for (let i = 0; i < 60_000; i++) faces[source.below(6)]!++
    for (const count of faces) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('draws normal numbers of mean 0 and variance 1', () => {
    const draws = take(50_000, random(5).normal)
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length
    expect(Math.abs(mean)).toBeLessThan(0.02)
    expect(Math.abs(variance - 1)).toBeLessThan(0.03)
  })

  it('shuffles every item to every place alike', () => {
    const places = new Uint32Array(9)
    const source = random(11)
    for (let i = 0; i < 9_000; i++) {
      const items = Int32Array.of(0, 1, 2)
      shuffle(items, source)
      for (let place = 0; place < 3; place++) places[items[place]! * 3 + place]!++
    }
    for (const count of places) expect(Math.abs(count - 3_000)).toBeLessThan(250)
  })
})
