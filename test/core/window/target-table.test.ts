import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  packContexts,
  packQuestions,
  unpackContexts,
  unpackQuestions,
  widest,
} from '../../../core/window/graph-wire.ts'
import { hash32 } from '../../../core/window/hash.ts'
import { PANE_MS, paneOf } from '../../../core/window/pane-times.ts'
import { TargetTable } from '../../../core/window/target-table.ts'

const START = 1_700_000_000_000
const target = hash32('192.0.2.1')
const source = (i: number) => hash32(`198.18.${i >> 8}.${i & 255}`)
const ask = (table: TargetTable, of: number, targets: number[], last = paneOf(START)) =>
  table.contexts([{ source: of, targets }], last)[0]!

describe('the target table', () => {
  it('shows a flood of 5,000 sources with two packets each in the context of every one of them', () => {
    const table = new TargetTable()
    for (let i = 0; i < 5_000; i++) for (let k = 0; k < 2; k++) table.add(START + (i % 9) * 1_000, source(i), target)
    for (const i of [0, 2_500, 4_999]) {
      const context = ask(table, source(i), [target])
      expect(Math.abs(context.targetFanIn / 5_000 - 1)).toBeLessThan(3 * 0.065)
      expect(context.targetLoad).toBeCloseTo(10_000 / 300, 6)
      expect(context.sharedTargets).toBe(1)
    }
  })

  it('counts sources exactly while a target has few, and a lone source as one', () => {
    const table = new TargetTable()
    for (let i = 0; i < 20; i++) table.add(START, source(i), target)
    table.add(START, source(1), hash32('192.0.2.9'))
    expect(ask(table, source(1), [target]).targetFanIn).toBe(20)
    expect(ask(table, source(1), [hash32('192.0.2.9')])).toMatchObject({ targetFanIn: 1, sharedTargets: 0 })
    expect(ask(table, source(1), []).targetFanIn).toBe(1)
  })

  it('tells whether a target reached the source as well', () => {
    const table = new TargetTable()
    const [a, b, c] = [hash32('10.0.0.1'), hash32('10.0.0.2'), hash32('10.0.0.3')]
    table.add(START, a, b)
    table.add(START, b, a)
    table.add(START, a, c)
    expect(ask(table, a, [b, c]).reciprocal).toBe(0.5)
    expect(ask(table, a, [b, c]).sensorTargets).toBe(3)
  })

  it('looks at the window that ends with the pane asked for and at nothing after or long before', () => {
    const table = new TargetTable()
    table.add(START, source(1), target)
    table.add(START + 40 * PANE_MS, source(2), target)
    expect(ask(table, source(2), [target], paneOf(START) + 40).targetFanIn).toBe(1)
    expect(ask(table, source(1), [target], paneOf(START)).targetLoad).toBeCloseTo(1 / 300, 9)
    table.prune(paneOf(START) + 40)
    expect(table.size).toBe(1)
    expect(ask(table, source(2), [target], paneOf(START) + 40).targetLoad).toBeCloseTo(1 / 300, 9)
  })

  it('answers the same whatever was asked before, though events come late', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ pane: fc.nat(45), of: fc.nat(50), asks: fc.boolean() }), { maxLength: 200 }),
        fc.nat(45),
        (steps, end) => {
          const asked = new TargetTable()
          const quiet = new TargetTable()
          for (const { pane, of, asks } of steps) {
            asked.add(START + pane * PANE_MS, source(of), target)
            quiet.add(START + pane * PANE_MS, source(of), target)
            if (asks) ask(asked, source(of), [target], paneOf(START) + pane)
          }
          const last = paneOf(START) + end
          expect(ask(asked, source(1), [target], last)).toEqual(ask(quiet, source(1), [target], last))
        },
      ),
    ))

  it('packs questions and answers for the way between objects without loss', () => {
    const questions = [
      { last: 170, question: { source: 3, targets: [1, 2, 4_294_967_295] } },
      { last: 171, question: { source: 4, targets: [] } },
    ]
    expect(unpackQuestions(packQuestions(questions))).toEqual(questions)
    const context = { targetFanIn: 5, targetLoad: 0.25, sharedTargets: 1, reciprocal: 0.5, sensorTargets: 9 }
    expect(unpackContexts(packContexts([context, context]))).toEqual([context, context])
    expect(widest(null, context)).toBe(context)
    expect(widest(context, { ...context, targetFanIn: 6 }).targetFanIn).toBe(6)
  })
})
