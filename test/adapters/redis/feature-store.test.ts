import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { deadlineAfter } from '../../../adapters/feature-store/deadline.ts'
import { upstashShelf } from '../../../adapters/redis/feature-store.ts'
import { GuardedStore } from '../../../core/features/store/guarded-store.ts'
import { storeKey } from '../../../core/features/store/value.ts'
import { cursorAt, entryOf, featureStoreSuite } from '../../support/feature-store-suite.ts'
import { HAS_REDIS, NO_REDIS, RedisServer } from '../../support/redis-server.ts'
import { type Fault, UpstashFace } from '../../support/upstash-face.ts'

if (!HAS_REDIS) console.log(NO_REDIS)

describe.skipIf(!HAS_REDIS)('Upstash Redis', () => {
  let redis: RedisServer
  let face: UpstashFace
  beforeAll(async () => {
    redis = await RedisServer.start()
    face = await UpstashFace.start(redis.port)
  })
  afterAll(async () => {
    await face?.stop()
    await redis?.kill()
  })
  afterEach(() => {
    face.fault = null
  })

  const clock = { now: 0 }
  const open = (token = face.token) =>
    new GuardedStore(upstashShelf({ url: face.url, token }), () => clock.now, deadlineAfter)
  const want = (address: string) => [{ address, cursor: cursorAt(9) }]

  featureStoreSuite('Upstash Redis', async () => ({
    store: open(),
    async put(key, value) {
      await redis.command('SET', key, value, 'EX', '3600')
    },
    async timeToLive(key) {
      const left = (await redis.command('TTL', key)) as number
      return left < 0 ? null : left
    },
    async expire(key) {
      await redis.command('DEL', key)
    },
  }))

  it.each<[Fault, string | RegExp]>([
    ['hang', 'no answer within 50 ms'],
    ['reset', /./],
    ['html', /./],
    ['not-json', /./],
    ['short', 'the answer is shorter than the question'],
    ['error-500', 'ERR internal'],
  ])('that answers with %s gives an error within 50 ms, and a vector again once it is well', async (fault, why) => {
    const store = open()
    await store.write([entryOf('192.0.2.200')])
    face.fault = fault
    const askedAt = performance.now()
    const [found] = await store.read(want('192.0.2.200'))
    expect(performance.now() - askedAt).toBeLessThan(150)
    expect(found).toEqual({ tag: 'error', why: typeof why === 'string' ? why : expect.stringMatching(why) })
    face.fault = null
    expect(await store.read(want('192.0.2.200'))).toMatchObject([{ tag: 'hit' }])
  })

  it('that keeps failing is left alone, and comes back by itself', async () => {
    const store = open()
    await store.write([entryOf('192.0.2.201')])
    face.fault = 'reset'
    const tags = []
    for (let i = 0; i < 5; i++) tags.push((await store.read(want('192.0.2.201')))[0]!.tag)
    expect(tags).toEqual(['error', 'error', 'error', 'unasked', 'unasked'])
    const { requests } = face
    clock.now += 1_000
    expect((await store.read(want('192.0.2.201')))[0]!.tag).toBe('error')
    expect((await store.read(want('192.0.2.201')))[0]!.tag).toBe('unasked')
    expect(face.requests).toBe(requests + 1)
    face.fault = null
    clock.now += 2_000
    expect((await store.read(want('192.0.2.201')))[0]!.tag).toBe('hit')
  })

  it('with a value of another kind under the key gives an error for that key alone, and writes over it', async () => {
    const store = open()
    await redis.command('DEL', storeKey('192.0.2.202'))
    await redis.command('LPUSH', storeKey('192.0.2.202'), 'x')
    await store.write([entryOf('192.0.2.203')])
    const found = await store.read([...want('192.0.2.202'), ...want('192.0.2.203')])
    expect(found).toMatchObject([{ tag: 'error', why: expect.stringContaining('WRONGTYPE') }, { tag: 'hit' }])
    await store.write([entryOf('192.0.2.202')])
    expect(await store.read(want('192.0.2.202'))).toMatchObject([{ tag: 'hit' }])
  })

  it('that is full takes nothing, says so, and still gives what it has', async () => {
    const full = await RedisServer.start()
    const its = await UpstashFace.start(full.port)
    try {
      const store = new GuardedStore(upstashShelf({ url: its.url, token: its.token }), () => clock.now, deadlineAfter)
      await store.write([entryOf('192.0.2.204')])
      await full.command('CONFIG', 'SET', 'maxmemory', '1')
      const outcome = await store.write([entryOf('192.0.2.205'), entryOf('192.0.2.206')])
      expect(outcome).toEqual({ written: 0, failed: 2, why: expect.stringContaining('OOM') })
      expect(await store.read(want('192.0.2.204'))).toMatchObject([{ tag: 'hit' }])
    } finally {
      await its.stop()
      await full.kill()
    }
  })

  it('refuses a bad token in words that do not hold it or what was asked', async () => {
    const [found] = await open('another-token').read(want('192.0.2.207'))
    expect(found).toEqual({ tag: 'error', why: 'WRONGPASS invalid or missing auth token' })
  })

  it('that is killed and started again comes back by itself', async () => {
    const store = open()
    await store.write([entryOf('192.0.2.208')])
    await redis.kill()
    expect((await store.read(want('192.0.2.208')))[0]!.tag).toBe('error')
    await redis.start()
    expect((await store.read(want('192.0.2.208')))[0]!.tag).toBe('miss')
    await store.write([entryOf('192.0.2.208')])
    expect((await store.read(want('192.0.2.208')))[0]!.tag).toBe('hit')
  })

  it('is not called slow when it was this thread that was busy', async () => {
    const store = open()
    await store.write([entryOf('192.0.2.209')])
    const reading = store.read(want('192.0.2.209'))
    await wait(1)
    for (const until = performance.now() + 200; performance.now() < until; );
    expect(await reading).toMatchObject([{ tag: 'hit' }])
  })

  it('answers each of several calls at once within its own time', async () => {
    const store = open()
    await store.write([entryOf('192.0.2.210')])
    face.fault = 'hang'
    const hanging = store.read(want('192.0.2.210'))
    await wait(20)
    face.fault = null
    expect(await store.read(want('192.0.2.210'))).toMatchObject([{ tag: 'hit' }])
    expect(await hanging).toMatchObject([{ tag: 'error', why: 'no answer within 50 ms' }])
  })
})
