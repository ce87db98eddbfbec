import { describe, expect, it } from 'vitest'
import { isMet } from '../../../bench/harness/bench.ts'
import { residentOf, totalOf, treeOf } from '../../../bench/harness/process-tree.ts'
import { sumOf } from '../../../bench/harness/prometheus-reader.ts'
import { percentile, percentiles, trendOf } from '../../../bench/harness/statistics.ts'

describe('percentile', () => {
  it('is a value that was measured, by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(percentiles(values)).toEqual({ p50: 50, p95: 95, p99: 99 })
    expect(percentile(values, 1)).toBe(100)
    expect(percentile([7], 0.01)).toBe(7)
  })

  it('orders as numbers and leaves what it was given as it was', () => {
    const values = [9, 100, 80]
    expect(percentile(values, 0.5)).toBe(80)
    expect(values).toEqual([9, 100, 80])
  })

  it('of nothing is not a number', () => expect(percentile([], 0.5)).toBeNaN())
})

describe('trend of a soak', () => {
  it('compares the medians of the thirds that follow the warm-up', () => {
    const minutes = [900, 900, 10, 10, 30, 99, 0, 99, 20, 20, 5]
    expect(trendOf(minutes)).toEqual({ first: 10, last: 20, growth: 2 })
  })

  it('does not see the warm-up, nor one bad minute', () => {
    const minutes = [1, 1, ...Array.from({ length: 28 }, (_, i) => (i === 27 ? 1_000 : 50))]
    expect(trendOf(minutes)!.growth).toBe(1)
  })

  it('sees a leak of 2 % a minute', () => {
    const minutes = Array.from({ length: 30 }, (_, i) => 100 * 1.02 ** i)
    expect(trendOf(minutes)!.growth).toBeGreaterThan(1.25)
  })

  it('is not told of fewer than three minutes after the warm-up', () => {
    expect(trendOf([1, 1, 1, 1])).toBeNull()
    expect(trendOf([1, 1, 1, 1, 2])).toEqual({ first: 1, last: 2, growth: 2 })
  })
})

describe('reading what is measured', () => {
  it('adds up a metric over its labels, and no other whose name begins alike', () => {
    const text = [
      '# HELP picket_windows_judged_total Windows.',
      'picket_windows_judged_total{route="TRUST"} 10',
      'picket_windows_judged_total{route="VERIFY"} 2',
      'picket_windows_judged_total_other 100',
      'picket_events_unjudged 0',
    ].join('\n')
    expect(sumOf(text, 'picket_windows_judged_total')).toBe(12)
    expect(sumOf(text, 'picket_events_unjudged')).toBe(0)
    expect(sumOf(text, 'picket_sources_live')).toBeNull()
  })

  it('takes a process with its children and theirs', () => {
    const all = [
      { pid: 1, parent: 0 },
      { pid: 7, parent: 5 },
      { pid: 5, parent: 3 },
      { pid: 3, parent: 1 },
      { pid: 4, parent: 1 },
    ]
    expect(treeOf(3, all)).toEqual([3, 5, 7])
  })

  it('holds a figure against its mark in the direction that is good', () => {
    const row = { name: '', value: 5, unit: '' }
    expect(isMet({ ...row, target: { least: 5 } })).toBe(true)
    expect(isMet({ ...row, target: { least: 6 } })).toBe(false)
    expect(isMet({ ...row, target: { most: 4 } })).toBe(false)
    expect(isMet({ ...row, value: Number.NaN, target: { most: 4 } })).toBe(false)
    expect(isMet(row)).toBeNull()
  })
})

describe('resident memory', () => {
  it('of this process is what the process says of itself, nearly', () => {
    const share = totalOf(residentOf(process.pid).filter(({ pid }) => pid === process.pid)) / process.memoryUsage.rss()
    expect(share).toBeGreaterThan(0.7)
    expect(share).toBeLessThan(1.4)
  })

  it('of a process that is not there is no figure', () => {
    expect(() => residentOf(2 ** 30)).toThrow('no process')
  })
})
