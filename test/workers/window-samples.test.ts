import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { databaseOf } from '../../adapters/d1/database.ts'
import { TrainingSamples } from '../../adapters/d1/training-samples.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import { SCHEMA_HASH } from '../../core/features/schema.ts'
import type { WindowSample } from '../../core/incidents/window-sample.ts'
import type { PartitionShare } from '../../durable-objects/names.ts'
import { SAMPLES_AN_HOUR } from '../../durable-objects/partition/window-samples.ts'
import type { SourcePartition } from '../../durable-objects/source-partition.ts'
import { standInModel } from '../support/stand-in-model.ts'

interface TestEnv {
  DB: D1Database
  SOURCE_PARTITION: DurableObjectNamespace<SourcePartition>
}
const env = workerEnv as unknown as TestEnv
const samples = new TrainingSamples(databaseOf(env.DB))

beforeAll(async () => {
  await standInModel()
})
beforeEach(() => env.DB.exec('DELETE FROM training_samples'))
afterEach(() => {
  vi.restoreAllMocks()
})

const DAY = 86_400_000
const HOUR = 3_600_000
const START = Date.UTC(2026, 2, 2, 10)

/** A request that the stand-in model takes for Normal, a flow that it would have verified, a log-in that it is sure of. */
const request = (src_ip: string, ts: number): ReadEvent =>
  read({ ts, src_ip, event_type: 'http.request', service: 'http' })
const flow = (src_ip: string, ts: number): ReadEvent =>
  read({ ts, src_ip, event_type: 'flow', bytes_out: 10, dst_ip: '192.0.2.7', dst_port: 80, proto: 'tcp' })
const failure = (src_ip: string, ts: number): ReadEvent =>
  read({ ts, src_ip, event_type: 'ssh.login.failed', service: 'ssh', username: 'root', dst_ip: '192.0.2.7' })
const read = (event: ReadEvent['event']): ReadEvent => ({ event, format: 'canonical', original: JSON.stringify(event) })

const address = (n: number) => `203.0.${113 + (n >> 8)}.${n & 255}`
let shares = 0
async function replay(partition: string, feed: string, events: ReadEvent[], batch = events.length): Promise<void> {
  const at = env.SOURCE_PARTITION.getByName(partition)
  const sorted = [...events].sort((a, b) => a.event.ts - b.event.ts)
  for (let i = 0; i < sorted.length; i += batch) {
    const part = sorted.slice(i, i + batch)
    const share: PartitionShare = {
      batch: `${feed}/${shares++}`,
      sensor: feed,
      stream: '',
      feed: `${feed}/log`,
      live: false,
      scope: `${feed}/log`,
      siteScope: `${feed}/log`,
      newestTs: part.at(-1)!.event.ts,
      receivedAt: Date.now(),
      events: JSON.stringify(part),
    }
    await at.add(share)
  }
}
/** What is open is judged as it stands, and all that waits is told. */
async function settle(partition: string): Promise<void> {
  const now = Date.now
  vi.spyOn(Date, 'now').mockImplementation(() => now() + HOUR)
  while (await runDurableObjectAlarm(env.SOURCE_PARTITION.getByName(partition)));
  vi.restoreAllMocks()
}

interface Stored extends Omit<WindowSample, 'features'> {
  features: string
  incident_id: number | null
  trust: string
  labelled_by: string
  was_override: number
}
const stored = async (): Promise<Stored[]> =>
  (await env.DB.prepare('SELECT * FROM training_samples ORDER BY src_ip, seen_at').all<Stored>()).results

/** One request of each of so many sources, spread over hours. */
const visitors = (count: number, hours: number) =>
  Array.from({ length: count }, (_, n) => request(address(n), START + Math.floor((n * hours * HOUR) / count)))

describe('windows that open nothing', () => {
  it('are sampled sparsely, with the label that the ensemble was sure of, and as weak', async () => {
    await replay('p9201', 'plain', visitors(1_000, 20), 100)
    await settle('p9201')
    const rows = await stored()
    // One in 64 of a thousand windows.
    expect(rows.length).toBeGreaterThan(5)
    expect(rows.length).toBeLessThan(35)
    for (const row of rows) {
      expect(row).toMatchObject({
        incident_id: null,
        trust: 'weak',
        labelled_by: 'ensemble',
        correct_label: 'Normal',
        ml_prediction: 'Normal',
        model_version: 'stand-in',
        schema_hash: SCHEMA_HASH,
        was_override: 0,
      })
      expect(JSON.parse(row.features)).toHaveLength(100)
    }
    expect(new Set(rows.map(({ src_ip }) => src_ip)).size).toBe(rows.length)
  })

  it('are the same ones in every replay, however it is cut', async () => {
    const events = visitors(1_000, 20)
    await replay('p9202', 'at-once', events)
    await settle('p9202')
    const first = await stored()
    await env.DB.exec('DELETE FROM training_samples')
    await replay('p9203', 'in-parts', events, 37)
    await settle('p9203')
    const second = await stored()
    const what = ({ src_ip, seen_at, features, ml_prediction }: Stored) => ({
      src_ip,
      seen_at,
      features,
      ml_prediction,
    })
    expect(second.map(what)).toEqual(first.map(what))
    expect(first.length).toBeGreaterThan(5)
  })

  it('that would have been verified have no label', async () => {
    const events = Array.from({ length: 600 }, (_, n) => flow(address(n), START + n * 60_000))
    await replay('p9204', 'thin', events, 100)
    await settle('p9204')
    const rows = await stored()
    expect(rows.length).toBeGreaterThan(2)
    for (const row of rows) expect(row).toMatchObject({ correct_label: null, ml_prediction: 'DDoS/DoS', trust: 'weak' })
  })

  it('of a source that is remembered for an incident, or is trusted to attack, are not sampled', async () => {
    const attack = Array.from({ length: 8 }, (_, i) => failure('198.51.100.9', START + i * 100))
    // Silent for ten minutes its window is Normal again, for hours.
    const later = Array.from({ length: 900 }, (_, i) => request('198.51.100.9', START + 600_000 + i * 10_000))
    const thin = Array.from({ length: 300 }, (_, n) => failure(address(n), START + n * 60_000))
    await replay('p9205', 'attacker', [...attack, ...later, ...thin], 100)
    await settle('p9205')
    expect(await stored()).toEqual([])
  })

  it('give one a day of a source, and of a partition so many an hour', async () => {
    // Busy in every pane of two days' parts.
    const busy = [0, 1].flatMap((day) =>
      Array.from({ length: 1_500 }, (_, i) => request('198.51.100.10', START + day * DAY + i * 10_000)),
    )
    await replay('p9206', 'busy', busy, 500)
    await settle('p9206')
    const days = (await stored()).map(({ seen_at }) => Math.floor(seen_at / DAY))
    expect(days).toEqual([Math.floor(START / DAY), Math.floor(START / DAY) + 1])
    await env.DB.exec('DELETE FROM training_samples')
    await replay('p9209', 'crowd', visitors(4_000, 1), 1_000)
    await settle('p9209')
    expect(await stored()).toHaveLength(SAMPLES_AN_HOUR)
  }, 60_000)

  it('are told once through a crash', async () => {
    const at = env.SOURCE_PARTITION.getByName('p9207')
    await replay('p9207', 'crash', visitors(600, 10), 100)
    await runInDurableObject(at, (_, state) => {
      expect(state.storage.sql.exec("SELECT 1 FROM outbox WHERE topic = 'samples'").toArray().length).toBeGreaterThan(0)
    })
    await evictDurableObject(at)
    await settle('p9207')
    const rows = await stored()
    expect(rows.length).toBeGreaterThan(2)
    await evictDurableObject(at)
    await settle('p9207')
    // Nor does the database take them twice.
    await samples.addWindows(rows.map((row) => ({ ...row, features: JSON.parse(row.features) })))
    expect(await stored()).toEqual(rows)
  })
})

describe('a database without the table of samples', () => {
  it('gets the incidents all the same, and nothing waits', async () => {
    await env.DB.prepare('ALTER TABLE training_samples RENAME TO broken').run()
    const complaint = vi.spyOn(console, 'error').mockImplementation(() => {})
    try {
      const attack = Array.from({ length: 8 }, (_, i) => failure('198.51.100.11', START + 10 * HOUR + i * 100))
      await replay('p9208', 'broken', [...visitors(600, 10), ...attack], 100)
      await settle('p9208')
      expect(complaint.mock.calls.flat().join()).toContain('samples of windows')
    } finally {
      await env.DB.prepare('ALTER TABLE broken RENAME TO training_samples').run()
    }
    const opened = await env.DB.prepare("SELECT 1 FROM incidents WHERE src_ip = '198.51.100.11'").all()
    expect(opened.results).toHaveLength(1)
    expect((await env.SOURCE_PARTITION.getByName('p9208').health()).outboxPending).toBe(0)
    expect(await stored()).toEqual([])
  })
})

describe('samples that nobody looked at', () => {
  it('are forgotten after thirty days, and those of judged incidents are not', async () => {
    const now = START + 60 * DAY
    const row = (name: string, created_at: number): WindowSample => ({
      sample_key: name,
      features: [1, null],
      schema_hash: SCHEMA_HASH,
      model_version: 'stand-in',
      ml_prediction: 'Normal',
      ml_confidence: 0.99,
      correct_label: 'Normal',
      src_ip: '203.0.113.1',
      seen_at: created_at,
      created_at,
    })
    await samples.addWindows([row('old', now - 31 * DAY), row('new', now - 29 * DAY), row('judged', now - 90 * DAY)])
    await env.DB.prepare("UPDATE training_samples SET trust = 'analyst' WHERE sample_key = 'judged'").run()
    await samples.prune(now)
    expect((await stored()).map(({ sample_key }) => sample_key).sort()).toEqual(['judged', 'new'])
  })
})
