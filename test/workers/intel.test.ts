import { env as workerEnv } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { databaseOf } from '../../adapters/d1/database.ts'
import { IntelListStore } from '../../adapters/d1/intel-list-store.ts'
import { ListObjects } from '../../adapters/r2/list-objects.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import { featureIndex } from '../../core/features/schema.ts'
import { type IntelAnswer, NOTHING_KNOWN } from '../../core/intel/finding.ts'
import type { KnownOfSource } from '../../core/intel/known-of-source.ts'
import { intelAtHand, intelSnapshot } from '../../durable-objects/intel.ts'
import type { IntelDeskPort, PartitionShare } from '../../durable-objects/names.ts'
import { LiveIntel } from '../../durable-objects/partition/live-intel.ts'
import type { SourcePartition } from '../../durable-objects/source-partition.ts'
import { listLoader } from '../../worker/intel-loader.ts'
import { addPeople, appUnderTest, bearer, DB, INTEL, WELL } from '../support/app-under-test.ts'
import { standInModel } from '../support/stand-in-model.ts'

const env = workerEnv as unknown as {
  DB: D1Database
  INTEL: R2Bucket
  SOURCE_PARTITION: DurableObjectNamespace<SourcePartition>
}
const MINUTE = 60_000

/** A server of lists: what it answers is set by the test; it knows If-None-Match. */
const server = {
  text: '192.0.2.1\n' as string,
  etag: '"1"',
  status: 200,
  asked: 0,
  fetch: (async (_address: string, init?: RequestInit) => {
    server.asked++
    const known = new Headers(init?.headers).get('If-None-Match')
    if (server.status === 0) throw new TypeError('connection refused')
    if (known === server.etag) return new Response(null, { status: 304 })
    return new Response(server.text, { status: server.status, headers: { ETag: server.etag } })
  }) as typeof fetch,
}

const under = appUnderTest(WELL, { fetch: (...request) => server.fetch(...request) })
interface ListJson {
  id: string
  counts: Record<string, number>
  last_error: string | null
  loaded_at: string
  as_of: string
  expires_at: string
}
const post = (
  query: Record<string, string>,
  body: BodyInit | null = null,
  role: 'viewer' | 'analyst' | 'admin' = 'admin',
) => under.request(`/api/intel/lists?${new URLSearchParams(query)}`, { method: 'POST', headers: bearer(role), body })
const lists = async (): Promise<ListJson[]> =>
  ((await (await under.request('/api/intel/lists', { headers: bearer('viewer') })).json()) as { items: ListJson[] })
    .items
const loader = () => listLoader({ DB, INTEL }, { fetch: server.fetch, clock: () => under.clock.now })
const objects = async () => (await INTEL.list()).objects.map(({ key }) => key)

beforeAll(async () => {
  await addPeople()
  await standInModel()
})
beforeEach(async () => {
  under.clock.now = Date.now()
  Object.assign(server, { text: '192.0.2.1\n', etag: '"1"', status: 200, asked: 0 })
  await DB.batch([DB.prepare('DELETE FROM intel_lists'), DB.prepare('DELETE FROM audit_log')])
  const all = await objects()
  if (all.length > 0) await INTEL.delete(all)
})

describe('lists over the API', () => {
  it('are loaded from a body, shown, replaced by name and removed', async () => {
    const added = await post({ name: 'My List', format: 'csv', licence: 'CC0' }, '192.0.2.1\t3\n192.0.2.2\t900\n')
    expect(added.status).toBe(200)
    expect(await added.json()).toMatchObject({
      id: 'my-list',
      licence: 'CC0',
      counts: { addresses: 1, unreadable: 1 },
      examples: ['line 2: "900" of 192.0.2.2 is no score on the scale count'],
    })
    await post({ name: 'my list' }, '192.0.2.1\n192.0.2.7\n')
    expect(await lists()).toMatchObject([{ id: 'my-list', name: 'my list', counts: { addresses: 2 } }])
    const gone = await under.request('/api/intel/lists/my-list', { method: 'DELETE', headers: bearer('admin') })
    expect(gone.status).toBe(204)
    expect(await lists()).toEqual([])
    const again = await under.request('/api/intel/lists/my-list', { method: 'DELETE', headers: bearer('admin') })
    expect(again.status).toBe(404)
    const { results } = await DB.prepare('SELECT action, actor FROM audit_log ORDER BY id').all()
    expect(results).toEqual(
      ['intel-list-loaded', 'intel-list-loaded', 'intel-list-removed'].map((action) => ({
        action,
        actor: 'token:admin',
      })),
    )
  })

  it('come gzipped too', async () => {
    const packed = new Response(
      new Blob(['192.0.2.1\n'.repeat(1000)]).stream().pipeThrough(new CompressionStream('gzip')),
    )
    const added = await post({ name: 'packed' }, await packed.arrayBuffer())
    expect(await added.json()).toMatchObject({ counts: { addresses: 1 } })
  })

  it('are for administrators to change', async () => {
    expect((await post({ name: 'x' }, '192.0.2.1', 'analyst')).status).toBe(403)
    expect((await under.request('/api/intel/lists', { method: 'POST', body: '192.0.2.1' })).status).toBe(401)
  })

  it('that are none are refused by name, and nothing is stored', async () => {
    for (const [body, detail] of [
      ['<html></html>', /web page/],
      ['192.0.2.1\n0.0.0.0/0\n', /0\.0\.0\.0\/0 \(wider than \/8\)/],
      ['', /no entry/],
    ] as const) {
      const answer = await post({ name: 'bad' }, body)
      expect(answer.status).toBe(422)
      expect(((await answer.json()) as { detail: string }).detail).toMatch(detail)
    }
    expect((await post({ name: 'bad' })).status).toBe(400)
    expect((await post({ name: 'bad', weight: '7' }, '192.0.2.1')).status).toBe(400)
    expect((await post({ name: 'bad', url: 'file:///etc/passwd' })).status).toBe(400)
    expect(await lists()).toEqual([])
    expect(await objects()).toEqual([])
  })
})

describe('a list with a URL', () => {
  const url = 'https://lists.example/a.txt'

  it('is fetched again when it is due, and its old entries stay in force while that fails', async () => {
    expect((await post({ name: 'a', url, refresh_minutes: '60' })).status).toBe(200)
    const [first] = await lists()
    expect(await loader().refreshDue()).toEqual([])
    under.clock.now += 61 * MINUTE
    expect(await loader().refreshDue()).toMatchObject([{ outcome: 'unchanged' }])
    expect((await lists())[0]).toMatchObject({ loaded_at: first!.loaded_at, last_error: null })

    for (const [change, error] of [
      [{ status: 500 }, /answered 500/],
      [{ status: 0 }, /connection refused/],
      [{ status: 200, text: '<!doctype html>down for maintenance', etag: '"2"' }, /web page/],
      [{ status: 200, text: '192.0.2.0/0\n', etag: '"3"' }, /wider than/],
    ] as const) {
      Object.assign(server, change)
      if (change.status !== 200) server.etag = '"x"'
      under.clock.now += 61 * MINUTE
      expect(await loader().refreshDue()).toMatchObject([{ outcome: 'failed' }])
      const [row] = await lists()
      expect(row!.last_error).toMatch(error)
      expect(row!.counts).toMatchObject({ addresses: 1 })
    }
    Object.assign(server, { status: 200, text: '192.0.2.1\n192.0.2.2\n', etag: '"4"' })
    under.clock.now += 61 * MINUTE
    expect(await loader().refreshDue()).toMatchObject([{ outcome: 'loaded' }])
    expect((await lists())[0]).toMatchObject({ counts: { addresses: 2 }, last_error: null })
  })

  it('that does not come at first is not made', async () => {
    server.status = 404
    const answer = await post({ name: 'a', url })
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ detail: `${url} answered 404` })
    expect(await lists()).toEqual([])
  })

  it('is refreshed at once when an administrator asks', async () => {
    await post({ name: 'a', url })
    Object.assign(server, { text: '192.0.2.1\n192.0.2.2\n', etag: '"2"' })
    const answer = await under.request('/api/intel/lists/a/refresh', { method: 'POST', headers: bearer('admin') })
    expect(await answer.json()).toMatchObject({ outcome: 'loaded', list: { counts: { addresses: 2 } } })
  })
})

it('entries that no list names are swept, others are kept', async () => {
  await post({ name: 'a' }, '192.0.2.1\n')
  await post({ name: 'a' }, '192.0.2.2\n')
  expect(await objects()).toHaveLength(2)
  await loader().refreshDue()
  expect(await objects()).toHaveLength(2)
  under.clock.now += 61 * MINUTE
  await loader().refreshDue()
  const [row] = await new IntelListStore(databaseOf(DB)).all()
  expect(await objects()).toEqual([row!.object_key])
  expect(await new ListObjects(INTEL).get(row!.object_key)).not.toBeNull()
})

describe('judgement', () => {
  let shares = 0
  let ahead = 0
  /** As if the isolate's 30 s had gone by, and the newer snapshot were loaded. */
  const reloaded = async (has: string[]) => {
    for (let tries = 0; tries < 100; tries++) {
      if (tries % 20 === 0) {
        ahead += 31_000
        await intelSnapshot(env, Date.now() + ahead)
      }
      const names = intelAtHand().lists.map(({ name }) => name)
      if (names.join() === has.join()) return
      await scheduler.wait(20)
    }
    throw new Error(`lists at hand: ${intelAtHand().lists.map(({ name }) => name)}`)
  }
  const failures = (src_ip: string, ts = Date.now()) =>
    Array.from({ length: 6 }, (_, i): ReadEvent => {
      const event = { ts: ts - 1000 + i, src_ip, event_type: 'ssh.login.failed', service: 'ssh', dst_ip: '203.0.113.7' }
      return { event, format: 'canonical', original: JSON.stringify({ ...event, shares }) }
    })
  const judge = async (partition: string, events: ReadEvent[]) => {
    const stub = env.SOURCE_PARTITION.getByName(partition)
    const before = (await stub.health()).windowsJudged
    const share: PartitionShare = {
      batch: `intel/${shares++}`,
      sensor: 'intel',
      stream: '',
      feed: `intel/${shares}`,
      live: true,
      scope: '',
      siteScope: 'intel',
      newestTs: Math.max(...events.map(({ event }) => event.ts)),
      receivedAt: Date.now(),
      events: JSON.stringify(events),
    }
    await stub.add(share)
    for (let tries = 0; tries < 100 && (await stub.health()).windowsJudged === before; tries++) await scheduler.wait(50)
    await scheduler.wait(300)
    return stub.health()
  }
  const incident = async (src_ip: string) => {
    const row = await DB.prepare('SELECT intel, features FROM incidents WHERE src_ip = ?')
      .bind(src_ip)
      .first<{ intel: string; features: string }>()
    return row && { intel: JSON.parse(row.intel) as KnownOfSource, features: row.features }
  }

  it('takes in loaded lists, a replaced one while it runs, and opens nothing for allowed sources', async () => {
    await post({ name: 'bad', format: 'csv', scale: '0-1', licence: 'CC0' }, '198.51.100.1,0.9\n')
    await reloaded(['bad'])
    await judge('p7001', failures('198.51.100.1'))
    await judge('p7002', failures('198.51.100.2'))
    const first = await incident('198.51.100.1')
    expect(first!.intel.findings.filter(({ kind }) => kind === 'blocklist')).toMatchObject([
      { kind: 'blocklist', source: 'bad', score: 0.9, licence: 'CC0', subject: '198.51.100.1' },
    ])
    expect(first!.intel.asked).toContain('bad')
    const second = await incident('198.51.100.2')
    expect(second!.intel.findings.filter(({ source }) => source === 'bad')).toEqual([])
    expect(second!.intel.asked).toContain('bad')

    await post({ name: 'ours', kind: 'allow-list' }, '198.51.100.3\n10.9.9.9\n')
    await reloaded(['bad', 'ours'])
    expect((await judge('p7001', failures('198.51.100.3'))).windowsAllowed).toBeGreaterThan(0)
    expect(await incident('198.51.100.3')).toBeNull()

    await under.request('/api/intel/lists/bad', { method: 'DELETE', headers: bearer('admin') })
    await reloaded(['ours'])
    await judge('p7002', failures('198.51.100.4'))
    expect((await incident('198.51.100.4'))!.intel.asked).not.toContain('bad')
  })

  it('judges a window again when a live look-up is answered, once for each news, and counts no event twice', async () => {
    const address = '45.33.32.156'
    const stub = env.SOURCE_PARTITION.getByName('p7004')
    const { windowsJudged: before } = await judge('p7004', failures(address))
    const row = () =>
      DB.prepare('SELECT events_count, revision, processing_time_ms, intel, features FROM incidents WHERE src_ip = ?')
        .bind(address)
        .first<{
          events_count: number
          revision: number
          processing_time_ms: number
          intel: string
          features: string
        }>()
    const first = (await row())!
    const said = { source: 'AbuseIPDB', asOf: Date.now(), expires: Date.now() + 3_600_000 }
    const finding = { ...said, subject: address, score: 0.87, value: 'reported', detail: '', licence: null }
    const answer: IntelAnswer = {
      findings: [{ ...finding, kind: 'reputation' }],
      consulted: [{ ...said, kind: 'reputation' }],
    }
    for (let i = 0; i < 3; i++) await stub.intelArrived(address, answer)
    await stub.intelArrived('45.33.32.157', answer)
    await vi.waitFor(async () => expect((await row())!.intel).toContain('AbuseIPDB'), { timeout: 10_000 })
    const second = (await row())!
    expect(second).toMatchObject({ events_count: first.events_count, processing_time_ms: first.processing_time_ms })
    expect(JSON.parse(second.features)[featureIndex('abuse_score')]).toBeCloseTo(0.87)
    expect((await stub.health()).windowsJudged).toBe(before + 1)
    await stub.intelArrived(address, answer)
    await scheduler.wait(600)
    expect(await stub.health()).toMatchObject({ windowsJudged: before + 1, eventsUnjudged: 0 })
  })

  it('asks the desk of each address once in a while, never of a network', async () => {
    const asked: string[] = []
    const desk: Pick<IntelDeskPort, 'ask'> = {
      ask: async (questions) => {
        asked.push(...questions.map(({ address, suspicion, partition }) => `${partition} ${address} ${suspicion}`))
        return questions.map(({ address }) => ({ address, answer: NOTHING_KNOWN, isWaiting: true }))
      },
    }
    const live = new LiveIntel(desk as IntelDeskPort, 'p3')
    const seen = (source: string, suspicion: number) => ({ source, suspicion })
    await live.ask([seen('192.0.2.1', 0.5), seen('192.0.2.1', 0.9), seen('2001:db8:0:1::/64', 1)], 0)
    await live.ask([seen('192.0.2.1', 0.9)], 9 * MINUTE)
    expect(asked).toEqual(['p3 192.0.2.1 0.9'])
    await live.ask([seen('192.0.2.1', 0.9)], 11 * MINUTE)
    expect(asked).toHaveLength(2)
    expect(await new LiveIntel(null, 'p3').ask([seen('192.0.2.1', 1)], 0)).toEqual([])
  })

  it('uses no list of today on events of 2018', async () => {
    await post({ name: 'bad' }, '198.51.100.9\n')
    await reloaded(['bad'])
    await judge('p7003', failures('198.51.100.9', Date.UTC(2018, 0, 1)))
    const old = await incident('198.51.100.9')
    expect(old!.intel).toMatchObject({ findings: [], asked: [] })
  })

  it('goes on without the list whose entries are gone, and with it once they are back', async () => {
    await post({ name: 'a' }, '198.51.100.1\n')
    await post({ name: 'b' }, '198.51.100.2\n')
    const [row] = await new IntelListStore(databaseOf(DB)).all()
    const kept = (await new ListObjects(INTEL).get(row!.object_key))!
    await INTEL.delete(row!.object_key)
    await reloaded(['b'])
    await INTEL.put(row!.object_key, kept)
    await reloaded(['a', 'b'])
  })
})
