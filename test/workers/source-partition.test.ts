import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ReadEvent } from '../../core/events/event.ts'
import { Beside } from '../../core/incidents/beside.ts'
import type { IncidentRow } from '../../core/incidents/record.ts'
import { WindowTable } from '../../core/window/window-table.ts'
import type { PartitionShare } from '../../durable-objects/names.ts'
import { Outbox } from '../../durable-objects/outbox.ts'
import { Checkpoint, type FeedState } from '../../durable-objects/partition/checkpoint.ts'
import { newCounters } from '../../durable-objects/partition/counters.ts'
import type { Message } from '../../durable-objects/partition/deliveries.ts'
import type { SourcePartition } from '../../durable-objects/source-partition.ts'
import { incidentRow } from '../support/incident-fixture.ts'
import { type StandInModel, standInModel } from '../support/stand-in-model.ts'

interface TestEnv {
  DB: D1Database
  SOURCE_PARTITION: DurableObjectNamespace<SourcePartition>
}
const env = workerEnv as unknown as TestEnv
const partition = (name: string) => env.SOURCE_PARTITION.getByName(name)

let model: StandInModel
beforeAll(async () => {
  model = await standInModel()
})
beforeEach(() => {
  model.refuse(null)
  model.before = async () => {}
})
afterEach(() => {
  vi.restoreAllMocks()
})
const realNow = Date.now
/** From now on the objects' clock is this much ahead: alarms that they set come only when a test runs them. */
function clockAhead(ms: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => realNow() + ms)
}
/** Until none is set. */
async function runAlarms(at: ReturnType<typeof partition>): Promise<void> {
  while (await runDurableObjectAlarm(at));
}

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
const failure = (src_ip: string, ts: number, n = 0): ReadEvent => {
  const event = { ts, src_ip, event_type: 'ssh.login.failed', service: 'ssh', username: 'root', dst_ip: '192.0.2.7' }
  return { event, format: 'canonical', original: JSON.stringify({ ...event, n }) }
}
const failures = (src_ip: string, count: number, from = Date.now() - count * 100) =>
  Array.from({ length: count }, (_, i) => failure(src_ip, from + i * 100, i))
const incidentsOf = async (src_ip: string) =>
  (
    await env.DB.prepare('SELECT * FROM incidents WHERE src_ip = ? ORDER BY first_seen')
      .bind(src_ip)
      .all<{ threat_class: number; events_count: number; revision: number; processing_time_ms: number | null }>()
  ).results

describe('under load', () => {
  it('an incident is told while events keep coming', async () => {
    const name = 'p9000'
    await partition(name).add(share('busy', failures('203.0.113.1', 6)))
    // A judgement takes longer than it takes for the next event to come.
    model.before = () => scheduler.wait(10)
    let told = false
    await runInDurableObject(partition(name), async (object) => {
      const alarm = object.alarm().then(() => {
        told = true
      })
      for (let i = 0; i < 200 && !told; i++) {
        await object.add(share('busy', [failure(`198.51.100.${i}`, Date.now())]))
        await scheduler.wait(1)
      }
      expect(told).toBe(true)
      await alarm
    })
    expect(await incidentsOf('203.0.113.1')).toMatchObject([{ events_count: 6, threat_class: 3 }])
  })
})

describe('more sources than a partition keeps', () => {
  const CROWD = 8_000
  const crowd = (from: number, count: number) =>
    Array.from({ length: count }, (_, i): ReadEvent => {
      const n = from + i
      const event = { ts: Date.now(), src_ip: `198.18.${n >> 8}.${n & 255}`, event_type: 'other' }
      return { event, format: 'canonical', original: `${n}` }
    })

  it('are judged at once and forgotten, not gathered without end', async () => {
    const at = partition('p9001')
    for (let from = 0; from < 2 * CROWD; from += 1_000) await at.add(share('crowd', crowd(from, 1_000)))
    const { liveSources, sourcesEvicted, windowsJudged } = await at.health()
    expect(liveSources).toBeLessThan(1.5 * CROWD)
    expect(liveSources + sourcesEvicted).toBe(2 * CROWD)
    expect(windowsJudged).toBeGreaterThanOrEqual(sourcesEvicted)
  })

  it('are refused, and nothing stored, while there is no model to judge them', async () => {
    model.refuse('its hash is another')
    const at = partition('p9002')
    await at.add(share('unjudged', crowd(0, CROWD)))
    await runDurableObjectAlarm(at)
    const { modelError, eventsUnjudged } = await at.health()
    expect(modelError).toBe('its hash is another')
    expect(eventsUnjudged).toBe(CROWD)
    await runInDurableObject(at, async (object) => {
      await expect(object.add(share('unjudged', crowd(CROWD, 10)))).rejects.toThrow('no model to judge with')
    })
    expect((await at.health()).eventsAccepted).toBe(CROWD)
    model.refuse(null)
    await runDurableObjectAlarm(at)
    expect(await at.health()).toMatchObject({ eventsUnjudged: 0, modelError: null })
    expect(await at.add(share('unjudged', crowd(CROWD, 10)))).toEqual({ accepted: 10, duplicates: 0 })
  })
})

describe('a partition whose journal was pruned to the last row', () => {
  it('keeps what came afterwards through a crash', async () => {
    const at = partition('p9003')
    const yesterday = Date.now() - 25 * 3_600_000
    await at.add(share('old', failures('203.0.113.3', 6, yesterday), { receivedAt: yesterday }))
    // Quiet for long enough that the checkpoint is written, and with it the journal pruned.
    clockAhead(2_100)
    await runAlarms(at)
    await runInDurableObject(at, (_, { storage }) => {
      expect(storage.sql.exec('SELECT count(*) AS n FROM journal').one().n).toBe(0)
    })
    await at.add(share('new', failures('203.0.113.4', 6)))
    await evictDurableObject(at)
    expect(await at.health()).toMatchObject({ liveSources: 2, eventsAccepted: 12 })
    await runDurableObjectAlarm(at)
    expect(await incidentsOf('203.0.113.4')).toMatchObject([{ events_count: 6, threat_class: 3 }])
  })
})

describe('the last state of an incident', () => {
  it('is told though its source fell silent before its row was due again', async () => {
    const at = partition('p9004')
    await at.add(share('silent', failures('203.0.113.5', 6)))
    await runDurableObjectAlarm(at)
    for (let i = 1; i <= 6; i++) {
      clockAhead(i * 2_100)
      await at.add(share('silent', [failure('203.0.113.5', Date.now(), i)]))
      await runDurableObjectAlarm(at)
    }
    clockAhead(6 * 2_100 + 2_500)
    await runAlarms(at)
    expect((await at.health()).outboxPending).toBe(0)
    expect(await incidentsOf('203.0.113.5')).toMatchObject([{ events_count: 12 }])
  })
})

describe('what waited for long', () => {
  const MINUTE = 60_000

  it('is judged in windows of its own time: a sensor’s backlog of an hour hides no attack at its beginning', async () => {
    const at = partition('p9005')
    const now = Date.now()
    await at.add(
      share('backlog', [
        ...failures('203.0.113.6', 6, now - 50 * MINUTE),
        ...failures('203.0.113.6', 1, now - 30 * MINUTE),
        ...failures('203.0.113.6', 1, now),
      ]),
    )
    clockAhead(3_000)
    await runAlarms(at)
    expect(await incidentsOf('203.0.113.6')).toMatchObject([{ events_count: 8 }])
  })
})

describe('a judgement that is cut off', () => {
  const HOUR = 3_600_000
  const START = Date.UTC(2024, 4, 6, 8)
  /** Another number than what other tests have left to be judged in other partitions. */
  const ATTACKS = 7
  /** Attacks, and what closes their panes: all are taken out for judgement at once. */
  const replay = (name: string, src_ip: string) => {
    const attacks = Array.from({ length: ATTACKS }, (_, i) => failures(src_ip, 6, START + i * 2 * HOUR)).flat()
    const feed = { feed: `${name}/log#0`, scope: `${name}/log#0`, siteScope: `${name}/log#0`, live: false }
    return share(name, [...attacks, failure(`${src_ip}0`, START + 2 * ATTACKS * HOUR)], feed)
  }

  const countsOf = async (src_ip: string) => (await incidentsOf(src_ip)).map(({ events_count }) => events_count)

  it('by an error is taken up again as it stood', async () => {
    const at = partition('p9006')
    model.before = async (windows) => {
      if (windows === ATTACKS) throw new Error('out of memory')
    }
    await runInDurableObject(at, async (object) => {
      await expect(object.add(replay('fails', '203.0.113.7'))).rejects.toThrow('out of memory')
    })
    model.before = async () => {}
    clockAhead(10_000)
    await runAlarms(at)
    expect(await countsOf('203.0.113.7')).toEqual(new Array(ATTACKS).fill(6))
    expect(await at.health()).toMatchObject({ eventsUnjudged: 0, windowsJudged: ATTACKS + 1 })
  })

  it('by a crash is made again, though a checkpoint was due in its midst', async () => {
    const at = partition('p9007')
    const replayed = replay('stops', '203.0.113.8')
    await at.health()
    clockAhead(61_000)
    await runInDurableObject(at, async (object) => {
      let alarm = Promise.resolve()
      model.before = async (windows) => {
        if (windows !== ATTACKS) return
        alarm = object.alarm()
        await scheduler.wait(100)
        throw new Error('stopped')
      }
      await expect(object.add({ ...replayed, receivedAt: Date.now() + HOUR })).rejects.toThrow('stopped')
      model.before = async (windows) => {
        if (windows === ATTACKS) await new Promise(() => {})
      }
      await Promise.race([alarm, scheduler.wait(100)])
    })
    await evictDurableObject(at)
    model.before = async () => {}
    await at.health()
    clockAhead(2 * HOUR)
    await runAlarms(at)
    expect(await countsOf('203.0.113.8')).toEqual(new Array(ATTACKS).fill(6))
  })
})

describe('a public source that two live sensors see', () => {
  it('is judged in what both saw of it, also where the clock of one is ten minutes ahead', async () => {
    const at = partition('p9008')
    const now = Date.now()
    await at.add(share('ahead', failures('203.0.113.9', 1, now + 600_000)))
    await runDurableObjectAlarm(at)
    await at.add(share('right', failures('203.0.113.9', 6, now - 2_000)))
    clockAhead(3_000)
    await runAlarms(at)
    expect(await at.health()).toMatchObject({ eventsLate: 0, eventsUnjudged: 0 })
    expect(await incidentsOf('203.0.113.9')).toMatchObject([{ events_count: 6, threat_class: 3 }])
  })
})

describe('a source that was forgotten with its incident open', () => {
  /** What a partition keeps where no setting says otherwise. */
  const KEPT = 3_000
  it('goes on in it when it comes back, though with a single event, and through a crash', async () => {
    const at = partition('p9009')
    await at.add(share('returns', failures('203.0.113.11', 6)))
    await runDurableObjectAlarm(at)
    // As suspicious, and later.
    const others = Array.from({ length: 6_000 }, (_, i) => failure(`198.19.${i >> 8}.${i & 255}`, Date.now(), i))
    for (let i = 0; i < 6_000; i += 2_000) await at.add(share('others', others.slice(i, i + 2_000)))
    await runDurableObjectAlarm(at)
    expect((await at.health()).sourcesEvicted).toBe(6_001 - KEPT)
    await at.add(share('returns', [failure('203.0.113.11', Date.now(), 7)]))
    clockAhead(5_000)
    await runDurableObjectAlarm(at)
    expect(await incidentsOf('203.0.113.11')).toMatchObject([{ events_count: 7 }])
    await evictDurableObject(at)
    await at.add(share('returns', [failure('203.0.113.11', Date.now(), 8)]))
    for (const ms of [6_000, 20_000]) {
      clockAhead(ms)
      await runDurableObjectAlarm(at)
    }
    expect(await incidentsOf('203.0.113.11')).toMatchObject([{ events_count: 8 }])
  })
})

describe('an incident whose row waits behind those of many others', () => {
  it('is written before its evidence, so that the rules which match it are not lost', async () => {
    const at = partition('behind')
    clockAhead(0)
    const events = failures('203.0.113.90', 30)
    await at.add(share('behind', events, { scope: 'elsewhere' }))
    await runAlarms(at)
    const row = (key: string) => incidentRow(key, 3) as IncidentRow
    const places = events.map(({ event }, index) => ({ row: 1, index, ts: event.ts, rank: index }))
    await runInDurableObject(at, (_, { storage }) =>
      storage.transactionSync(() =>
        new Outbox<Message>(storage.sql, 'partition behind').put([
          {
            topic: 'evidence',
            message: { tag: 'evidence', key: 'last', first: 1, places, indicators: [] },
            replaces: null,
          },
          ...[...Array.from({ length: 150 }, (_, i) => `other ${i}`), 'last'].map((key) => ({
            topic: 'incident',
            message: { tag: 'incident' as const, row: row(key) },
            replaces: `incident|${key}`,
          })),
        ]),
      ),
    )
    await at.add(share('behind', failures('203.0.113.91', 1)))
    await runAlarms(at)
    const { rules } = (await env.DB.prepare(
      "SELECT json_extract(triage_note, '$.rules') AS rules FROM incidents WHERE incident_key = 'last'",
    ).first<{ rules: string | null }>())!
    expect(JSON.parse(rules!).map(({ rule }: { rule: string }) => rule)).toContain('ssh-password-guessing')
  })
})

describe('a database that is slow', () => {
  it('keeps nothing from being judged, however much waits to be told', async () => {
    const at = partition('p9013')
    const batch = env.DB.batch.bind(env.DB)
    vi.spyOn(env.DB, 'batch').mockImplementation(async (statements) => {
      await scheduler.wait(100)
      return batch(statements)
    })
    const waiting = () =>
      runInDurableObject(at, (_, { storage }) =>
        Number(storage.sql.exec("SELECT count(*) AS n FROM outbox WHERE topic = 'background'").one().n),
      )
    const row = { scope: 'slow', src_ip: '198.51.100.9', threat_class: 1, windows: 1, events: 1 }
    const message = { tag: 'background', rows: [{ ...row, confidence: 0.5, first_seen: 1, last_seen: 1 }] }
    await runInDurableObject(at, (_, { storage }) => {
      for (let i = 0; i < 400; i++)
        storage.sql.exec("INSERT INTO outbox (topic, message) VALUES ('background', ?)", JSON.stringify(message))
    })
    await at.add(share('slow', [failure('203.0.113.15', Date.now())]))
    while ((await waiting()) === 400) await scheduler.wait(20)
    await at.add(share('slow', failures('203.0.113.16', 6)))
    while ((await at.health()).eventsUnjudged > 0) await scheduler.wait(20)
    expect(await waiting()).toBeGreaterThan(100)
  })
})

describe('a database that does not answer for a day', () => {
  it('is told afterwards, with the lines of what happened meanwhile', async () => {
    const at = partition('p9010')
    await at.add(share('told-late', failures('203.0.113.12', 6)))
    await runInDurableObject(at, async (object, { storage }) => {
      const refusing = vi.spyOn(env.DB, 'batch').mockRejectedValue(new Error('D1 is down'))
      await object.alarm()
      clockAhead(25 * 3_600_000)
      await object.alarm()
      expect(storage.sql.exec('SELECT count(*) AS n FROM journal').one()).toEqual({ n: 1 })
      refusing.mockRestore()
    })
    clockAhead(25 * 3_600_000)
    await runAlarms(at)
    const [incident] = await incidentsOf('203.0.113.12')
    expect(incident).toMatchObject({ events_count: 6 })
    const { results } = await env.DB.prepare('SELECT n FROM incident_evidence WHERE incident_key LIKE ? ORDER BY n')
      .bind('%|203.0.113.12|%')
      .all<{ n: number }>()
    expect(results.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('what is longer than a row', () => {
  it('is in the checkpoint whole: a source that waited for hours, and thousands of feeds', async () => {
    const long = (of: string) => of.repeat(4_000_000 / of.length)
    const feeds = ['x', '漢', '🦊', '"'].map((of): [string, FeedState] => [
      long(of),
      { newestTs: 1, live: false, sensor: 's', lastAt: 2 },
    ])
    const meta = { journalRow: 7, feeds, counters: newCounters() }
    await runInDurableObject(partition('p9011'), (_, { storage }) => {
      const checkpoint = new Checkpoint(storage.sql)
      const tableOf = () => new WindowTable<Beside>({ maxSources: 10, newBeside: () => new Beside() })
      const table = tableOf()
      const tracked = table.add('', 'live', failure('203.0.113.13', 1_000).event, 1)!
      tracked.beside.sensors = feeds.map(([name]) => name)
      const again = tableOf()
      checkpoint.write([tracked.key], [], table, meta)
      // Compared here: as a difference of megabytes it would not be read.
      expect(JSON.stringify(checkpoint.load(again)) === JSON.stringify(meta)).toBe(true)
      expect(JSON.stringify(again.get(tracked.key)) === JSON.stringify(tracked)).toBe(true)
      tracked.beside.sensors = ['s']
      checkpoint.write([tracked.key], [], table, { ...meta, feeds: [] })
      expect(checkpoint.load(tableOf())).toEqual({ ...meta, feeds: [] })
      expect(storage.sql.exec('SELECT count(*) AS n FROM long_texts').one()).toEqual({ n: 0 })
    })
  })

  it('does not keep thin windows from being told: hosts are named by clients, as long as they like', async () => {
    const at = partition('p9012')
    const request = (i: number): ReadEvent => ({
      event: {
        ts: Date.now(),
        src_ip: `198.51.${100 + (i >> 8)}.${i & 255}`,
        event_type: 'flow',
        http: { host: `${i}${'\u0001'.repeat(4_000)}` },
      },
      format: 'canonical',
      original: `${i}`,
    })
    await at.add(
      share(
        'hostile',
        Array.from({ length: 512 }, (_, i) => request(i)),
      ),
    )
    clockAhead(3_000)
    await runAlarms(at)
    expect(await at.health()).toMatchObject({ windowsJudged: 512, eventsUnjudged: 0, outboxPending: 0 })
  })
})
