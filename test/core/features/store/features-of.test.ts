import { describe, expect, it } from 'vitest'
import { cursorText, type WindowCursor } from '../../../../core/features/store/cursor.ts'
import { type FeatureSources, featuresOf } from '../../../../core/features/store/features-of.ts'
import type { FeatureStore, Found, VectorEntry } from '../../../../core/features/store/port.ts'
import { addCounts, newStoreCounts } from '../../../../core/features/store/statistics.ts'
import { entryOf } from '../../../support/feature-store-suite.ts'

const cursor: WindowCursor = { scope: '', trackedAs: '7:0', pane: 178_000_000, events: 9, intel: '' }
const WANTED = { address: '203.0.113.7', scope: null }

function asked(found: Found, windows: Partial<FeatureSources['windows']> = {}) {
  const written: VectorEntry[] = []
  const counts = newStoreCounts()
  const failures: (string | null)[] = []
  let now = 0
  const later: Promise<unknown>[] = []
  const store: FeatureStore = {
    backend: 'upstash',
    async read() {
      now += 3
      return [found]
    },
    async write(entries) {
      written.push(...entries)
      return { written: entries.length, failed: 0, why: null }
    },
    size: async () => ({ ok: true, value: { entries: 0, memoryBytes: 0 } }),
  }
  const sources: FeatureSources = {
    store,
    windows: {
      windowNow: async () => ({ cursor, unjudged: 2 }),
      async vectorNow() {
        now += 40
        return { cursor: { ...cursor, events: 11 }, unjudged: 2, row: entryOf('').row, at: 5 }
      },
      ...windows,
    },
    stopwatch: () => now,
    tickMs: 0,
    count(more, failure) {
      addCounts(counts, more)
      failures.push(failure)
    },
    later: (work) => later.push(work),
  }
  return { sources, written, counts, failures, ended: () => Promise.all(later) }
}

describe('the present features of an address', () => {
  it('are the store’s on a hit, and the partition extracts nothing', async () => {
    const { sources, written, counts } = asked(
      { tag: 'hit', entry: entryOf('203.0.113.7') },
      {
        vectorNow: () => Promise.reject(new Error('must not be asked')),
      },
    )
    expect(await featuresOf(sources, WANTED)).toMatchObject({ ok: true, value: { from: 'store', cursor, unjudged: 2 } })
    expect(written).toEqual([])
    expect(counts).toMatchObject({ hits: 1, misses: 0, extract: {} })
    expect(Object.values(counts.retrieve)).toEqual([1])
  })

  it.each([
    [{ tag: 'miss' }, 'misses'],
    [{ tag: 'stale', why: 'the window has moved on' }, 'stale'],
    [{ tag: 'error', why: 'WRONGTYPE' }, 'errors'],
    [{ tag: 'unasked', why: 'left alone' }, 'errors'],
  ] as const)('are the partition’s on %o, are put into the store and counted', async (found, result) => {
    const { sources, written, counts, failures, ended } = asked(found)
    const present = await featuresOf(sources, WANTED)
    expect(present).toMatchObject({ ok: true, value: { from: 'partition', found: found.tag, cursor: { events: 11 } } })
    await ended()
    expect(written).toMatchObject([{ address: '203.0.113.7', cursor: cursorText({ ...cursor, events: 11 }) }])
    expect(counts).toMatchObject({ [result]: 1, hits: 0, written: 1 })
    expect(Object.values(counts.extract)).toEqual([1])
    // A store that was left alone took no time.
    expect(Object.values(counts.retrieve)).toEqual(found.tag === 'unasked' ? [] : [1])
    expect(failures).toContain(found.tag === 'error' ? 'WRONGTYPE' : null)
  })

  it('are none where no window is kept, and the store is not asked', async () => {
    const { sources, counts } = asked({ tag: 'miss' }, { windowNow: async () => null })
    expect(await featuresOf(sources, WANTED)).toEqual({ ok: false, error: { tag: 'no-window' } })
    expect(counts).toEqual(newStoreCounts())
  })

  it('are not the store’s while the partition does not say which window is present', async () => {
    const { sources } = asked(
      { tag: 'hit', entry: entryOf('203.0.113.7') },
      {
        windowNow: () => Promise.reject(new Error('overloaded')),
      },
    )
    expect(await featuresOf(sources, WANTED)).toEqual({
      ok: false,
      error: { tag: 'partition-silent', why: 'overloaded' },
    })
  })
})
