import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { extractInto, fillContext, newExtraction } from '../../../core/features/extract.ts'
import { referenceFeatures } from '../../../core/features/reference.ts'
import { FEATURES } from '../../../core/features/schema.ts'
import { paneOf } from '../../../core/window/pane-times.ts'
import { SourceWindow } from '../../../core/window/source-window.ts'
import { burst } from './bursts.ts'

const GRAPH = { targetFanIn: 12, targetLoad: 3.5, sharedTargets: 0.5, reciprocal: 0.25, sensorTargets: 400 }
const INTEL = new Set(FEATURES.filter(({ group }) => group === 'threat intelligence').map(({ name }) => name))

function onePass(events: readonly CanonicalEvent[], last: number, window = new SourceWindow('203.0.113.5')) {
  for (const event of events) window.add(event)
  return featuresOf(window, last)
}

function featuresOf(window: SourceWindow, last: number): Record<string, number> {
  const extraction = newExtraction(1)
  extractInto(extraction, window.view(last))
  fillContext(extraction, 0, GRAPH)
  return Object.fromEntries(FEATURES.map(({ name }, i) => [name, extraction.rows[i]!]))
}

const lastPane = (events: readonly CanonicalEvent[]) => Math.max(...events.map(({ ts }) => paneOf(ts)))

/** Vectors are float32: their last digit is 6e-8 of the value. */
const FLOAT32 = 1.2e-7

function expectClose(actual: Record<string, number>, expected: Record<string, number>, relative: number) {
  for (const [name, value] of Object.entries(expected)) {
    const got = actual[name]!
    const near = Number.isNaN(value)
      ? Number.isNaN(got)
      : Math.abs(got - value) <= 1e-9 + (relative + FLOAT32) * Math.max(Math.abs(value), Math.abs(got))
    expect(near, `${name}: one pass ${got}, reference ${value}`).toBe(true)
  }
}

describe('the one-pass extractor', () => {
  it('gives what the reference gives on a window of exact sketches', () => {
    fc.assert(
      fc.property(burst(30, 299), (events) => {
        const last = lastPane(events)
        expectClose(onePass(events, last), referenceFeatures(events, last, GRAPH), 1e-9)
      }),
      { numRuns: 300 },
    )
  })

  it('gives what the reference gives on an hour of history before the window', () => {
    fc.assert(
      fc.property(burst(14, 3_600), (events) => {
        const last = lastPane(events)
        const sorted = [...events].sort((a, b) => a.ts - b.ts)
        expectClose(onePass(sorted, last), referenceFeatures(events, last, GRAPH), 1e-9)
      }),
      { numRuns: 300 },
    )
  })

  it('gives events within the lateness bound, in any order, the same features as events in order', () => {
    fc.assert(
      fc.property(burst(200, 330), fc.integer(), (events, seed) => {
        const last = lastPane(events)
        const inOrder = [...events].sort((a, b) => a.ts - b.ts)
        // Each event moves by less than 30 s against the others.
        const shuffled = inOrder
          .map((event, i) => ({ event, at: event.ts + ((Math.imul(i + 1, seed | 1) >>> 0) % 29_000) }))
          .sort((a, b) => a.at - b.at)
          .map(({ event }) => event)
        expect(onePass(shuffled, last)).toEqual(onePass(inOrder, last))
      }),
      { numRuns: 150 },
    )
  })

  it('gives the same features however often the window was asked before', () => {
    fc.assert(
      fc.property(burst(200, 600), fc.integer(), (events, seed) => {
        const arriving = events
          .map((event, i) => ({ event, at: event.ts + ((Math.imul(i + 1, seed | 1) >>> 0) % 29_000) }))
          .sort((a, b) => a.at - b.at)
          .map(({ event }) => event)
        const asked = new SourceWindow('203.0.113.5')
        for (const [i, event] of arriving.entries()) {
          asked.add(event)
          if ((Math.imul(i + 7, seed | 1) >>> 0) % 3 > 0) featuresOf(asked, asked.newestPane)
        }
        const last = lastPane(events)
        expect(featuresOf(asked, last)).toEqual(onePass(arriving, last))
      }),
      { numRuns: 100 },
    )
  })

  it('does not look at events after the pane that the window ends with', () => {
    fc.assert(
      fc.property(burst(60, 320), (events) => {
        const last = lastPane(events) - 3
        const seen = events.filter(({ ts }) => paneOf(ts) <= last)
        fc.pre(seen.length > 0)
        expect(onePass(events, last)).toEqual(onePass(seen, last))
      }),
    )
  })

  it('goes on from its stored form as if it had never been stored', () => {
    fc.assert(
      fc.property(burst(150, 900), (events) => {
        const sorted = [...events].sort((a, b) => a.ts - b.ts)
        const half = sorted.length >> 1
        const window = new SourceWindow('203.0.113.5')
        for (const event of sorted.slice(0, half)) window.add(event)
        if (half > 0) window.view(paneOf(sorted[half - 1]!.ts))
        const restored = SourceWindow.fromJSON(JSON.parse(JSON.stringify(window)))
        const last = lastPane(events)
        expect(onePass(sorted.slice(half), last, restored)).toEqual(onePass(sorted.slice(half), last, window))
      }),
    )
  })

  it('keeps to the stated errors when sketches no longer count exactly', () => {
    const port = (n: number) => 1 + ((n * 7919) % 60_000)
    for (const scanned of [100, 300, 550]) {
      const events = Array.from(
        { length: scanned * 2 },
        (_, i): CanonicalEvent => ({
          ts: 1_700_000_000_000 + i * 100,
          src_ip: '203.0.113.5',
          event_type: 'flow',
          dst_ip: '198.51.100.1',
          dst_port: port(i % scanned),
          src_port: 40_000 + i,
          proto: 'tcp',
        }),
      )
      const last = lastPane(events)
      const got = onePass(events, last)
      const truth = referenceFeatures(events, last, GRAPH)
      const within = (name: string, relative: number) =>
        expect(Math.abs(got[name]! / truth[name]! - 1), `${name} ${got[name]} for ${truth[name]}`).toBeLessThan(
          relative,
        )
      // Three standard errors of HyperLogLog with 256 registers.
      within('distinct_dst_ports', 3 * 0.065)
      within('distinct_src_ports', 3 * 0.065)
      expect(Math.abs(got.dst_port_entropy! - truth.dst_port_entropy!)).toBeLessThan(0.35)
      expect(got.top_port_share! - truth.top_port_share!).toBeGreaterThanOrEqual(0)
      expect(got.top_port_share! - truth.top_port_share!).toBeLessThan(0.05)
      if (scanned <= 300) within('max_ports_per_host', 0.15)
      expect(got.iat_mean).toBeCloseTo(truth.iat_mean!, 1)
    }
  })

  it('has no feature that the reference does not define, but for threat intelligence', () => {
    const events = fc.sample(burst(5, 100), 1)[0]!
    const defined = Object.keys(referenceFeatures(events, lastPane(events), GRAPH))
    expect(new Set([...defined, ...INTEL])).toEqual(new Set(FEATURES.map(({ name }) => name)))
  })
})
