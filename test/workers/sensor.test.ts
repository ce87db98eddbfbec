import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ReadEvent } from '../../core/events/event.ts'
import type { Sensor } from '../../durable-objects/sensor.ts'
import { DB, health, incidentsWhere, post, sensor, stopPartitions, wakePartitions } from '../support/object-path.ts'
import { type StandInModel, standInModel } from '../support/stand-in-model.ts'

let model: StandInModel
beforeAll(async () => {
  model = await standInModel()
})

const HOUR = 3_600_000
const OLD = Date.UTC(2024, 4, 6, 8)

/** What a spoofed source sends: too little for an incident of its own. */
const packet = (src_ip: string, ts: number, dst_ip = '192.0.2.200'): ReadEvent => {
  const event = { ts, src_ip, event_type: 'flow', proto: 'udp', dst_ip, dst_port: 53, bytes_out: 468, pkts_out: 1 }
  return { event, format: 'canonical', original: JSON.stringify(event) }
}
const flood = (net: string, sources: number, ts: number) =>
  Array.from({ length: sources }, (_, i) => [packet(`${net}.${i}`, ts + i), packet(`${net}.${i}`, ts + i + 400)]).flat()
const campaignsOf = (name: string) => incidentsWhere(`kind = 'campaign' AND sensors = '["${name}"]'`)
const listed = async (key: string) =>
  (await DB.prepare('SELECT count(*) AS sources, sum(events) AS events FROM incident_sources WHERE incident_key = ?')
    .bind(key)
    .first<{ sources: number; events: number }>())!
/** Judges what waits and has its sensor write what it heard of. */
async function settle(name: string) {
  await wakePartitions()
  await runDurableObjectAlarm(sensor(name))
  await runDurableObjectAlarm(sensor(name))
}

describe('a campaign', () => {
  it('counts its sources’ events once, though a restart has their windows judged again', async () => {
    let judged = 0
    model.before = async (windows) => {
      judged += windows
    }
    await post('crashed', flood('198.51.100', 12, Date.now() - 2_000))
    await settle('crashed')
    expect(judged).toBe(12)
    await stopPartitions()
    await settle('crashed')
    expect(judged).toBe(24)
    await post('crashed', [packet('198.51.100.0', Date.now())])
    await wakePartitions()
    // A campaign is written again a second after it changed.
    await scheduler.wait(1_050)
    await settle('crashed')
    const [campaign, ...others] = await campaignsOf('crashed')
    expect(others).toEqual([])
    expect(campaign).toMatchObject({ sources_count: 12, events_count: 25, model_version: 'stand-in' })
    expect(await listed(campaign!.incident_key)).toEqual({ sources: 12, events: 25 })
    const background = await DB.prepare(
      "SELECT sum(events) AS events FROM background_sources WHERE src_ip LIKE '198.51.100.%'",
    ).first()
    expect(background).toEqual({ events: 25 })
  })

  it('is written though its sensor stopped as it heard of it and came back days later', async () => {
    const stopForDays = async () => {
      await runInDurableObject(sensor('stopped'), (_: Sensor, state) =>
        state.storage.sql.exec('UPDATE campaign_groups SET touched_at = touched_at - ?', 60 * HOUR),
      )
      await evictDurableObject(sensor('stopped'))
      await sensor('stopped').health()
    }
    await post('stopped', flood('203.0.113', 12, Date.now() - 2_000))
    await wakePartitions()
    expect(await campaignsOf('stopped')).toEqual([])
    await stopForDays()
    await runDurableObjectAlarm(sensor('stopped'))
    expect(await campaignsOf('stopped')).toMatchObject([{ sources_count: 12, events_count: 24 }])
    await post('stopped', flood('203.0.112', 12, Date.now() - 2_000))
    await wakePartitions()
    await stopForDays()
    await runDurableObjectAlarm(sensor('stopped'))
    // A campaign is written again a second after it changed.
    await scheduler.wait(1_050)
    await runDurableObjectAlarm(sensor('stopped'))
    const [campaign] = await campaignsOf('stopped')
    expect(campaign).toMatchObject({ sources_count: 24, events_count: 48 })
    expect(await listed(campaign!.incident_key)).toEqual({ sources: 24, events: 48 })
  })

  it('is the same by time, however a replay was cut into batches', async () => {
    const events = [
      ...flood('198.18.1', 15, OLD),
      ...flood('198.18.2', 15, OLD + 3 * HOUR),
      // Closes the panes of those before it.
      packet('198.18.3.1', OLD + 4 * HOUR, '192.0.2.201'),
    ]
    await post('in-one', events, { stream: 'in-one' })
    for (const event of events) await post('one-by-one', [event], { stream: 'one-by-one' })
    const seen = async (name: string) => {
      await settle(name)
      return (await campaignsOf(name)).map(({ sources_count, events_count, first_seen, last_seen }) => ({
        sources_count,
        events_count,
        first_seen,
        last_seen,
      }))
    }
    const inOne = await seen('in-one')
    expect(inOne.map(({ sources_count, events_count }) => [sources_count, events_count])).toEqual([
      [15, 30],
      [15, 30],
    ])
    expect(await seen('one-by-one')).toEqual(inOne)
  })
})

describe('a campaign’s evidence', () => {
  const evidenceOf = async (key: string) =>
    (
      await DB.prepare('SELECT n, original FROM incident_evidence WHERE incident_key = ? ORDER BY n')
        .bind(key)
        .all<{ n: number; original: string }>()
    ).results

  it('is told though its lines are long, and though its sensor stopped before it could tell', async () => {
    const now = Date.now()
    const long = (src_ip: string, i: number): ReadEvent => ({
      ...packet(src_ip, now - 2_000 + i),
      original: `${src_ip} ${'"'.repeat(60_000)}`,
    })
    const events = Array.from({ length: 60 }, (_, i) => long(`198.51.101.${i}`, i))
    await post('long-lines', events)
    await wakePartitions()
    await evictDurableObject(sensor('long-lines'))
    await sensor('long-lines').health()
    await runDurableObjectAlarm(sensor('long-lines'))
    await runDurableObjectAlarm(sensor('long-lines'))
    const [campaign] = await campaignsOf('long-lines')
    expect(campaign).toMatchObject({ sources_count: 60 })
    const evidence = await evidenceOf(campaign!.incident_key)
    expect(evidence.length).toBeGreaterThan(30)
    expect(evidence.map(({ n }) => n)).toEqual(evidence.map((_, i) => i + 1))
    const sent = new Set(events.map(({ original }) => original))
    expect(evidence.every(({ original }) => sent.delete(original))).toBe(true)
    await settle('long-lines')
    expect(await evidenceOf(campaign!.incident_key)).toHaveLength(evidence.length)
  })
})

describe('a sensor of long ago', () => {
  const failure = (src_ip: string, i: number): ReadEvent => {
    const event = { ts: OLD + i * 1_000, src_ip, event_type: 'ssh.login.failed', service: 'ssh', username: 'root' }
    return { event, format: 'canonical', original: JSON.stringify(event) }
  }
  const aged = (name: string) =>
    runInDurableObject(sensor(name), (_: Sensor, { storage }) => {
      for (const table of ['batches', 'streams']) storage.sql.exec(`UPDATE ${table} SET at = at - ?`, 25 * HOUR)
    })
  const restart = async (name: string) => {
    await sensor(name).health()
    await evictDurableObject(sensor(name))
  }

  it('has forgotten its batches, also when it never had a campaign, and judges a log that is replayed once more', async () => {
    const log = Array.from({ length: 12 }, (_, i) => failure('203.0.113.90', i * 60))
    await post('ago', log, { stream: 'log' })
    await aged('ago')
    await restart('ago')
    await post('ago', [packet('203.0.113.91', Date.now())], { stream: 'other' })
    await runInDurableObject(sensor('ago'), (_: Sensor, { storage }) => {
      expect(storage.sql.exec('SELECT count(*) AS n FROM batches').one()).toEqual({ n: 1 })
      expect(storage.sql.exec('SELECT name FROM streams').toArray()).toEqual([{ name: 'other' }])
    })
    await restart('ago')
    const { late } = await health()
    await post('ago', log, { stream: 'log' })
    await settle('ago')
    expect((await health()).late).toBe(late)
    const [first, second] = await incidentsWhere("src_ip = '203.0.113.90'")
    expect(first!.events_count).toBeGreaterThanOrEqual(5)
    expect(second).toMatchObject({ events_count: first!.events_count, first_seen: first!.first_seen })
  })
})
