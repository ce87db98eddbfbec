import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { storeKey } from '../../core/features/store/value.ts'
import { HAS_REDIS, NO_REDIS, RedisServer } from '../support/redis-server.ts'
import { API_TOKEN, SENSOR_KEY, type ServedApp, serveApp } from '../support/served-app.ts'
import { UpstashFace } from '../support/upstash-face.ts'

if (!HAS_REDIS) console.log(NO_REDIS)

const START = Date.UTC(2024, 4, 6, 8)
const ATTACKERS = 12
const addressOf = (attacker: number) => `203.0.113.${attacker + 1}`
/** One log-in every two seconds from each attacker, in order of time, in eight batches. */
const batches = Array.from({ length: 8 }, (_, b) =>
  Array.from({ length: ATTACKERS * 15 }, (_, i) => {
    const n = b * ATTACKERS * 15 + i
    const attacker = n % ATTACKERS
    return JSON.stringify({
      ts: new Date(START + Math.floor(n / ATTACKERS) * 2_000 + attacker * 50).toISOString(),
      src_ip: addressOf(attacker),
      event_type: 'ssh.login.failed',
      service: 'ssh',
      username: n % 3 ? 'root' : 'admin',
      password: `p${n}`,
    })
  }).join('\n'),
)

async function get<Body>(app: ServedApp, path: string): Promise<Body> {
  const answer = await fetch(`${app.origin}${path}`, { headers: { authorization: `Bearer ${API_TOKEN}` } })
  return (path === '/metrics' ? await answer.text() : await answer.json()) as Body
}
async function post(app: ServedApp, n: number): Promise<void> {
  const headers = { authorization: `Bearer ${SENSOR_KEY}`, 'idempotency-key': `b${n}`, 'x-picket-stream': 'replay' }
  const answer = await fetch(`${app.origin}/v1/events`, { method: 'POST', body: batches[n]!, headers })
  expect([answer.status, await answer.json()]).toMatchObject([202, { accepted: ATTACKERS * 15, duplicates: 0 }])
}
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await wait(200)) if (await isSo()) return
  throw new Error(`not within 30 s: ${what}`)
}
const settled = (app: ServedApp) =>
  until('all judged and told', async () => {
    const metrics = await get<string>(app, '/metrics')
    return /^picket_events_unjudged 0$/m.test(metrics) && /^picket_outbox_pending 0$/m.test(metrics)
  })

interface Incident {
  id: number
  src_ip: string
  created_at: string
  updated_at: string
  audit: unknown
  /** `at` is when it was asked for. */
  intel: { at: string }
}
/** All incidents whole, but for what is of the run and not of the events. */
async function incidentsOf(app: ServedApp) {
  const { items } = await get<{ items: Incident[] }>(app, '/api/incidents?status=all&limit=200')
  const whole = await Promise.all(items.map(({ id }) => get<Incident>(app, `/api/incidents/${id}`)))
  return whole
    .map(({ id: _, created_at: _c, updated_at: _u, audit: _a, intel: { at: _at, ...intel }, ...incident }) => ({
      ...incident,
      intel,
    }))
    .sort((a, b) => (a.src_ip < b.src_ip ? -1 : 1))
}

interface Ready {
  ready: boolean
  dependencies: { feature_store: { ok: boolean; degraded?: true; detail: string } }
}
interface Statistics {
  backend: string
  hits: number
  written: number
  write_errors: number
  retrieve_ms: { p50: number | null }
  extract_ms: { p50: number | null }
  entries: number | null
  memory_bytes: number | null
}

describe.skipIf(!HAS_REDIS)('npm run serve with a Redis', () => {
  let redis: RedisServer
  let face: UpstashFace
  let app: ServedApp
  let undisturbed: Awaited<ReturnType<typeof incidentsOf>> = []

  beforeAll(async () => {
    const without = await serveApp(async () => {})
    try {
      for (const n of batches.keys()) await post(without, n)
      await settled(without)
      undisturbed = await incidentsOf(without)
    } finally {
      await without.stop()
    }
    redis = await RedisServer.start()
    face = await UpstashFace.start(redis.port)
    app = await serveApp(async () => {}, { UPSTASH_REDIS_REST_URL: face.url, UPSTASH_REDIS_REST_TOKEN: face.token })
  })
  afterAll(async () => {
    await app?.stop()
    await face?.stop()
    await redis?.kill()
  })

  it('that is killed, hangs, resets and comes back during a replay opens the incidents of an undisturbed run', async () => {
    expect(undisturbed).toHaveLength(ATTACKERS)
    await post(app, 0)
    await post(app, 1)
    await until('vectors in Redis', async () => (await redis.command('DBSIZE')) === ATTACKERS)
    await redis.kill()
    for (const n of [2, 3]) await post(app, n)
    await until('the store is degraded', async () => {
      const { ready, dependencies } = await get<Ready>(app, '/readyz')
      expect(ready).toBe(true)
      return dependencies.feature_store.degraded === true
    })
    face.fault = 'hang'
    await post(app, 4)
    await wait(1_500)
    face.fault = 'reset'
    await post(app, 5)
    await wait(1_500)
    face.fault = null
    await redis.start()
    for (const n of [6, 7]) await post(app, n)
    await settled(app)
    expect(await incidentsOf(app)).toEqual(undisturbed)
    await until('vectors in Redis again', async () => Number(await redis.command('DBSIZE')) === ATTACKERS)
    expect(await get<Ready>(app, '/readyz')).toMatchObject({
      ready: true,
      dependencies: { feature_store: { ok: true, detail: expect.stringContaining('upstash answers') } },
    })
  })

  it('gives the present vector out of Redis, and from the partition when Redis has lost it', async () => {
    const ask = () =>
      get<{ store: string; from: string; features: { name: string; value: number | null }[] }>(
        app,
        `/api/features/${addressOf(0)}`,
      )
    const before = await get<Statistics>(app, '/api/feature-store/stats')
    expect(before).toMatchObject({ backend: 'upstash', entries: ATTACKERS })
    expect(before.written).toBeGreaterThan(ATTACKERS)
    expect(before.write_errors).toBeGreaterThan(0)
    expect(before.memory_bytes).toBeGreaterThan(100_000)
    await until('the newest window is stored', async () => (await ask()).store === 'hit')
    await redis.command('DEL', storeKey(addressOf(0)))
    const extracted = await ask()
    expect(extracted).toMatchObject({ store: 'miss', from: 'partition' })
    await until('it is stored again', async () => (await redis.command('EXISTS', storeKey(addressOf(0)))) === 1)
    const stored = await ask()
    expect(stored).toMatchObject({ store: 'hit', from: 'store' })
    expect(stored.features).toEqual(extracted.features)
    expect(Number(await redis.command('TTL', storeKey(addressOf(0))))).toBeGreaterThan(3_500)
    const after = await get<Statistics>(app, '/api/feature-store/stats')
    expect(after.hits).toBeGreaterThan(before.hits)
    expect(after.retrieve_ms.p50).toBeGreaterThan(0)
    expect(after.extract_ms.p50).toBeGreaterThan(0)
    expect(JSON.stringify(after)).not.toContain(face.token)
  })
})
