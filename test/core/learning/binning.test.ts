import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyBins, findBins, MISSING_BIN, thresholdOf } from '../../../core/learning/binning.ts'

const column = (...values: number[]) => ({ features: Float32Array.from(values), rows: values.length, columns: 1 })
const ones = (count: number) => new Float32Array(count).fill(1)

describe('binning', () => {
  it('gives each value of a short list its own bin, cut in the middle', () => {
    const matrix = column(1, 3, 3, 10, Number.NaN)
    const bins = findBins(matrix, ones(5))
    expect([...bins.edges[0]!]).toEqual([2, 6.5])
    expect([...applyBins(matrix, bins).bins]).toEqual([0, 1, 1, 2, MISSING_BIN])
  })

  it('makes bins of about equal weight from many values', () => {
    const matrix = column(...Array.from({ length: 1000 }, (_, i) => i))
    const counts = new Uint32Array(10)
    for (const bin of applyBins(matrix, findBins(matrix, ones(1000), 10)).bins) counts[bin]!++
    expect([...counts]).toEqual(Array(10).fill(100))
  })

  it('lets weight, not rows, decide where the cuts lie', () => {
    const matrix = column(...Array.from({ length: 1000 }, (_, i) => i))
    const weights = Float32Array.from({ length: 1000 }, (_, i) => (i < 900 ? 0.001 : 1))
    const [cut] = findBins(matrix, weights, 2).edges[0]!
    expect(cut).toBeGreaterThan(940)
    expect(cut).toBeLessThan(960)
  })

  it('a heavy value takes one bin and leaves cuts for the rest', () => {
    const matrix = column(...Array<number>(5000).fill(0), ...Array.from({ length: 1000 }, (_, i) => i + 1))
    expect(findBins(matrix, ones(6000), 11).edges[0]).toHaveLength(10)
  })

  it('divides raw float32 values exactly as it divides bins, neighbours and infinities included', () => {
    const value = fc.oneof(
      fc.float({ noNaN: true }),
      fc.constantFrom(Number.NaN, 1, Math.fround(1 + 2 ** -23), Infinity, -Infinity, 0, -0, 3.4028234663852886e38),
    )
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 2, max: 255 }),
        (values, most) => {
          const matrix = column(...values)
          const binned = applyBins(matrix, findBins(matrix, ones(values.length), most))
          expect(binned.edges[0]!.length).toBeLessThan(most)
          for (let bin = 0; bin <= binned.edges[0]!.length; bin++) {
            const threshold = thresholdOf(binned, 0, bin)
            expect(Math.fround(threshold)).toBe(threshold)
            for (let row = 0; row < values.length; row++) {
              expect(matrix.features[row]! <= threshold).toBe(
                binned.bins[row] !== MISSING_BIN && binned.bins[row]! <= bin,
              )
            }
          }
        },
      ),
    )
  })

  it('refuses a number of bins that does not fit a byte beside the missing bin', () => {
    expect(() => findBins(column(1), ones(1), 256)).toThrow('2..255')
  })
})
