import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { storeState } from '../../../../core/features/store/state.ts'
import {
  addCounts,
  type LogHistogram,
  newStoreCounts,
  noteTime,
  percentileOf,
  StoredCounts,
  statisticsOf,
} from '../../../../core/features/store/statistics.ts'
import { err, ok } from '../../../../core/result.ts'

const SIZE = ok({ entries: 3, memoryBytes: null })

describe('times on a logarithmic scale', () => {
  it('give percentiles that are at most 19 % over the true ones and never under', () =>
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.02, max: 500_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0.5, 0.99),
        (times, share) => {
          const histogram: LogHistogram = {}
          for (const ms of times) noteTime(histogram, ms)
          const exact = times.sort((a, b) => a - b)[Math.ceil(share * times.length) - 1]!
          const read = percentileOf(histogram, share)!
          // Three digits are told.
          expect(read).toBeGreaterThanOrEqual(exact * 0.994)
          expect(read).toBeLessThanOrEqual(Math.max(1, exact * 1.2))
        },
      ),
    ))

  it('have no percentile when nothing was measured, and ignore what is no time', () => {
    const histogram: LogHistogram = {}
    noteTime(histogram, Number.NaN)
    noteTime(histogram, -1)
    expect(percentileOf(histogram, 0.5)).toBeNull()
  })
})

describe('statistics of a store', () => {
  it('are the same whichever way counts were added up, also through JSON', () => {
    const one = { ...newStoreCounts(), hits: 2, retrieve: { 3: 1, 40: 2 } }
    const two = { ...newStoreCounts(), hits: 1, errors: 1, retrieve: { 3: 4 }, extract: { 7: 1 } }
    const sum = addCounts(addCounts(newStoreCounts(), one), two)
    expect(sum).toEqual(addCounts(addCounts(newStoreCounts(), two), one))
    expect(sum).toMatchObject({ hits: 3, errors: 1, retrieve: { 3: 5, 40: 2 }, extract: { 7: 1 } })
    expect(StoredCounts.parse(JSON.parse(JSON.stringify(sum)))).toEqual(sum)
  })

  it('have exactly the names of the contract, and a rate of all look-ups', () => {
    const hour = {
      ...newStoreCounts(),
      hits: 6,
      misses: 2,
      stale: 1,
      errors: 1,
      retrieve: { 20: 10 },
      extract: { 30: 4 },
    }
    const statistics = statisticsOf('embedded', hour, hour, SIZE)
    expect(statistics).toMatchObject({
      backend: 'embedded',
      hits: 6,
      misses: 2,
      stale: 1,
      errors: 1,
      hit_rate: 0.6,
      retrieve_ms: { p50: expect.any(Number), p99: expect.any(Number) },
      extract_ms: { p50: expect.any(Number), p99: expect.any(Number) },
      entries: 3,
      memory_bytes: null,
    })
    expect(statistics.unknown).toEqual({ memory_bytes: 'the backend does not tell' })
  })

  it('say why a figure is absent', () => {
    const { hit_rate, retrieve_ms, unknown } = statisticsOf('upstash', newStoreCounts(), newStoreCounts(), err('gone'))
    expect([hit_rate, retrieve_ms]).toEqual([null, { p50: null, p99: null }])
    expect(Object.keys(unknown).sort()).toEqual(['entries', 'extract_ms', 'hit_rate', 'memory_bytes', 'retrieve_ms'])
    expect(unknown.entries).toBe('gone')
  })
})

describe('the state of a store', () => {
  const history = (recent: object, why = 'OOM') =>
    ok({
      recent: { ...newStoreCounts(), ...recent },
      hour: newStoreCounts(),
      day: newStoreCounts(),
      ever: newStoreCounts(),
      lastFailure: { at: 0, why },
    })
  it.each([
    ['answers', SIZE, history({ written: 5, write_errors: 1 }), 'ok', 'upstash answers, 3 vectors'],
    ['does not answer', err('reset'), history({}), 'degraded', 'upstash: reset'],
    ['is full', SIZE, history({ write_errors: 64 }), 'degraded', 'upstash takes no vectors: OOM'],
    ['is not counted', SIZE, err('silent'), 'degraded', 'upstash answers, its statistics do not: silent'],
  ] as const)('is told when it %s', (_, size, past, state, detail) => {
    expect(storeState({ backend: 'upstash' }, size, past)).toEqual({ state, detail })
  })
})
