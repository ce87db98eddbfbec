import { runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { embeddedShelf } from '../../adapters/durable-objects/feature-store.ts'
import { deadlineAfter } from '../../adapters/feature-store/deadline.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import { FEATURE_COUNT, featureIndex, SCHEMA_HASH } from '../../core/features/schema.ts'
import { cursorText, type WindowCursor } from '../../core/features/store/cursor.ts'
import type { VectorNow } from '../../core/features/store/features-of.ts'
import { GuardedStore } from '../../core/features/store/guarded-store.ts'
import { newStoreCounts, noteTime } from '../../core/features/store/statistics.ts'
import { readValue, storeKey } from '../../core/features/store/value.ts'
import { StatisticsLedger } from '../../durable-objects/feature-store/statistics-ledger.ts'
import { VectorShelf } from '../../durable-objects/feature-store/vector-shelf.ts'
import type { FeatureStore } from '../../durable-objects/feature-store.ts'
import type { PartitionShare } from '../../durable-objects/names.ts'
import type { SourcePartition } from '../../durable-objects/source-partition.ts'
import { addPeople, appUnderTest, bearer } from '../support/app-under-test.ts'
import { featureStoreSuite } from '../support/feature-store-suite.ts'
import { standInModel } from '../support/stand-in-model.ts'

interface TestEnv {
  FEATURE_STORE: DurableObjectNamespace<FeatureStore>
  SOURCE_PARTITION: DurableObjectNamespace<SourcePartition>
}
const env = workerEnv as unknown as TestEnv
const object = () => env.FEATURE_STORE.getByName('store')
const sqlOf = <Value>(work: (sql: SqlStorage) => Value, name = 'store') =>
  runInDurableObject(env.FEATURE_STORE.getByName(name), (_, state) => work(state.storage.sql))

beforeAll(async () => {
  await standInModel()
  await addPeople()
})

featureStoreSuite('The embedded store', async () => ({
  store: new GuardedStore(embeddedShelf(env.FEATURE_STORE), () => Date.now(), deadlineAfter),
  async put(key, value) {
    await object().set([{ key, value }], 3_600)
  },
  timeToLive: (key) =>
    sqlOf((sql) => {
      const [row] = sql.exec<{ expires_at: number }>('SELECT expires_at FROM vectors WHERE key = ?', key).toArray()
      return row ? (row.expires_at - Date.now()) / 1000 : null
    }),
  expire: (key) => sqlOf((sql) => void sql.exec('UPDATE vectors SET expires_at = 1 WHERE key = ?', key)),
}))

describe('the embedded shelf', () => {
  it('keeps no more than it may, and forgets what was not used for longest', async () => {
    await sqlOf((sql) => {
      const shelf = new VectorShelf(sql, { entries: 100, characters: 50 })
      const key = (i: number) => `k${String(i).padStart(3, '0')}`
      for (let i = 0; i < 100; i++) shelf.set([{ key: key(i), value: 'v'.repeat(10) }], 1e9, i)
      // Used a good while later: the oldest is the newest now.
      expect(shelf.get([key(0)], 100_000)).toEqual(['v'.repeat(10)])
      for (let i = 100; i < 103; i++) shelf.set([{ key: key(i), value: 'v'.repeat(10) }], 1e9, 100_000 + i)
      expect(shelf.get([key(0), key(1), key(2), key(3), key(102)], 100_200).map((value) => value !== null)).toEqual([
        true,
        false,
        false,
        false,
        true,
      ])
      expect(shelf.size(100_200)).toEqual({ entries: 100, memoryBytes: 100 * 14 })
    }, 'bounds')
  })

  it('counts what it holds truly after overwriting, expiry and a restart', async () => {
    await sqlOf((sql) => {
      const shelf = new VectorShelf(sql)
      shelf.set([{ key: 'a', value: '12345' }], 1_000, 0)
      shelf.set([{ key: 'a', value: '123' }], 1_000, 0)
      shelf.set([{ key: 'b', value: '1' }], 5_000, 0)
      expect(shelf.size(500)).toEqual({ entries: 2, memoryBytes: 4 + 2 })
      expect(shelf.size(1_000)).toEqual({ entries: 1, memoryBytes: 2 })
      expect(new VectorShelf(sql).size(1_000)).toEqual({ entries: 1, memoryBytes: 2 })
    }, 'counts')
  })

  it('refuses a value that is no vector, and keeps nothing of that call', async () => {
    await runInDurableObject(env.FEATURE_STORE.getByName('refuses'), async (store) => {
      const entries = [
        { key: 'good', value: 'x' },
        { key: 'large', value: 'x'.repeat(9_000) },
      ]
      await expect(store.set(entries, 60)).rejects.toThrow('9000 characters')
      expect(await store.get(['good'])).toEqual([null])
    })
  })
})

describe('the statistics', () => {
  const MINUTE = 60_000
  it('are of the last hour and day, by backend, and outlast the isolate', async () => {
    await sqlOf((sql) => {
      const counts = (hits: number, ms: number) => {
        const one = { ...newStoreCounts(), hits, retrieve: {} }
        noteTime(one.retrieve, ms)
        return one
      }
      const now = 30 * 24 * 60 * MINUTE
      const ledger = new StatisticsLedger(sql)
      ledger.note('embedded', counts(100, 1), null, now - 25 * 60 * MINUTE)
      ledger.note('embedded', counts(10, 1), null, now - 2 * 60 * MINUTE)
      ledger.note('embedded', counts(1, 1), 'it was down', now - 30 * MINUTE)
      ledger.note('embedded', counts(2, 1), null, now)
      ledger.note('upstash', counts(5, 1), null, now)
      const { recent, hour, day, ever, lastFailure } = new StatisticsLedger(sql).history('embedded', now)
      expect([recent.hits, hour.hits, day.hits, ever.hits]).toEqual([2, 3, 13, 113])
      expect(Object.values(day.retrieve)).toEqual([3])
      expect(lastFailure).toEqual({ at: now - 30 * MINUTE, why: 'it was down' })
      const minutes = sql.exec<{ n: number }>('SELECT count(*) AS n FROM store_minutes WHERE minute >= 0').one().n
      expect(minutes).toBe(4)
    }, 'ledger')
  })
})

let shares = 0
function share(name: string, events: ReadEvent[], more: Partial<PartitionShare> = {}): PartitionShare {
  return {
    batch: `${name}/${shares++}`,
    sensor: name,
    stream: '',
    feed: `${name}/live`,
    live: true,
    scope: '',
    siteScope: name,
    newestTs: Math.max(...events.map(({ event }) => event.ts)),
    receivedAt: Date.now(),
    events: JSON.stringify(events),
    ...more,
  }
}
const failures = (src_ip: string, count: number, from = Date.now() - count * 100): ReadEvent[] =>
  Array.from({ length: count }, (_, i) => {
    const event = { ts: from + i * 100, src_ip, event_type: 'ssh.login.failed', service: 'ssh', username: 'root' }
    return { event, format: 'canonical', original: JSON.stringify({ ...event, i }) }
  })
const requests = (src_ip: string, count: number): ReadEvent[] =>
  failures(src_ip, count).map(({ event, ...read }) => ({
    ...read,
    event: { ts: event.ts, src_ip, event_type: 'http.request', service: 'http' },
  }))

/** Ends what partitions write without being waited for. */
async function stored(address: string): Promise<string | null> {
  for (let i = 0; i < 40; i++) {
    const [value = null] = await object().get([storeKey(address)])
    if (value !== null) return value
    await scheduler.wait(50)
  }
  return null
}
const judgedAll = async (name: string) => {
  const partition = env.SOURCE_PARTITION.getByName(name)
  for (let i = 0; i < 100 && (await partition.health()).eventsUnjudged > 0; i++) await scheduler.wait(50)
  expect((await partition.health()).eventsUnjudged).toBe(0)
}

describe('a partition', () => {
  const at = (name: string) => env.SOURCE_PARTITION.getByName(name)
  const FAILURES = featureIndex('failures')

  it('hands the vector of a judged attack over, with the cursor of the window that it tells', async () => {
    await at('p9100').add(share('s9100', failures('203.0.113.50', 8)))
    await judgedAll('p9100')
    const now = (await at('p9100').windowNow('203.0.113.50', null))!
    expect(now).toMatchObject({ unjudged: 0, cursor: { scope: '', events: 8 } })
    const value = await stored('203.0.113.50')
    const found = readValue(value, { address: '203.0.113.50', cursor: cursorText(now.cursor) })
    if (found.tag !== 'hit') throw new Error(JSON.stringify(found))
    expect(found.entry.row[FAILURES]).toBe(8)
    const present = (await at('p9100').vectorNow('203.0.113.50', null))!
    expect(present.row).toEqual(found.entry.row)
    expect(cursorText(present.cursor)).toBe(cursorText(now.cursor))
  })

  it('writes one source no oftener than once a second, and then its newest window', async () => {
    const value = async () => readValue(await stored('203.0.113.51'), { address: '', cursor: '' })
    await at('p9101').add(share('s9101', failures('203.0.113.51', 3)))
    await judgedAll('p9101')
    await stored('203.0.113.51')
    const first = await sqlOf(
      (sql) =>
        sql.exec<{ used_at: number }>('SELECT used_at FROM vectors WHERE key = ?', storeKey('203.0.113.51')).one()
          .used_at,
    )
    for (let i = 0; i < 3; i++) {
      await at('p9101').add(share('s9101', failures('203.0.113.51', 1)))
      await judgedAll('p9101')
    }
    expect(await value()).toMatchObject({ tag: 'stale' })
    let last = { used_at: first, value: '' }
    for (let i = 0; i < 60 && last.used_at === first; i++) {
      await scheduler.wait(50)
      last = await sqlOf((sql) =>
        sql
          .exec<{ used_at: number; value: string }>(
            'SELECT used_at, value FROM vectors WHERE key = ?',
            storeKey('203.0.113.51'),
          )
          .one(),
      )
    }
    expect(last.used_at - first).toBeGreaterThanOrEqual(950)
    const now = (await at('p9101').windowNow('203.0.113.51', null))!
    expect(now.cursor.events).toBe(6)
    expect(readValue(last.value, { address: '', cursor: cursorText(now.cursor) }).tag).toBe('hit')
  })

  it('tells what it judged last while newer events wait, and extracts the window as it stands', async () => {
    await at('p9102').add(share('s9102', failures('203.0.113.52', 5)))
    await judgedAll('p9102')
    await runInDurableObject(at('p9102'), async (partition) => {
      await partition.add(share('s9102', failures('203.0.113.52', 2)))
      const now = (await partition.windowNow('203.0.113.52', null))!
      const present = (await partition.vectorNow('203.0.113.52', null))!
      expect(now).toMatchObject({ unjudged: 2, cursor: { events: 5 } })
      expect([5, 7]).toContain(present.cursor.events)
      expect(present.row[FAILURES]).toBe(present.cursor.events)
    })
  })

  it('knows its judged windows again after a restart', async () => {
    await at('p9103').add(share('s9103', failures('203.0.113.53', 4)))
    await judgedAll('p9103')
    const before = (await at('p9103').windowNow('203.0.113.53', null))!
    // Written once nothing came for two seconds.
    await scheduler.wait(2_100)
    const { evictDurableObject, runDurableObjectAlarm } = await import('cloudflare:test')
    await runDurableObjectAlarm(at('p9103'))
    await evictDurableObject(at('p9103'))
    expect(await at('p9103').windowNow('203.0.113.53', null)).toEqual(before)
    expect((await at('p9103').vectorNow('203.0.113.53', null))!.row[FAILURES]).toBe(4)
  })

  it('keeps the windows of a live source and of a replay apart', async () => {
    const old = Date.now() - 30 * 24 * 3_600_000
    const replay = { feed: 's9104/file', live: false, scope: 's9104/file', siteScope: 's9104/file' }
    await at('p9104').add(share('s9104', failures('203.0.113.54', 6, old), replay))
    await at('p9104').add(share('s9104', failures('203.0.113.55', 1, old + 3_600_000), replay))
    expect(await at('p9104').windowNow('203.0.113.54', '')).toBeNull()
    expect(await at('p9104').windowNow('203.0.113.54', null)).toMatchObject({
      cursor: { scope: 's9104/file', events: 6 },
    })
    await at('p9104').add(share('s9104', failures('203.0.113.54', 2)))
    await judgedAll('p9104')
    expect(await at('p9104').windowNow('203.0.113.54', null)).toMatchObject({ cursor: { scope: '', events: 2 } })
    expect(await at('p9104').windowNow('203.0.113.54', 's9104/file')).toMatchObject({ cursor: { events: 6 } })
  })

  it('writes an ordinary window of an address that somebody has asked about', async () => {
    const crowd = Array.from({ length: 60 }, (_, i) => requests(`198.51.102.${i + 1}`, 1)).flat()
    await at('p9105').windowNow('198.51.102.60', null)
    await at('p9105').add(share('s9105', crowd))
    await judgedAll('p9105')
    expect(await stored('198.51.102.60')).not.toBeNull()
    const keys = Array.from({ length: 60 }, (_, i) => storeKey(`198.51.102.${i + 1}`))
    const held = (await object().get(keys)).filter((value) => value !== null).length
    // The one, and a sample of eight.
    expect(held).toBe(9)
  })
})

describe('GET /api/features/:address', () => {
  const row = Float32Array.from({ length: FEATURE_COUNT }, (_, i) => (i === 0 ? Number.NaN : i / 2))
  const cursor: WindowCursor = { scope: '', trackedAs: '1:0', pane: 178_000_000, events: 12, intel: '' }
  const now: VectorNow = { cursor, unjudged: 1, row, at: Date.UTC(2026, 10, 24, 8) }
  const calls = { vectors: 0 }
  const windows = {
    windowNow: async () => ({ cursor: now.cursor, unjudged: now.unjudged }),
    vectorNow: async () => {
      calls.vectors++
      return { ...now }
    },
  }
  const ask = async (address: string, under = appUnderTest({ windows })) => {
    const answer = await under.request(`/api/features/${address}`, { headers: bearer('viewer') })
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  }
  beforeEach(() => {
    calls.vectors = 0
    now.cursor = cursor
  })

  it('comes from the partition first, then out of the store, until the window moves on', async () => {
    const first = await ask('203.0.113.90')
    expect(first).toMatchObject({
      status: 200,
      body: { from: 'partition', store: 'miss', events: 12, events_unjudged: 1 },
    })
    const second = await ask('203.0.113.90')
    expect(second).toMatchObject({ status: 200, body: { from: 'store', store: 'hit', schema_hash: SCHEMA_HASH } })
    expect(second.body.features).toEqual(first.body.features)
    expect((second.body.features as { value: number | null }[]).slice(0, 2).map(({ value }) => value)).toEqual([
      null,
      0.5,
    ])
    expect(calls.vectors).toBe(1)
    now.cursor = { ...cursor, events: 13 }
    expect(await ask('203.0.113.90')).toMatchObject({ body: { from: 'partition', store: 'stale', events: 13 } })
    expect(await ask('203.0.113.90')).toMatchObject({ body: { from: 'store', events: 13 } })
  })

  it('is counted in the statistics, the metrics and nowhere made up', async () => {
    const { request } = appUnderTest({ windows })
    const statistics = async () =>
      (await (await request('/api/feature-store/stats', { headers: bearer('viewer') })).json()) as Record<
        string,
        number
      > & {
        extract_ms: { p50: number }
        day: Record<string, number>
      }
    const before = await statistics()
    await ask('203.0.113.91')
    await ask('203.0.113.91')
    const after = await statistics()
    expect(after).toMatchObject({ backend: 'embedded', state: 'ok' })
    expect(after.hits! - before.hits!).toBe(1)
    expect(after.misses! - before.misses!).toBe(1)
    expect(after.hit_rate).toBeCloseTo(after.hits! / (after.hits! + after.misses! + after.stale! + after.errors!))
    expect(after.extract_ms.p50).toBeGreaterThanOrEqual(1)
    expect(after.entries! - before.entries!).toBe(1)
    const metrics = await (await request('/metrics', { headers: bearer('viewer') })).text()
    expect(metrics).toContain(`picket_feature_store_requests_total{result="hit"} ${after.day.hits}`)
  })

  it('works with a Redis that is not there, which makes Picket degraded and not unready', async () => {
    const store = { UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:1', UPSTASH_REDIS_REST_TOKEN: 'x' }
    const under = appUnderTest({ windows, store })
    for (let i = 0; i < 5; i++)
      expect(await ask('203.0.113.92', under)).toMatchObject({ status: 200, body: { from: 'partition' } })
    const ready = await under.request('/readyz')
    const body = (await ready.json()) as { ready: boolean; dependencies: Record<string, unknown> }
    expect([ready.status, body.ready]).toEqual([200, true])
    expect(body.dependencies.feature_store).toMatchObject({ ok: false, degraded: true })
    const stats = await under.request('/api/feature-store/stats', { headers: bearer('viewer') })
    expect(await stats.json()).toMatchObject({
      backend: 'upstash',
      state: 'degraded',
      errors: 5,
      hits: 0,
      entries: null,
    })
  })

  it('names a setting that is wrong', async () => {
    const under = appUnderTest({
      windows,
      store: { UPSTASH_REDIS_REST_URL: 'redis://x', UPSTASH_REDIS_REST_TOKEN: 'x' },
    })
    expect(await ask('203.0.113.93', under)).toMatchObject({
      status: 200,
      body: { from: 'partition', store_detail: 'UPSTASH_REDIS_REST_URL is not an http or https URL' },
    })
  })

  it.each([
    ['0x7f.1', 400],
    ['203.0.113.94%2Fx', 400],
  ])('refuses %s', async (address, status) => {
    expect((await ask(address)).status).toBe(status)
  })

  it('says that there is no window, and that a partition does not answer', async () => {
    expect((await ask('203.0.113.95', appUnderTest())).status).toBe(404)
    const silent = {
      ...windows,
      windowNow: async () => {
        throw new Error('overloaded')
      },
    }
    expect(await ask('203.0.113.96', appUnderTest({ windows: silent }))).toMatchObject({
      status: 503,
      body: { detail: 'overloaded' },
    })
  })
})
