import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NumberPrinter, NumberReader } from '../../../core/window/printed-numbers.ts'

const printed = (write: (out: NumberPrinter) => void): string => {
  const printer = new NumberPrinter()
  write(printer)
  return printer.text()
}

describe('printed numbers', () => {
  it('are read back as they were, whole or not, of any size', () => {
    const any = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.nat(), fc.constantFrom(-0, 2 ** 52, 2 ** 52 + 1, 15, 16))
    fc.assert(
      fc.property(fc.array(any, { maxLength: 400 }), (values) => {
        const reader = new NumberReader(
          printed((out) => {
            for (const value of values) out.number(value)
          }),
        )
        for (const value of values) expect(reader.number()).toBe(value)
      }),
    )
  })

  it('stand in JSON as they are, without a single escape', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff_ffff)), (values) => {
        const text = printed((out) => {
          for (const value of values) out.hash(value)
        })
        expect(JSON.stringify(text)).toBe(`"${text}"`)
        const reader = new NumberReader(text)
        expect(values.map(() => reader.hash())).toEqual(values)
      }),
    )
  })

  it('take a character below 16, two below 512, six for a hash', () => {
    expect(printed((out) => out.number(15))).toHaveLength(1)
    expect(printed((out) => out.number(511))).toHaveLength(2)
    expect(printed((out) => out.hash(0xffff_ffff))).toHaveLength(6)
  })

  it('that are mostly zeros add to what is there', () => {
    const text = printed((out) => out.sparse([0, 2.5, 0, 0, 7]))
    const sum = [1, 1, 1, 1, 1]
    new NumberReader(text).addSparse(sum)
    expect(sum).toEqual([1, 3.5, 1, 1, 8])
  })
})
