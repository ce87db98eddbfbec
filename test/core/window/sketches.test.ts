import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ContactSketch } from '../../../core/window/contact-sketch.ts'
import { DISTINCT_EXACT, DistinctSketch } from '../../../core/window/distinct-sketch.ts'
import { FREQUENCY_EXACT, FrequencySketch } from '../../../core/window/frequency-sketch.ts'
import { hash32, mix32 } from '../../../core/window/hash.ts'
import { NumberPrinter, NumberReader } from '../../../core/window/printed-numbers.ts'

const keys = fc.array(fc.nat(400), { maxLength: 600 })
const split = fc.integer({ min: 0, max: 600 })

/** What a sketch tells must not hang on order, repetition or grouping. */
function distinctOf(values: readonly number[]) {
  const sketch = new DistinctSketch()
  for (const value of values) sketch.add(mix32(value))
  return sketch
}
function frequencyOf(values: readonly number[]) {
  const sketch = new FrequencySketch()
  for (const value of values) sketch.add(value)
  return sketch
}
const told = (sketch: FrequencySketch) => [sketch.total, sketch.distinct(), sketch.entropy(), sketch.top()]
/** Sums of logarithms in another order differ in their last digits. */
const rounded = (sketch: FrequencySketch) => told(sketch).map((figure) => Math.round(figure * 1e9) / 1e9)

describe('the distinct sketch', () => {
  it('is exact up to 32 keys', () => {
    fc.assert(
      fc.property(keys, (values) => {
        const truth = new Set(values).size
        if (truth <= DISTINCT_EXACT) expect(distinctOf(values).count()).toBe(truth)
      }),
    )
  })

  it('merged from parts tells what the whole tells, in any order', () => {
    fc.assert(
      fc.property(keys, split, (values, at) => {
        const whole = distinctOf(values).count()
        const merged = distinctOf(values.slice(at))
        merged.merge(distinctOf(values.slice(0, at)))
        expect(merged.count()).toBe(whole)
        expect(distinctOf([...values].reverse()).count()).toBe(whole)
      }),
    )
  })

  it('stays within three standard errors (6.5 %) for up to 100,000 keys', () => {
    for (const count of [100, 1_000, 10_000, 100_000]) {
      const sketch = new DistinctSketch()
      for (let i = 0; i < count; i++) sketch.add(hash32(`key ${i}`))
      expect(Math.abs(sketch.count() / count - 1), `${count}`).toBeLessThan(3 * 0.065)
    }
  })
})

describe('the frequency sketch', () => {
  it('is exact up to 64 keys', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(FREQUENCY_EXACT - 1), { minLength: 1, maxLength: 500 }), (values) => {
        const counts = new Map<number, number>()
        for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
        const entropy = -[...counts.values()].reduce(
          (sum, n) => sum + (n / values.length) * Math.log2(n / values.length),
          0,
        )
        const sketch = frequencyOf(values)
        expect(sketch.distinct()).toBe(counts.size)
        expect(sketch.top()).toBe(Math.max(...counts.values()))
        expect(sketch.entropy()).toBeCloseTo(entropy, 9)
      }),
    )
  })

  it('merged from parts tells what the whole tells, in any order, also once folded', () => {
    fc.assert(
      fc.property(keys, split, (values, at) => {
        const merged = frequencyOf(values.slice(at))
        merged.merge(frequencyOf(values.slice(0, at)))
        expect(rounded(merged)).toEqual(rounded(frequencyOf(values)))
        expect(rounded(frequencyOf([...values].reverse()))).toEqual(rounded(frequencyOf(values)))
      }),
    )
  })

  it('goes on from its printed form', () => {
    fc.assert(
      fc.property(keys, (values) => {
        const sketch = frequencyOf(values)
        const printer = new NumberPrinter()
        sketch.print(printer)
        const read = new FrequencySketch()
        read.mergePrinted(new NumberReader(printer.text()))
        expect(told(read)).toEqual(told(sketch))
      }),
    )
  })
})

describe('the contact sketch', () => {
  const contacts = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 60 })), { maxLength: 300 })
  const sketchOf = (pairs: readonly (readonly [number, number])[]) => {
    const sketch = new ContactSketch()
    for (const [host, port] of pairs) sketch.add(host, port, 0)
    return sketch
  }

  it('counts ports of a host and hosts of a port exactly up to 64 contacts', () => {
    const scan = Array.from({ length: 50 }, (_, i) => [7, i + 1] as const)
    expect(sketchOf(scan).maxPortsPerHost()).toBe(50)
    expect(sketchOf(scan).maxHostsPerPort()).toBe(1)
    expect(sketchOf(scan.map(([host, port]) => [port, host] as const)).maxHostsPerPort()).toBe(50)
  })

  it('merged from parts tells what the whole tells', () => {
    fc.assert(
      fc.property(contacts, split, (pairs, at) => {
        const whole = sketchOf(pairs)
        const merged = sketchOf(pairs.slice(at))
        merged.merge(sketchOf(pairs.slice(0, at)))
        expect(merged.maxPortsPerHost()).toBe(whole.maxPortsPerHost())
        expect(merged.maxHostsPerPort()).toBe(whole.maxHostsPerPort())
      }),
    )
  })
})
