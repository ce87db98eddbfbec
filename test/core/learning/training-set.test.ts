import { describe, expect, it } from 'vitest'
import { SSH_SITES } from '../../../core/demo/ssh/day.ts'
import { FEATURE_COUNT } from '../../../core/features/schema.ts'
import { asParsed } from '../../../core/learning/as-parsed.ts'
import { generatedCaptures, isSshSite } from '../../../core/learning/generated-captures.ts'
import { type LabelledWindow, partialWindows } from '../../../core/learning/labelled-windows.ts'
import { trainingSet } from '../../../core/learning/training-set.ts'

const window = (label: number | null, events = 10, weakLabel: number | null = null): LabelledWindow => ({
  source: '192.0.2.1',
  start: 0,
  features: new Float32Array(FEATURE_COUNT).fill(events),
  events,
  label,
  weakLabel,
})
const many = (count: number, label: number) => Array.from({ length: count }, () => window(label))
const total = (weights: ArrayLike<number>) => Array.from(weights).reduce((sum, weight) => sum + weight, 0)

describe('the training set', () => {
  it('leaves out windows that nobody labelled and keeps the rest under their capture', () => {
    const set = trainingSet([
      { name: 'a', trainedOn: [window(3), window(null)] },
      { name: 'b', trainedOn: [window(null, 10, 2)] },
    ])
    expect(set.rows).toBe(2)
    expect([...set.labels]).toEqual([3, 2])
    expect([...set.groups]).toEqual([0, 1])
  })

  it('weighs a capture’s class by the square root of its windows, Normal three times that', () => {
    const set = trainingSet([{ name: 'a', trainedOn: [...many(100, 2), ...many(25, 0)] }])
    expect(total(set.weights.filter((_, i) => set.labels[i] === 2))).toBeCloseTo(10, 4)
    expect(total(set.weights.filter((_, i) => set.labels[i] === 0))).toBeCloseTo(15, 4)
  })

  it('weighs a capture by what it counts, and takes fewer of its rows', () => {
    const set = trainingSet([{ name: 'a', trainedOn: many(10_000, 1), counts: 0.25 }])
    expect(set.rows).toBe(750)
    expect(total(set.weights)).toBeCloseTo(25, 2)
  })

  it('keeps a sample of a large class that weighs as much as the whole', () => {
    const set = trainingSet([{ name: 'a', trainedOn: many(10_000, 1) }])
    expect(set.rows).toBe(1_500)
    expect(total(set.weights)).toBeCloseTo(100, 2)
  })

  it('draws full windows rather than thin ones where it has to choose', () => {
    const thin = Array.from({ length: 5_000 }, () => window(1, 1))
    const set = trainingSet([{ name: 'a', trainedOn: [...thin, ...many(1_000, 1)] }])
    const full = Array.from({ length: set.rows }, (_, i) => set.features[i * FEATURE_COUNT]!).filter(
      (n) => n === 10,
    ).length
    // A fifth of the thin ones' worth each: of 1,500 rows half and more are full, though they are a sixth of all.
    expect(full).toBeGreaterThan(600)
  })
})

describe('captures for training', () => {
  it('take away the port that a converter made up, and leave alone what names its host', () => {
    const ssh = { ts: 0, src_ip: '192.0.2.1', event_type: 'ssh.login.failed', dst_port: 22 }
    const flow = { ts: 0, src_ip: '192.0.2.1', event_type: 'flow', dst_ip: '192.0.2.9', dst_port: 22 }
    const changed = asParsed([ssh, flow].map((event) => ({ event, label: 3, weakLabel: null })))
    expect(changed.map(({ event }) => event)).toEqual([
      { ts: 0, src_ip: '192.0.2.1', event_type: 'ssh.login.failed', service: 'ssh' },
      flow,
    ])
    expect(asParsed([{ event: flow, label: 3, weakLabel: null }])).toEqual([])
  })

  it('include generated days of three sensors, all classes among them, alike each time', () => {
    const captures = generatedCaptures([5])
    const days = captures.filter(({ name }) => !isSshSite(name))
    expect(days.map(({ name }) => name)).toEqual(['generated-honeypot-5', 'generated-web-5', 'generated-network-5'])
    const labels = new Set(captures.flatMap(({ events }) => events.map(({ label }) => label)))
    for (let id = 0; id < 7; id++) expect(labels).toContain(id)
    expect(generatedCaptures([5])[0]!.events.slice(0, 50)).toEqual(captures[0]!.events.slice(0, 50))
  })

  it('include each form of made-up SSH site once, with ordinary use and guessing, at less than a real capture’s weight', () => {
    const sites = generatedCaptures([5, 6]).filter(({ name }) => isSshSite(name))
    expect(sites).toHaveLength(SSH_SITES.length)
    for (const { events, counts } of sites) {
      expect(new Set(events.map(({ label }) => label))).toEqual(new Set([0, 3]))
      expect(counts).toBeLessThan(1)
    }
  })

  it('include windows as they stand in the middle, with fewer events than at their end', () => {
    const events = Array.from({ length: 200 }, (_, i) => ({
      event: { ts: i * 5_000, src_ip: '192.0.2.1', event_type: 'flow' },
      label: 0,
      weakLabel: null,
    }))
    const counts = partialWindows(events).map((partial) => partial.events)
    expect(counts.length).toBeGreaterThan(5)
    expect(Math.min(...counts)).toBeLessThan(60)
  })
})
