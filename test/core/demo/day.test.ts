import ipaddr from 'ipaddr.js'
import { beforeAll, expect, it } from 'vitest'
import { type DemoDay, demoDay, demoTruth } from '../../../core/demo/day.ts'
import { FLOOD_SOURCES } from '../../../core/demo/floods.ts'
import type { DemoSensor } from '../../../core/demo/scene.ts'
import type { ReadEvent } from '../../../core/events/event.ts'
import { createLineReader } from '../../../core/events/formats.ts'

const END = Date.UTC(2026, 10, 24, 9, 0, 0)
const SENSORS: DemoSensor[] = ['honeypot', 'web', 'network']
let day: DemoDay
const read = {} as Record<DemoSensor, { ts: number; read: ReturnType<ReturnType<typeof createLineReader>['read']> }[]>

beforeAll(() => {
  day = demoDay(END)
  for (const sensor of SENSORS) {
    const reader = createLineReader({ receivedAt: END })
    read[sensor] = day.logs[sensor].map(({ ts, line }) => ({ ts, read: reader.read(line) }))
  }
})

const eventsOf = (sensor: DemoSensor): ReadEvent[] =>
  read[sensor].flatMap((one) => (one.read.ok && one.read.value ? [one.read.value] : []))

it('holds over 20,000 events of three sensors, every line readable by our parsers', () => {
  for (const sensor of SENSORS) {
    const refused = read[sensor].filter((one) => !one.read.ok)
    expect(refused).toEqual([])
  }
  expect(SENSORS.reduce((sum, sensor) => sum + eventsOf(sensor).length, 0)).toBeGreaterThan(20_000)
})

it('is written in the formats that such sensors write', () => {
  const formats = SENSORS.map((sensor) => [...new Set(eventsOf(sensor).map(({ format }) => format))].sort())
  expect(formats).toEqual([['cowrie'], ['access-log', 'sshd'], ['zeek-json']])
})

it('says the time of each line as the line itself says it', () => {
  const apart = SENSORS.flatMap((sensor) =>
    read[sensor].flatMap(({ ts, read: one }) => (one.ok && one.value ? [Math.abs(one.value.event.ts - ts)] : [])),
  )
  // Logs keep microseconds at most.
  expect(apart.filter((ms) => ms > 0.01)).toEqual([])
})

it('is in the order of time and fills the day before its end', () => {
  for (const sensor of SENSORS) {
    const times = day.logs[sensor].map(({ ts }) => ts)
    expect(times.every((ts, i) => i === 0 || ts >= times[i - 1]!)).toBe(true)
    expect(times[0]).toBeGreaterThanOrEqual(END - 24 * 3_600_000)
    expect(times.at(-1)).toBeLessThan(END)
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(21 * 3_600_000)
  }
})

it('shows all seven classes, each by more than one source', () => {
  const sourcesOf = (id: number) =>
    new Set(day.truth.filter((one) => one.threatClass === id).flatMap((one) => one.sources))
  expect([0, 1, 2, 3, 4, 5, 6].filter((id) => sourcesOf(id).size >= 2)).toEqual([0, 1, 2, 3, 4, 5, 6])
})

it('gives each attacking source one class only, and keeps the benign ones apart', () => {
  const classes = new Map<string, Set<number>>()
  for (const { sources, threatClass } of day.truth) {
    for (const source of sources) classes.set(source, (classes.get(source) ?? new Set()).add(threatClass))
  }
  expect([...classes].filter(([, ids]) => ids.size > 1)).toEqual([])
})

it('tells in its truth who is behind every event', () => {
  for (const sensor of SENSORS) {
    const known = new Set(day.truth.filter((one) => one.sensor === sensor).flatMap((one) => one.sources))
    const unknown = eventsOf(sensor).filter(({ event }) => !known.has(event.src_ip))
    expect(unknown.map(({ original }) => original)).toEqual([])
  }
})

it('names each event once, so that a sensor takes none for a repetition of another', () => {
  for (const sensor of SENSORS) {
    const ids = eventsOf(sensor).flatMap(({ event }) => event.event_id ?? [])
    expect(ids.length - new Set(ids).size).toBe(0)
  }
})

it('floods one target from 5,000 sources with two packets each', () => {
  const flood = day.truth.find(({ scene }) => scene === 'flood from spoofed sources')!
  const sources = new Set(flood.sources)
  const events = eventsOf('network').filter(({ event }) => sources.has(event.src_ip))
  expect(sources.size).toBe(FLOOD_SOURCES)
  expect(events).toHaveLength(FLOOD_SOURCES * 2)
  expect(new Set(events.map(({ event }) => event.dst_ip)).size).toBe(1)
  expect(events.every(({ event }) => event.pkts_out === 1 && event.tcp_state === 'S0')).toBe(true)
})

it('beacons every minute, give or take a few seconds', () => {
  const beacon = day.truth.find(({ scene }) => scene === 'beacon every minute')!
  const times = eventsOf('network').flatMap(({ event }) => (event.src_ip === beacon.sources[0] ? [event.ts] : []))
  const gaps = times.slice(1).map((ts, i) => (ts - times[i]!) / 1000)
  expect(Math.min(...gaps)).toBeGreaterThan(56)
  expect(Math.max(...gaps)).toBeLessThan(64)
})

it('uses only addresses that belong to nobody', () => {
  const ranges = ['10.20.0.0/16', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15', '2001:db8::/32']
  const networks = ranges.map((range) => ipaddr.parseCIDR(range))
  const addresses = new Set(
    SENSORS.flatMap((sensor) => eventsOf(sensor).flatMap(({ event }) => [event.src_ip, event.dst_ip ?? event.src_ip])),
  )
  const outside = [...addresses].filter((text) => {
    const address = ipaddr.parse(text)
    return !networks.some(
      ([network, bits]) => network.kind() === address.kind() && address.match([network, bits] as never),
    )
  })
  expect(outside).toEqual([])
})

it('is alike for the same seed, and another end only moves it', () => {
  const later = demoDay(END + 90 * 60_000)
  expect(demoDay(END)).toEqual(day)
  for (const sensor of SENSORS) {
    expect(later.logs[sensor].map(({ ts }) => ts - 90 * 60_000)).toEqual(day.logs[sensor].map(({ ts }) => ts))
  }
  expect(demoTruth(END).map(({ sources }) => sources)).toEqual(later.truth.map(({ sources }) => sources))
  expect(demoDay(END, 7).logs.web).not.toEqual(day.logs.web)
})
