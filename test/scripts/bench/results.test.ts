import { describe, expect, it } from 'vitest'
import { asMarkdown, type BenchResult, merged, printed, withResults } from '../../../bench/harness/results.ts'

const result = (value: number, over: Partial<BenchResult> = {}): BenchResult => ({
  title: 'a subject',
  at: '2026-11-24T10:00:00.000Z',
  seconds: 4,
  quick: false,
  machine: '2 × a processor',
  commit: 'abc1234',
  rows: [
    { name: 'a rate', value, unit: 'events/s', target: { least: 8_000 }, reference: { name: 'a loop', value: 20_000 } },
  ],
  notes: ['what was done'],
  ...over,
})

const BENCHES = [{ name: 'a', title: 'a subject', explains: 'what is\ndone' }]

describe('results', () => {
  it('keep the others when one bench ran, in order of name', () => {
    const all = merged(merged({}, 'b', result(1)), 'a', result(2))
    expect(Object.keys(all)).toEqual(['a', 'b'])
    expect(merged(all, 'b', result(3)).b!.rows[0]!.value).toBe(3)
    expect(merged(all, 'b', result(3)).a).toBe(all.a)
  })

  it('keep a full result when a quick run comes after it, and not the other way round', () => {
    const quick = result(9, { quick: true })
    expect(merged({ a: result(1) }, 'a', quick).a!.quick).toBe(false)
    expect(merged({ a: quick }, 'a', quick).a).toBe(quick)
    expect(merged({ a: quick }, 'a', result(1)).a!.quick).toBe(false)
  })

  it('say whether a figure reached its mark, and its ratio to the reference', () => {
    expect(printed('t', result(9_000))).toMatch(
      /a rate +9,000 events\/s +at least 8,000 +yes +20,000 \(a loop\) +0\.45/,
    )
    expect(printed('t', result(7_999))).toMatch(/NO/)
    expect(asMarkdown(BENCHES, { a: result(9_000, { quick: true }) })).toContain('no figure to quote')
    expect(asMarkdown(BENCHES, {})).toContain('Not measured yet')
    expect(asMarkdown(BENCHES, { a: result(9_000) })).toContain(
      '| a rate | 9,000 events/s | at least 8,000 | yes | 20,000 (a loop) | 0.45 |',
    )
  })

  it('stand between the marks of the README and touch nothing else', () => {
    const readme =
      'before\n<!-- results: made from results.json by npm run bench -->\nold\n<!-- end of results -->\nafter\n'
    const once = withResults(readme, 'new')
    expect(once).toContain('before')
    expect(once).not.toContain('old')
    expect(withResults(once, 'new')).toBe(once)
    expect(() => withResults('no marks', 'new')).toThrow('lacks the lines')
  })
})
