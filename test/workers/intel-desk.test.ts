import { runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { describe, expect, it, vi } from 'vitest'
import { readIntelDesk } from '../../adapters/durable-objects/intel-desk-reader.ts'
import { type IntelAnswer, NOTHING_KNOWN } from '../../core/intel/finding.ts'
import { MOST_WAITING } from '../../core/intel/live/admission.ts'
import { PROVIDERS, type ProviderName } from '../../core/intel/live/providers.ts'
import { IntelDesk } from '../../durable-objects/intel-desk.ts'
import { liveLookUpMetrics } from '../../worker/live-look-up-metrics.ts'
import { prometheusText } from '../../worker/prometheus.ts'
import abuseReported from '../fixtures/intel-live/abuseipdb-reported.json'
import crowdSecMalicious from '../fixtures/intel-live/crowdsec-malicious.json'
import greyNoiseMalicious from '../fixtures/intel-live/greynoise-community-malicious.json'
import otxPulses from '../fixtures/intel-live/otx-pulses.json'

const { INTEL_DESK } = workerEnv as unknown as { INTEL_DESK: DurableObjectNamespace<IntelDesk> }

const ABUSEIPDB = { ABUSEIPDB_API_KEY: 'a' }
const ALL = { ...ABUSEIPDB, GREYNOISE_API_KEY: 'g', CROWDSEC_CTI_API_KEY: 'c', OTX_API_KEY: 'o' }
const NOON = Date.UTC(2026, 10, 24, 12)
const HOUR = 3_600_000
const A = '45.33.32.156'
const B = '45.33.32.157'

const ANSWERS: [RegExp, unknown][] = [
  [/\/api\/v2\/check/, abuseReported],
  [/\/v3\/community\//, greyNoiseMalicious],
  [/\/v2\/smoke\//, crowdSecMalicious],
  [/\/api\/v1\/indicators\//, otxPulses],
]
/** The service's documented answer, about the address that was asked about. */
function documented(url: string): Response {
  const [, body] = ANSWERS.find(([path]) => path.test(url))!
  const address = /ipAddress=([^&]+)/.exec(url)?.[1] ?? /(?:community|smoke|IPv[46])\/([^/]+)/.exec(url)![1]!
  return new Response(JSON.stringify(body).replaceAll(A, decodeURIComponent(address)))
}

type Answer = (url: string) => Response | Promise<Response>

/** A desk's surroundings: its clock, the services, the partitions that listen, and its alarm, all driven by the test. */
class Surroundings {
  now = NOON
  alarmAt: number | null = null
  urls: string[] = []
  told: { partition: string; address: string; answer: IntelAnswer }[] = []
  answer: Answer = documented
  listen: (partition: string) => Promise<void> = async () => {}
  readonly #state: DurableObjectState

  constructor(state: DurableObjectState) {
    this.#state = state
    vi.spyOn(state.storage, 'setAlarm').mockImplementation(async (at) => {
      this.alarmAt = Number(at)
    })
  }

  /** A desk on this object's storage, as after a restart. */
  desk(settings: Record<string, string>): IntelDesk {
    const SOURCE_PARTITION = {
      getByName: (partition: string) => ({
        intelArrived: async (address: string, answer: IntelAnswer) => {
          await this.listen(partition)
          this.told.push({ partition, address, answer })
        },
      }),
    }
    const fetch = async (url: unknown) => {
      this.urls.push(String(url))
      return this.answer(String(url))
    }
    const parts = { clock: () => this.now, fetch: fetch as typeof globalThis.fetch }
    return new IntelDesk(this.#state, { SOURCE_PARTITION, ...settings }, parts)
  }

  /** Fires the alarm when its time has come. */
  async alarm(desk: IntelDesk): Promise<void> {
    expect(this.alarmAt).not.toBeNull()
    this.now = Math.max(this.now, this.alarmAt!)
    this.alarmAt = null
    await desk.alarm()
  }
}

let desks = 0
const withDesk = (test: (at: Surroundings) => Promise<void>) =>
  runInDurableObject(INTEL_DESK.getByName(`desk-${desks++}`), (_, state) => test(new Surroundings(state)))

const question = (address: string, suspicion = 0.5, partition = 'p0') => ({ address, suspicion, partition })
const healthOf = async (desk: IntelDesk, name: ProviderName = 'abuseipdb') =>
  (await desk.health()).providers.find(({ provider }) => provider === name)!

describe('who looks', () => {
  it('is told of the one desk through its reader, and by Prometheus metrics that name every service', async () => {
    const reading = await readIntelDesk({ INTEL_DESK })
    expect(reading).toMatchObject({ name: 'live look-ups', health: { ok: true } })
    if (!reading.health.ok) return
    const text = prometheusText(liveLookUpMetrics(reading.health.value))
    for (const name of PROVIDERS)
      expect(text).toContain(`picket_intel_provider_state{provider="${name}",state="off"} 1`)
    expect(text).not.toMatch(/NaN|undefined/)
  })
})

describe('without a key', () => {
  it('the desk costs nothing and says so', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch')
    const desk = INTEL_DESK.getByName('desk')
    expect(await desk.ask([question(A)])).toEqual([{ address: A, answer: NOTHING_KNOWN, isWaiting: false }])
    const health = await desk.health()
    expect(health.providers.map(({ provider, state }) => [provider, state])).toEqual(
      PROVIDERS.map((name) => [name, { tag: 'off', why: 'no key' }]),
    )
    expect(health).toMatchObject({ counters: { questions: 1 }, answersKept: 0 })
    expect(await runInDurableObject(desk, (_, state) => state.storage.getAlarm())).toBeNull()
    expect(fetched).not.toHaveBeenCalled()
    fetched.mockRestore()
  })

  it('a setting that cannot be used turns its service off and is named; a bad own network turns all off', () =>
    withDesk(async (at) => {
      const desk = at.desk({ ...ALL, OTX_BASE_URL: 'nowhere', ABUSEIPDB_DAILY_BUDGET: 'many' })
      expect((await healthOf(desk, 'otx')).state).toEqual({ tag: 'off', why: 'OTX_BASE_URL is not a URL' })
      expect((await healthOf(desk)).state).toMatchObject({ tag: 'off' })
      expect((await healthOf(desk, 'greynoise')).state).toEqual({ tag: 'ready' })
      const blind = at.desk({ ...ALL, OWN_RANGES: '45.33.0.0/99' })
      for (const name of PROVIDERS) expect((await healthOf(blind, name)).state.tag).toBe('off')
    }))
})

describe('a question', () => {
  it('is answered at once with nothing, then asked everywhere, stored, and told to its partition once', () =>
    withDesk(async (at) => {
      const desk = at.desk(ALL)
      expect(await desk.ask([question(A)])).toEqual([{ address: A, answer: NOTHING_KNOWN, isWaiting: true }])
      expect(at.urls).toEqual([])
      await at.alarm(desk)
      expect(at.urls).toHaveLength(4)
      expect(at.told).toMatchObject([{ partition: 'p0', address: A }])
      const { findings, consulted } = at.told[0]!.answer
      expect(findings.map(({ source, kind, score }) => [source, kind, score])).toEqual([
        ['AbuseIPDB', 'reputation', 0.87],
        ['AbuseIPDB', 'tor-exit', 0],
        ['CrowdSec CTI', 'reputation', 0.8],
        ['CrowdSec CTI', 'tor-exit', 1],
        ['GreyNoise', 'reputation', 1],
        ['AlienVault OTX', 'reputation', null],
      ])
      expect(consulted).toHaveLength(6)
      expect(await desk.ask([question(A, 0.9, 'p1')])).toEqual([
        { address: A, answer: at.told[0]!.answer, isWaiting: false },
      ])
      expect(at.alarmAt).toBeNull()
      expect(await desk.health()).toMatchObject({ untold: 0, answersKept: 4, counters: { answersFromCache: 4 } })
    }))

  it('of several partitions is asked once and told to all of them', () =>
    withDesk(async (at) => {
      const desk = at.desk(ABUSEIPDB)
      await desk.ask([question(A, 0.5, 'p0')])
      await desk.ask([question(A, 0.7, 'p3'), question(A, 0.1, 'p0'), question(B), question(B, 0.6)])
      await at.alarm(desk)
      expect(at.urls).toHaveLength(2)
      expect(at.told.map(({ partition, address }) => `${partition} ${address}`).sort()).toEqual([
        `p0 ${A}`,
        `p0 ${B}`,
        `p3 ${A}`,
      ])
    }))

  it('never sends out a private, reserved or own address, and counts them', () =>
    withDesk(async (at) => {
      const desk = at.desk({ ...ALL, OWN_RANGES: '45.33.32.0/24' })
      const held = ['10.0.0.1', '192.0.2.1', 'fe80::1', '::1', A, '2a01:4f8::/64', 'x']
      const replies = await desk.ask(held.map((address) => question(address, 1)))
      expect(replies).toEqual(held.map((address) => ({ address, answer: NOTHING_KNOWN, isWaiting: false })))
      expect(at.alarmAt).toBeNull()
      expect((await desk.health()).counters).toMatchObject({ notPublic: 4, own: 1, noAddress: 2 })
    }))

  it('that waits is not sent out either once its network became an own one', () =>
    withDesk(async (at) => {
      await at.desk(ABUSEIPDB).ask([question(A)])
      const desk = at.desk({ ...ABUSEIPDB, OWN_RANGES: '45.33.32.0/24' })
      await at.alarm(desk)
      expect(at.urls).toEqual([])
      expect((await healthOf(desk)).waiting).toBe(0)
    }))

  it('on an IPv6 address goes to those that know IPv6', () =>
    withDesk(async (at) => {
      const desk = at.desk(ALL)
      await desk.ask([question('2a01:4f8::1')])
      await at.alarm(desk)
      expect(at.urls.map((url) => new URL(url).hostname).sort()).toEqual(['api.abuseipdb.com', 'otx.alienvault.com'])
    }))

  it('that a service does not know is kept as not seen and not paid for again', () =>
    withDesk(async (at) => {
      const desk = at.desk({ GREYNOISE_API_KEY: 'g' })
      at.answer = () => Response.json({ ip: A, noise: false, riot: false, message: '…' }, { status: 404 })
      await desk.ask([question(A)])
      await at.alarm(desk)
      const answer = {
        findings: [],
        consulted: [{ kind: 'reputation', source: 'GreyNoise', asOf: NOON, expires: NOON + 12 * HOUR }],
      }
      expect(at.told).toEqual([{ partition: 'p0', address: A, answer }])
      at.now += 11 * HOUR
      expect(await desk.ask([question(A)])).toEqual([{ address: A, answer, isWaiting: false }])
      at.now += HOUR
      expect(await desk.ask([question(A)])).toMatchObject([{ answer: NOTHING_KNOWN, isWaiting: true }])
    }))

  it('of a more suspicious address takes its turn first, and the place of a less suspicious one', () =>
    withDesk(async (at) => {
      const desk = at.desk({ ...ABUSEIPDB, ABUSEIPDB_DAILY_BUDGET: '3' })
      at.now = Date.UTC(2026, 10, 24, 23, 30)
      const crowd = Array.from({ length: MOST_WAITING }, (_, i) =>
        question(`45.40.${i >> 8}.${i & 255}`, (i + 1) / (MOST_WAITING + 1)),
      )
      await desk.ask(crowd)
      const replies = await desk.ask([question(A, 1), question(B, 0)])
      expect(replies.map(({ isWaiting }) => isWaiting)).toEqual([true, false])
      expect(await healthOf(desk)).toMatchObject({ waiting: MOST_WAITING, counters: { dropped: 2 } })
      await at.alarm(desk)
      expect(at.urls.map((url) => new URL(url).searchParams.get('ipAddress'))).toEqual([
        A,
        ...crowd
          .slice(-2)
          .reverse()
          .map(({ address }) => address),
      ])
    }))

  it('that cannot be asked within the hour is not kept, and counted', () =>
    withDesk(async (at) => {
      const desk = at.desk({ ...ABUSEIPDB, ABUSEIPDB_DAILY_BUDGET: '0' })
      expect(await desk.ask([question(A)])).toMatchObject([{ isWaiting: false }])
      expect(at.alarmAt).toBeNull()
      expect(await healthOf(desk)).toMatchObject({ waiting: 0, counters: { notTaken: 1 } })
    }))

  it('that waited an hour is dropped and counted: its window is long gone', () =>
    withDesk(async (at) => {
      const desk = at.desk({ ...ABUSEIPDB, ABUSEIPDB_DAILY_BUDGET: '0' })
      at.now = Date.UTC(2026, 10, 24, 23, 30)
      await desk.ask([question(A)])
      await at.alarm(desk)
      expect(at.alarmAt).toBe(Date.UTC(2026, 10, 25))
      await at.alarm(desk)
      expect(at.alarmAt).toBe(Date.UTC(2026, 10, 25, 0, 30))
      await at.alarm(desk)
      expect(at.urls).toEqual([])
      expect(await healthOf(desk)).toMatchObject({ waiting: 0, counters: { expired: 1 } })
      expect(at.alarmAt).toBeNull()
    }))
})

describe('a budget', () => {
  it('is kept over restarts and renewed at midnight UTC', () =>
    withDesk(async (at) => {
      const settings = { ...ABUSEIPDB, ABUSEIPDB_DAILY_BUDGET: '2' }
      at.now = Date.UTC(2026, 10, 24, 23, 30)
      await at.desk(settings).ask([question(A, 0.9), question(B, 0.8), question('45.33.32.158', 0.7)])
      const desk = at.desk(settings)
      await at.alarm(desk)
      expect(at.urls).toHaveLength(2)
      const midnight = Date.UTC(2026, 10, 25)
      expect(await healthOf(at.desk(settings))).toMatchObject({
        state: { tag: 'budget-spent', until: midnight },
        callsToday: 2,
        waiting: 1,
      })
      const again = at.desk(settings)
      at.alarmAt = midnight
      await at.alarm(again)
      expect(at.urls).toHaveLength(3)
      expect(await healthOf(again)).toMatchObject({ state: { tag: 'ready' }, callsToday: 1 })
    }))

  it('counts a call that a crash cut off as spent, and asks it again', () =>
    withDesk(async (at) => {
      const settings = { ...ABUSEIPDB, ABUSEIPDB_DAILY_BUDGET: '2' }
      const dying = at.desk(settings)
      await dying.ask([question(A)])
      at.answer = () => new Promise(() => {})
      void dying.alarm()
      await vi.waitFor(() => expect(at.urls).toHaveLength(1))
      at.answer = documented
      const desk = at.desk(settings)
      expect(await healthOf(desk)).toMatchObject({ callsToday: 1, waiting: 1 })
      at.alarmAt = at.now
      await at.alarm(desk)
      expect(at.told).toHaveLength(1)
      expect(await healthOf(desk)).toMatchObject({ callsToday: 2, waiting: 0, state: { tag: 'budget-spent' } })
    }))

  it('does not pay a call that ended a second time, though its partition could not be told before the crash', () =>
    withDesk(async (at) => {
      const dying = at.desk(ALL)
      at.listen = async () => {
        throw new Error('the partition is restarting')
      }
      await dying.ask([question(A)])
      await at.alarm(dying)
      expect(at.told).toEqual([])
      at.listen = async () => {}
      const desk = at.desk(ALL)
      await vi.waitFor(() => expect(at.alarmAt).not.toBeNull())
      await at.alarm(desk)
      expect(at.told).toMatchObject([{ partition: 'p0', address: A, answer: { findings: { length: 6 } } }])
      expect(at.urls).toHaveLength(4)
      expect((await desk.health()).untold).toBe(0)
    }))

  it('a partition that cannot be told keeps no other waiting', () =>
    withDesk(async (at) => {
      const desk = at.desk(ABUSEIPDB)
      at.listen = async (partition) => {
        if (partition === 'p0') throw new Error('no')
      }
      await desk.ask([question(A, 0.5, 'p0'), question(B, 0.5, 'p1')])
      await at.alarm(desk)
      expect(at.told).toMatchObject([{ partition: 'p1', address: B }])
      expect(at.alarmAt).toBe(NOON + 5_000)
      expect((await desk.health()).untold).toBe(1)
    }))
})

describe('a service that fails', () => {
  it('with a 429 is left alone as long as it said, and no question is lost', () =>
    withDesk(async (at) => {
      const desk = at.desk(ABUSEIPDB)
      at.answer = () => new Response('{}', { status: 429, headers: { 'Retry-After': '600' } })
      await desk.ask([question(A)])
      await at.alarm(desk)
      expect(await healthOf(desk)).toMatchObject({
        state: { tag: 'told-to-wait', until: NOON + 600_000 },
        waiting: 1,
        lastFailure: { tag: 'too-many-requests', at: NOON },
      })
      expect(at.alarmAt).toBe(NOON + 600_000)
      at.answer = documented
      await at.alarm(desk)
      expect(at.told).toHaveLength(1)
    }))

  it('with a refused key is off until key or settings change, over restarts too', () =>
    withDesk(async (at) => {
      const desk = at.desk(ABUSEIPDB)
      at.answer = () => new Response('{}', { status: 401 })
      await desk.ask([question(A), question(B)])
      await at.alarm(desk)
      expect(await healthOf(at.desk(ABUSEIPDB))).toMatchObject({
        state: { tag: 'key-refused', status: 401, at: NOON },
        waiting: 0,
      })
      expect(await at.desk(ABUSEIPDB).ask([question(A)])).toMatchObject([{ isWaiting: false }])
      at.answer = documented
      const changed = at.desk({ ABUSEIPDB_API_KEY: 'another' })
      expect((await healthOf(changed)).state).toEqual({ tag: 'ready' })
      expect(await changed.ask([question(A)])).toMatchObject([{ isWaiting: true }])
    }))

  it('is asked three times about an address, then not about it for a quarter of an hour', () =>
    withDesk(async (at) => {
      const desk = at.desk(ABUSEIPDB)
      at.answer = () => new Response('', { status: 503 })
      await desk.ask([question(A)])
      for (const wait of [30_000, 60_000]) {
        await at.alarm(desk)
        expect(at.alarmAt).toBe(at.now + wait)
      }
      await at.alarm(desk)
      expect(at.urls).toHaveLength(3)
      expect(await healthOf(desk)).toMatchObject({
        waiting: 0,
        counters: { givenUp: 1, failures: { 'server-error': 3 } },
      })
      expect(await desk.ask([question(A)])).toEqual([{ address: A, answer: NOTHING_KNOWN, isWaiting: false }])
      at.now += 15 * 60_000
      expect(await desk.ask([question(A)])).toMatchObject([{ isWaiting: true }])
      expect(at.told).toEqual([])
    }))

  it('opens its breaker, which outlives a restart, and is tried with one call', () =>
    withDesk(async (at) => {
      at.answer = () => Promise.reject(new Error('connection refused'))
      const desk = at.desk(ABUSEIPDB)
      await desk.ask(Array.from({ length: 6 }, (_, i) => question(`45.33.40.${i}`)))
      await at.alarm(desk)
      const restarted = at.desk(ABUSEIPDB)
      expect((await healthOf(restarted)).state).toEqual({ tag: 'breaker-open', until: NOON + 30_000 })
      at.urls = []
      at.now = NOON + 30_000
      await restarted.alarm()
      expect(at.urls).toHaveLength(1)
      expect((await healthOf(restarted)).state).toEqual({ tag: 'breaker-open', until: NOON + 90_000 })
      at.answer = documented
      at.now = NOON + 90_000
      await restarted.alarm()
      expect((await healthOf(restarted)).state).toEqual({ tag: 'ready' })
      expect(at.told).toHaveLength(6)
    }))

  it('with nonsense is not paid for it again, gives no finding, and keeps no other service from answering', () =>
    withDesk(async (at) => {
      const desk = at.desk(ALL)
      const nonsense = { data: { ...abuseReported.data, abuseConfidenceScore: 900 } }
      at.answer = (url) => (url.includes('abuseipdb') ? Response.json(nonsense) : documented(url))
      await desk.ask([question(A)])
      await at.alarm(desk)
      const sources = at.told[0]!.answer.consulted.map(({ source }) => source)
      expect([...new Set(sources)]).toEqual(['CrowdSec CTI', 'GreyNoise', 'AlienVault OTX'])
      expect((await healthOf(desk)).lastFailure).toMatchObject({ tag: 'wrong-form' })
      expect(await desk.ask([question(A)])).toEqual([{ address: A, answer: at.told[0]!.answer, isWaiting: false }])
    }))
})
