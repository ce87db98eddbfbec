import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { exports, env as workerEnv } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../../core/auth/token.ts'
import { demoDay } from '../../core/demo/day.ts'
import { packBatch } from '../../core/events/batch.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import { createLineReader } from '../../core/events/formats.ts'
import { FEATURES } from '../../core/features/schema.ts'
import { type LabelledEvent, labelledWindows } from '../../core/learning/labelled-windows.ts'
import type { TriageNote } from '../../core/store/schema.ts'
import type { Council } from '../../durable-objects/council.ts'
import type { Sensor } from '../../durable-objects/sensor.ts'
import type { SourcePartition } from '../../durable-objects/source-partition.ts'

interface TestEnv {
  DB: D1Database
  SENSOR: DurableObjectNamespace<Sensor>
  SOURCE_PARTITION: DurableObjectNamespace<SourcePartition>
  COUNCIL: DurableObjectNamespace<Council>
}
const env = workerEnv as unknown as TestEnv
const PARTITIONS = 4
const HOUR = 3_600_000
const START = Date.UTC(2024, 4, 6, 8)

const failure = (src_ip: string, ts: number, n = 0): ReadEvent => {
  const event = {
    ts,
    src_ip,
    event_type: 'ssh.login.failed',
    service: 'ssh',
    proto: 'tcp',
    username: n % 3 ? 'root' : 'admin',
    password: `pass${n}`,
  }
  return { event, format: 'canonical', original: JSON.stringify({ ...event, n }) }
}
/** An attacker's minutes: enough guesses for the shipped model to call it brute force. */
const guessing = (src_ip: string, from: number, count = 60) =>
  Array.from({ length: count }, (_, i) => failure(src_ip, from + i * 1_000, i))

let batches = 0
async function post(
  sensor: string,
  events: ReadEvent[],
  options: { id?: string; stream?: string; receivedAt?: number } = {},
) {
  const { id = `batch-${batches++}`, stream = 'log', receivedAt = START + 30 * 24 * HOUR } = options
  const batch = packBatch(events, { id, stream, receivedAt, rejected: 0, rejections: [] }, PARTITIONS)
  return env.SENSOR.getByName(sensor).ingest(batch)
}

const partitions = () => Array.from({ length: PARTITIONS }, (_, i) => env.SOURCE_PARTITION.getByName(`p${i}`))
const health = async () => {
  const each = await Promise.all(partitions().map((partition) => partition.health()))
  const sum = (figure: (one: (typeof each)[number]) => number) => each.reduce((total, one) => total + figure(one), 0)
  return {
    unjudged: sum((one) => one.eventsUnjudged),
    accepted: sum((one) => one.eventsAccepted),
    duplicates: sum((one) => one.eventsDuplicate),
    late: sum((one) => one.eventsLate),
    outbox: sum((one) => one.outboxPending),
  }
}

/** Lets a replay end: it has been silent for long, so what is open is judged as it stands; what follows is told. */
async function settle(sensor: string) {
  for (let round = 0; round < 2; round++) {
    for (const partition of partitions()) await runDurableObjectAlarm(partition)
    await runDurableObjectAlarm(env.SENSOR.getByName(sensor))
  }
  expect(await health()).toMatchObject({ unjudged: 0, outbox: 0 })
}

/** Only a running object can be evicted. */
async function evictAll() {
  await health()
  for (const partition of partitions()) await evictDurableObject(partition)
}

interface Row {
  incident_key: string
  kind: string
  src_ip: string
  threat_class: number
  sources_count: number
  events_count: number
  first_seen: number
  last_seen: number
  ml_confidence: number
  targets: string
  triage_note: string
  features: string
  previous_key: string | null
  status: string
  revision: number
}
const incidents = async (where = '1'): Promise<Row[]> =>
  (await env.DB.prepare(`SELECT * FROM incidents WHERE ${where} ORDER BY src_ip, class_family, first_seen`).all<Row>())
    .results

beforeAll(async () => {
  await env.DB.prepare(
    "INSERT INTO sensors (id, name, key_hash, created_at) VALUES ('http', 'over HTTP', ?, 0) ON CONFLICT DO NOTHING",
  )
    .bind(await sha256Hex('http-key'))
    .run()
})

describe('an attack that is replayed', () => {
  it('becomes one incident with its events, counted once, and their original lines', async () => {
    expect(await post('one', guessing('203.0.113.10', START))).toEqual({ tag: 'accepted', accepted: 60, duplicates: 0 })
    await settle('one')
    const rows = await incidents("src_ip = '203.0.113.10'")
    expect(rows.map(({ threat_class, events_count, kind }) => ({ threat_class, events_count, kind }))).toEqual([
      { threat_class: 3, events_count: 60, kind: 'source' },
    ])
    expect(rows[0]!.first_seen).toBe(START)
    expect(rows[0]!.last_seen).toBe(START + 59_000)
    const evidence = await env.DB.prepare(
      'SELECT n, original, sensor, stream FROM incident_evidence WHERE incident_key = ? ORDER BY n',
    )
      .bind(rows[0]!.incident_key)
      .all<{ n: number; original: string; sensor: string; stream: string }>()
    expect(evidence.results.length).toBeGreaterThan(0)
    expect(evidence.results.map(({ n }) => n)).toEqual(evidence.results.map((_, i) => i + 1))
    expect(evidence.results[0]).toMatchObject({ sensor: 'one', stream: 'log' })
    const sent = new Set(guessing('203.0.113.10', START).map(({ original }) => original))
    for (const { original } of evidence.results) expect(sent).toContain(original)
  })

  it('is told in the audit log once, however often its row was written', async () => {
    const [row] = await incidents("src_ip = '203.0.113.10'")
    const audit = await env.DB.prepare(
      "SELECT action FROM audit_log WHERE subject_id = ? AND action = 'incident-opened'",
    )
      .bind(row!.incident_key)
      .all()
    expect(audit.results).toHaveLength(1)
  })

  it('goes on in the same incident within the hour, and after more silence in a new one that links back', async () => {
    await post('goes-on', guessing('203.0.113.11', START))
    await post('goes-on', guessing('203.0.113.11', START + HOUR / 2))
    await post('goes-on', guessing('203.0.113.11', START + 3 * HOUR))
    await settle('goes-on')
    const rows = await incidents("src_ip = '203.0.113.11' AND class_family = 'brute-force'")
    expect(rows.map(({ events_count }) => events_count)).toEqual([120, 60])
    expect(rows[0]!.previous_key).toBeNull()
    expect(rows[1]!.previous_key).toBe(rows[0]!.incident_key)
  })

  it('is written as it was at its end when the next one follows in the same batch', async () => {
    const both = [...guessing('203.0.113.12', START), ...guessing('203.0.113.12', START + 3 * HOUR)]
    await post('same-batch', both)
    await settle('same-batch')
    const rows = await incidents("src_ip = '203.0.113.12' AND class_family = 'brute-force'")
    expect(rows.map(({ events_count }) => events_count)).toEqual([60, 60])
  })
})

describe('what was sent before', () => {
  it('is recognised by its batch, and answered without being stored again', async () => {
    const events = guessing('203.0.113.20', START)
    await post('again', events, { id: 'same' })
    const before = await health()
    expect(await post('again', events, { id: 'same' })).toEqual({ tag: 'accepted', accepted: 0, duplicates: 60 })
    expect((await health()).accepted).toBe(before.accepted)
  })

  it('is recognised by the names of its events, in other batches and after the object was evicted', async () => {
    const named = guessing('203.0.113.21', START, 10).map((read, i) => ({
      ...read,
      event: { ...read.event, event_id: `e${i}` },
    }))
    expect(await post('named', named.slice(0, 7))).toMatchObject({ accepted: 7, duplicates: 0 })
    expect(await post('named', named)).toMatchObject({ accepted: 3, duplicates: 7 })
    await evictAll()
    await evictDurableObject(env.SENSOR.getByName('named'))
    expect(await post('named', named)).toMatchObject({ accepted: 0, duplicates: 10 })
    expect(await post('other-sensor', named)).toMatchObject({ accepted: 10, duplicates: 0 })
  })

  it('is not doubled when partitions have it and the sensor died before it could answer', async () => {
    const events = guessing('203.0.113.22', START)
    const batch = packBatch(
      events,
      { id: 'died', stream: 'log', receivedAt: START, rejected: 0, rejections: [] },
      PARTITIONS,
    )
    const [share] = batch.shares
    const feed = 'died/log#0'
    await env.SOURCE_PARTITION.getByName(`p${share!.partition}`).add({
      batch: 'died/died',
      sensor: 'died',
      stream: 'log',
      feed,
      live: false,
      scope: feed,
      siteScope: feed,
      newestTs: batch.newestTs,
      receivedAt: START,
      events: share!.events,
    })
    expect(await post('died', events, { id: 'died' })).toEqual({ tag: 'accepted', accepted: 0, duplicates: 60 })
    await settle('died')
    expect((await incidents("src_ip = '203.0.113.22'")).map(({ events_count }) => events_count)).toEqual([60])
  })
})

describe('after an eviction', () => {
  it('windows are made again from checkpoint and journal: the incident is what it would have been', async () => {
    const all = [...guessing('203.0.113.30', START, 200)]
    for (let i = 0; i < 200; i += 50) {
      await post('evicted', all.slice(i, i + 50))
      await evictAll()
    }
    await settle('evicted')
    await post(
      'undisturbed',
      all.map((read) => ({ ...read, event: { ...read.event, src_ip: '203.0.113.31' } })),
    )
    await settle('undisturbed')
    const [disturbed] = await incidents("src_ip = '203.0.113.30'")
    const [calm] = await incidents("src_ip = '203.0.113.31'")
    expect(disturbed!.events_count).toBe(200)
    expect(calm!.events_count).toBe(200)
    expect(JSON.parse(disturbed!.features)).toEqual(JSON.parse(calm!.features))
  })
})

describe('a replay', () => {
  const day = demoDay(START + 24 * HOUR, 7)
  const reader = createLineReader({ receivedAt: START + 48 * HOUR })
  const reads = day.logs.honeypot.slice(0, 1_400).flatMap(({ line }) => {
    const read = reader.read(line)
    return read.ok && read.value ? [read.value] : []
  })

  async function replayed(name: string, events: ReadEvent[], batch: number) {
    for (let i = 0; i < events.length; i += batch) await post(name, events.slice(i, i + batch), { stream: name })
    await settle(name)
    const rows = await incidents(`sensors = '["${name}"]'`)
    return Promise.all(rows.map(told))
  }

  async function told(row: Row) {
    const { results } = await env.DB.prepare('SELECT original FROM incident_evidence WHERE incident_key = ? ORDER BY n')
      .bind(row.incident_key)
      .all<{ original: string }>()
    const evidence = results.map(({ original }) => original)
    const { rules } = JSON.parse(row.triage_note) as TriageNote
    const isCampaign = row.kind === 'campaign'
    return {
      kind: row.kind,
      source: row.kind === 'source' ? row.src_ip : '',
      class: row.threat_class,
      sources: row.sources_count,
      events: row.events_count,
      first: row.first_seen,
      last: row.last_seen,
      confidence: Math.round(row.ml_confidence * 1e6) / 1e6,
      targets: row.targets,
      // Which of a campaign's sources is told first is a matter of which partition tells first.
      evidence: isCampaign ? evidence.toSorted() : evidence,
      rules: isCampaign ? rules?.map((matched) => ({ ...matched, evidence: [] })) : rules,
    }
  }

  it('gives the same incidents, evidence and matched rules in batches of 7 and 1,000, and shuffled within the lateness bound', async () => {
    const large = await replayed('by-1000', reads, 1_000)
    expect(large.length).toBeGreaterThan(1)
    expect(large.every(({ rules }) => rules !== undefined)).toBe(true)
    expect(large.flatMap(({ rules }) => rules ?? []).length).toBeGreaterThan(1)
    expect(await replayed('by-7', reads, 7)).toEqual(large)
    const shuffled = reads
      .map((read, i) => ({ read, at: read.event.ts + ((i * 7_919) % 29) * 1_000 }))
      .sort((a, b) => a.at - b.at)
      .map(({ read }) => read)
    expect(await replayed('shuffled', shuffled, 100)).toEqual(large)
  }, 120_000)

  it('one event a batch gives the same incidents', async () => {
    const few = reads.slice(0, 300)
    expect(await replayed('by-1', few, 1)).toEqual(await replayed('few-by-1000', few, 1_000))
  }, 120_000)
})

describe('live windows', () => {
  it('have the features that the evaluation computes from the same events', async () => {
    const start = Math.floor(START / 300_000) * 300_000
    const events = guessing('203.0.113.40', start + 1_000, 298).map((read, i) => ({
      ...read,
      event: { ...read.event, dst_ip: `192.0.2.${i % 3}`, dst_port: 22, session: `s${i >> 3}` },
    }))
    await post('features', events)
    await settle('features')
    const [row] = await incidents("src_ip = '203.0.113.40'")
    const labelled = events.map(({ event }): LabelledEvent => ({ event, label: 3, weakLabel: null }))
    const [window] = labelledWindows(labelled).filter(({ source }) => source === '203.0.113.40')
    const stored = JSON.parse(row!.features) as (number | null)[]
    for (const [i, { name }] of FEATURES.entries()) {
      const expected = window!.features[i]!
      if (Number.isNaN(expected)) expect(stored[i], name).toBeNull()
      else expect(Math.abs(stored[i]! - expected), name).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(expected)))
    }
  })
})

describe('a campaign', () => {
  it('gathers a flood of many sources with two packets each, lists them all, and fills no queue with rows', async () => {
    const sources = 400
    const packet = (i: number, k: number): ReadEvent => {
      const event = {
        ts: START + (i % 20) * 1_000 + k * 400,
        src_ip: `198.18.${i >> 8}.${i & 255}`,
        event_type: 'flow',
        proto: 'udp',
        src_port: 123,
        dst_ip: '192.0.2.200',
        dst_port: 40_000 + (i % 50),
        bytes_out: 468,
        bytes_in: 0,
        pkts_out: 1,
        pkts_in: 0,
        duration_s: 0,
      }
      return { event, format: 'canonical', original: JSON.stringify(event) }
    }
    const flood = Array.from({ length: sources }, (_, i) => [packet(i, 0), packet(i, 1)]).flat()
    await post(
      'flooded',
      flood.sort((a, b) => a.event.ts - b.event.ts),
    )
    await settle('flooded')
    const rows = await incidents(`sensors = '["flooded"]'`)
    expect(rows).toHaveLength(1)
    expect(rows[0]).toMatchObject({ kind: 'campaign', sources_count: sources, events_count: sources * 2 })
    const listed = await env.DB.prepare('SELECT count(*) AS n FROM incident_sources WHERE incident_key = ?')
      .bind(rows[0]!.incident_key)
      .first<{ n: number }>()
    expect(listed!.n).toBe(sources)
  })
})

describe('a partition that has nothing to do', () => {
  it('has written its checkpoint, so that waking judges nothing again', async () => {
    await post('quiet', guessing('203.0.113.50', START))
    await settle('quiet')
    const judged = async () => {
      const each = await Promise.all(partitions().map((partition) => partition.health()))
      return each.reduce((sum, { windowsJudged }) => sum + windowsJudged, 0)
    }
    const before = await judged()
    await new Promise((resolve) => setTimeout(resolve, 2_100))
    // Until none is set: the first may still have something to tell.
    for (const partition of partitions()) while (await runDurableObjectAlarm(partition));
    await evictAll()
    expect(await judged()).toBe(before)
    expect(await health()).toMatchObject({ unjudged: 0 })
  })
})

describe('the whole worker', () => {
  const send = (body: BodyInit, headers: Record<string, string> = {}) =>
    exports.default.fetch(
      new Request('http://picket.test/v1/events', {
        method: 'POST',
        body,
        headers: { authorization: 'Bearer http-key', ...headers },
      }),
    )
  const good = (n: number) =>
    JSON.stringify({ ts: '2025-03-02T08:15:30Z', src_ip: `203.0.113.${n}`, event_type: 'flow' })
  const at = (ts: string) => JSON.stringify({ ts, src_ip: '203.0.113.99', event_type: 'flow' })

  it.each([
    ['a time in 1970', at('1970-01-01T00:00:10Z')],
    ['a time in 2100', at('2100-01-01T00:00:00Z')],
    ['a port of 70000', '{"ts":"2025-03-02T08:15:30Z","src_ip":"203.0.113.99","event_type":"flow","dst_port":70000}'],
    ['200 levels of JSON', `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`],
    ['a NUL byte', `${good(99).slice(0, -1)}\u0000}`],
    ['no JSON at all', 'hello there'],
  ])('rejects a line with %s by its index, and takes the others', async (_, bad) => {
    const before = (await health()).accepted
    const answer = await send([good(1), bad, good(2)].join('\n'), {
      'Idempotency-Key': `bad-${bad.length}-${bad.slice(0, 60).replace(/[^ -~]/g, '')}`,
    })
    const body = (await answer.json()) as { accepted: number; rejected: { index: number; reason: string }[] }
    expect(answer.status).toBe(202)
    expect(body.accepted).toBe(2)
    expect(body.rejected.map(({ index }) => index)).toEqual([1])
    expect(body.rejected[0]!.reason).not.toBe('')
    expect((await health()).accepted).toBe(before + 2)
  })

  it('reads an IPv4-mapped address as the IPv4 address, and takes no harm from __proto__', async () => {
    const mapped = JSON.stringify({ ts: '2025-03-02T08:15:30Z', src_ip: '::ffff:203.0.113.77', event_type: 'flow' })
    const proto = '{"__proto__":{"polluted":1},"ts":"2025-03-02T08:15:30Z","src_ip":"203.0.113.78","event_type":"flow"}'
    expect((await send(`${mapped}\n${proto}`)).status).toBe(202)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  it('refuses an unknown key and an unreadable body, stores nothing, and goes on', async () => {
    const before = (await health()).accepted
    expect((await send(good(3), { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await send('nothing here\nthat can be read')).status).toBe(400)
    expect((await health()).accepted).toBe(before)
    expect((await send(good(4))).status).toBe(202)
  })
})

describe('the council', () => {
  it('has a case of every incident that is not trusted, partitions\u2019 and sensors\u2019, and of no other', async () => {
    const { results } = await env.DB.prepare(
      'SELECT incident_key, route, kind, routing_path, triage_note FROM incidents',
    ).all<{ incident_key: string; route: string; kind: string; routing_path: string; triage_note: string }>()
    const known = await Promise.all(
      results.map(async (row) => ({ ...row, view: await env.COUNCIL.getByName(row.incident_key).view() })),
    )
    const uncertain = known.filter(({ route }) => route !== 'TRUST')
    expect(uncertain.length).toBeGreaterThan(0)
    expect(uncertain.filter(({ view }) => view === null).map(({ incident_key }) => incident_key)).toEqual([])
    // One that was always trusted was handed to nobody.
    expect(known.filter(({ view }) => view === null).length).toBeGreaterThan(0)
    for (const { incident_key, view } of known) if (view !== null) expect(view.case.incidentKey).toBe(incident_key)
  })
})
