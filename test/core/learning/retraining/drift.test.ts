import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { random } from '../../../../core/learning/random.ts'
import { driftReference, featureDrift, stabilityIndex } from '../../../../core/learning/retraining/drift.ts'

const rows = (count: number, seed: number, of: (normal: number) => number) => {
  const source = random(seed)
  return Float32Array.from({ length: count }, () => of(source.normal()))
}

describe('the population stability index', () => {
  it('is what a hand calculation gives', () => {
    expect(stabilityIndex([0.5, 0.5], [0.8, 0.2])).toBeCloseTo(0.3 * Math.log(1.6) - 0.3 * Math.log(0.4), 12)
    expect(stabilityIndex([0.3, 0.7], [0.3, 0.7])).toBe(0)
  })

  it('is never negative, and finite where a bin is empty', () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat(50), { minLength: 4, maxLength: 4 }),
        fc.array(fc.nat(50), { minLength: 4, maxLength: 4 }),
        (a, b) => {
          const shares = (counts: number[]) =>
            counts.map(
              (count) =>
                count /
                Math.max(
                  1,
                  counts.reduce((x, y) => x + y, 0),
                ),
            )
          const index = stabilityIndex(shares(a), shares(b))
          expect(index >= 0 && Number.isFinite(index)).toBe(true)
        },
      ),
    ))
})

describe('drift of a feature', () => {
  const reference = driftReference(
    rows(5_000, 1, (z) => z),
    1,
  )

  it('is small among rows of one population, and over a quarter once its mean has moved by its deviation', () => {
    expect(
      featureDrift(
        reference,
        rows(1_000, 2, (z) => z),
      )[0],
    ).toBeLessThan(0.05)
    expect(
      featureDrift(
        reference,
        rows(1_000, 2, (z) => z + 1),
      )[0],
    ).toBeGreaterThan(0.25)
  })

  it('sees values that are absent now and were not', () => {
    let n = 0
    expect(
      featureDrift(
        reference,
        rows(1_000, 3, (z) => (n++ % 2 ? z : Number.NaN)),
      )[0],
    ).toBeGreaterThan(0.25)
  })

  it('is told column by column, also of columns that never varied', () => {
    const two = Float32Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? 7 : i))
    const now = Float32Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? 7 : i + 4_000))
    const [steady, moved] = featureDrift(driftReference(two, 2), now)
    expect(steady).toBe(0)
    expect(moved!).toBeGreaterThan(1)
    expect(
      featureDrift(driftReference(Float32Array.of(Number.NaN, Number.NaN), 1), Float32Array.of(Number.NaN))[0],
    ).toBe(0)
  })
})
