import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LogBatch } from '../../../scripts/replay/batches.ts'
import { paced } from '../../../scripts/replay/pace.ts'

const at = (seconds: number) =>
  Buffer.from(
    JSON.stringify({
      ts: new Date(1_700_000_000_000 + seconds * 1000).toISOString(),
      src_ip: '198.51.100.7',
      event_type: 'flow',
    }),
  )
const batch = (lines: Buffer[]): LogBatch => ({ header: [], lines, numbers: lines.map((_, i) => i + 1) })

it('sends lines in the order of their event times, each when it is due', () => {
  const batches = paced([batch([at(60), at(0), at(30)])], 60, 1_000, 0)
  expect(batches.map(({ numbers, dueMs }) => [numbers, dueMs])).toEqual([
    [[2], 0],
    [[3], 500],
    [[1], 1_000],
  ])
})

it('keeps a line that has no time of its own with the line before it', () => {
  const batches = paced([batch([at(10), Buffer.from('not a log line'), at(0)])], 1, 1_000, 0)
  expect(batches.map(({ numbers }) => numbers)).toEqual([[3], [1, 2]])
})

it('sends every line once, in batches of at most the size', () =>
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (seconds, size) => {
      const batches = paced([batch(seconds.map(at))], 100, size, 0)
      const numbers = batches.flatMap((one) => one.numbers)
      expect([...numbers].sort((a, b) => a - b)).toEqual(seconds.map((_, i) => i + 1))
      expect(Math.max(0, ...batches.map(({ lines }) => lines.length))).toBeLessThanOrEqual(size)
      expect(batches.every(({ dueMs }, i) => i === 0 || dueMs >= batches[i - 1]!.dueMs)).toBe(true)
    }),
    { numRuns: 50 },
  ))
