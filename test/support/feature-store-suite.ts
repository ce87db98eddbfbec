import { beforeEach, describe, expect, it } from 'vitest'
import { FEATURE_COUNT, SCHEMA_HASH } from '../../core/features/schema.ts'
import { cursorText } from '../../core/features/store/cursor.ts'
import type { FeatureStore, VectorEntry } from '../../core/features/store/port.ts'
import { packValue, storeKey } from '../../core/features/store/value.ts'

export interface StoreUnderTest {
  store: FeatureStore
  /** Puts text under a key as another program might, for an hour. */
  put(key: string, value: string): Promise<void>
  /** Seconds that a key has left to live; null when it is gone. */
  timeToLive(key: string): Promise<number | null>
  /** Ends the life of a key. */
  expire(key: string): Promise<void>
}

const AT = Date.UTC(2026, 10, 24, 8)
export const cursorAt = (events: number) =>
  cursorText({ scope: '', trackedAs: '7:0', pane: 178_000_000, events, intel: '' })

export const entryOf = (address: string, events = 9): VectorEntry => ({
  address,
  row: Float32Array.from({ length: FEATURE_COUNT }, (_, i) => (i % 4 === 0 ? Number.NaN : (i * i + 0.1) / 3)),
  cursor: cursorAt(events),
  at: AT,
})

/** What every feature store does; each adapter runs it. */
export function featureStoreSuite(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} as a feature store`, () => {
    let at: StoreUnderTest
    let n = 0
    let address = ''
    beforeEach(async () => {
      at = await open()
      address = `192.0.2.${++n}`
    })
    const want = (events = 9) => [{ address, cursor: cursorAt(events) }]

    it('gives back every feature of a vector exactly, absent ones absent', async () => {
      const entry = entryOf(address)
      expect(await at.store.write([entry])).toEqual({ written: 1, failed: 0, why: null })
      expect(await at.store.read(want())).toEqual([{ tag: 'hit', entry }])
    })

    it('misses what was never written', async () => {
      expect(await at.store.read(want())).toEqual([{ tag: 'miss' }])
    })

    it('answers many look-ups in the order asked', async () => {
      const others = [`198.51.100.${n}`, `198.51.101.${n}`, '2001:db8:0:1::/64']
      await at.store.write(others.map((other) => entryOf(other)))
      const wanted = [...others, address].map((one) => ({ address: one, cursor: cursorAt(9) }))
      expect(
        (await at.store.read(wanted)).map((found) => (found.tag === 'hit' ? found.entry.address : found.tag)),
      ).toEqual([...others, 'miss'])
    })

    it('keeps the newest vector of an address', async () => {
      await at.store.write([entryOf(address, 9)])
      await at.store.write([entryOf(address, 10)])
      expect(await at.store.read(want(10))).toMatchObject([{ tag: 'hit', entry: { cursor: cursorAt(10) } }])
    })

    it('calls the vector of another window stale', async () => {
      await at.store.write([entryOf(address, 9)])
      expect(await at.store.read(want(10))).toMatchObject([{ tag: 'stale' }])
    })

    it('calls the vector of another schema stale, whatever its length', async () => {
      const other = packValue(entryOf(address)).replace(SCHEMA_HASH, '0123456789abcdef')
      await at.put(storeKey(address), other.replace(/\[[^\]]*\]/, '[1,2,3]'))
      expect(await at.store.read(want())).toEqual([{ tag: 'stale', why: 'the schema is 0123456789abcdef' }])
    })

    it.each([
      ['a vector of 79', (text: string) => text.replace(/\[[^\]]*\]/, `[${new Array(79).fill(1)}]`)],
      ['NaN, which is no JSON', (text: string) => text.replace('[null', '[NaN')],
      ['text for a number', (text: string) => text.replace('[null', '["NaN"')],
      ['a number past all size', (text: string) => text.replace('[null', '[1e300')],
      ['HTML', () => '<html></html>'],
      ['a value without a time', (text: string) => text.replace(/"timestamp":"[^"]*",/, '')],
      ['nothing at all', () => ''],
    ])('never uses %s', async (_, spoil) => {
      await at.put(storeKey(address), spoil(packValue(entryOf(address))))
      const [found] = await at.store.read(want())
      expect(found).toMatchObject({ tag: 'error' })
      expect(found).not.toHaveProperty('entry')
      await at.store.write([entryOf(address)])
      expect(await at.store.read(want())).toMatchObject([{ tag: 'hit' }])
    })

    it('forgets a vector after an hour', async () => {
      await at.store.write([entryOf(address)])
      const left = await at.timeToLive(storeKey(address))
      expect(left).toBeGreaterThan(3_590)
      expect(left).toBeLessThanOrEqual(3_600)
      await at.expire(storeKey(address))
      expect(await at.store.read(want())).toEqual([{ tag: 'miss' }])
    })

    it('tells how much it holds', async () => {
      const before = await at.store.size()
      await at.store.write([entryOf(address)])
      const after = await at.store.size()
      if (!before.ok || !after.ok) throw new Error('it did not tell')
      expect(after.value.entries! - before.value.entries!).toBe(1)
      expect(after.value.memoryBytes! - before.value.memoryBytes!).toBeGreaterThan(500)
    })

    it('holds a vector in about 1 KB', () => {
      expect(packValue(entryOf(address)).length).toBeLessThan(1_300)
    })
  })
}
