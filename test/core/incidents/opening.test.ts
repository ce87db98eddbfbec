import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Prediction } from '../../../core/ensemble/prediction.ts'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { accumulate, noEvidence, OPENS_AT } from '../../../core/incidents/accumulate.ts'
import { Beside, type StoredBeside } from '../../../core/incidents/beside.ts'
import { CAMPAIGN_SOURCES, CampaignTable, type ThinReport } from '../../../core/incidents/campaign.ts'
import { EvidenceSample } from '../../../core/incidents/evidence-sample.ts'
import { consequenceOf, newStanding } from '../../../core/incidents/standing.ts'
import { paneOf } from '../../../core/window/pane-times.ts'

function prediction(threatClass: number, confidence: number, route: Prediction['route']): Prediction {
  const probabilities = new Float32Array(7).fill((1 - confidence) / 6)
  probabilities[threatClass] = confidence
  const output = { probabilities, forest: probabilities, boosting: probabilities, network: probabilities, anomaly: 0.4 }
  return { threatClass: threatClass as 0, confidence, uncertain: false, anomaly: 0.4, route, output }
}
const window = (last: number, events: number, judgedEvents = events) => ({
  last,
  events,
  newEvents: events,
  judgedEvents,
})

describe('an incident', () => {
  it('opens for a trusted threat, and for one to be verified, with five events', () => {
    expect(consequenceOf(newStanding(), window(1, 5), prediction(3, 0.95, 'TRUST'))).toMatchObject({
      tag: 'incident',
      threatClass: 3,
    })
    expect(consequenceOf(newStanding(), window(1, 5), prediction(4, 0.6, 'VERIFY'))).toMatchObject({
      tag: 'incident',
      threatClass: 4,
    })
  })

  it('does not open for Normal, however unusual', () => {
    expect(consequenceOf(newStanding(), window(1, 500), prediction(0, 0.95, 'INVESTIGATE'))).toEqual({ tag: 'nothing' })
  })

  it('does not open for a thin source, nor for one odd window to be investigated', () => {
    expect(consequenceOf(newStanding(), window(1, 4), prediction(3, 0.99, 'TRUST'))).toEqual({
      tag: 'thin',
      threatClass: 3,
    })
    expect(consequenceOf(newStanding(), window(1, 50), prediction(5, 0.3, 'INVESTIGATE')).tag).toBe('thin')
  })

  it('opens for weak but steady windows once their evidence has passed the bound', () => {
    const standing = newStanding()
    const tags = Array.from(
      { length: 8 },
      (_, i) => consequenceOf(standing, window(30 * i, 2, 2 * (i + 1)), prediction(5, 0.8, 'VERIFY')).tag,
    )
    expect(tags[0]).toBe('thin')
    expect(tags.at(-1)).toBe('incident')
    expect(standing.accumulated.ratios[5]).toBeGreaterThanOrEqual(OPENS_AT)
  })
})

describe('accumulated evidence', () => {
  it('never falls below zero, never counts Normal, and forgets over hours', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 7, maxLength: 7 })),
        (windows) => {
          let held = noEvidence()
          for (const [i, probabilities] of windows.entries()) held = accumulate(held, i, probabilities, 1)
          expect(held.ratios[0]).toBe(0)
          for (const ratio of held.ratios) expect(ratio).toBeGreaterThanOrEqual(0)
        },
      ),
    )
    const sure = [0.001, 0, 0, 0.99, 0, 0, 0]
    const held = accumulate(noEvidence(), 0, sure, 1)
    const later = accumulate(held, 360 * 5, [1 / 7, 1 / 7, 1 / 7, 1 / 7, 1 / 7, 1 / 7, 1 / 7], 0)
    expect(later.ratios[3]!).toBeLessThan(held.ratios[3]! / 100)
  })

  it('takes nothing from events that were judged before', () => {
    const once = accumulate(noEvidence(), 0, [0.01, 0, 0, 0.9, 0, 0, 0], 1)
    expect(accumulate(once, 0, [0.01, 0, 0, 0.9, 0, 0, 0], 0)).toEqual(once)
  })
})

describe('campaigns', () => {
  const report = (i: number, more: Partial<ThinReport> = {}): ThinReport => ({
    source: `198.18.${i >> 8}.${i & 255}`,
    threatClass: 1,
    confidence: 0.7 + (i % 10) / 100,
    anomaly: 0.4,
    pane: 1,
    firstTs: i,
    lastTs: i + 1,
    events: 2,
    host: '192.0.2.1',
    port: 80,
    uncertain: false,
    detail: '',
    ...more,
  })
  const reports = (count: number, more: Partial<ThinReport> = {}) =>
    Array.from({ length: count }, (_, i) => report(i, more))

  it('need ten sources of one class on one target', () => {
    const table = new CampaignTable()
    expect(table.take('feed', reports(CAMPAIGN_SOURCES - 1)).changed).toEqual([])
    const { changed } = table.take('feed', [report(CAMPAIGN_SOURCES)])
    expect(changed).toHaveLength(1)
    expect(changed[0]!.sources.size).toBe(CAMPAIGN_SOURCES)
  })

  it('are one for a flood of 5,000 sources with two packets each', () => {
    const table = new CampaignTable()
    const changed = new Set<string>()
    const flood = reports(5_000)
    for (let i = 0; i < flood.length; i += 300)
      for (const { key } of table.take('feed', flood.slice(i, i + 300)).changed) changed.add(key)
    expect(changed.size).toBe(1)
    const campaign = table.groups().find(({ key }) => changed.has(key))!
    expect(campaign.sources.size).toBe(5_000)
    expect(campaign.events).toBe(10_000)
  })

  it('are one for an afternoon of probes of many targets and ports', () => {
    const table = new CampaignTable()
    const probes = Array.from({ length: 400 }, (_, i) =>
      report(i, {
        threatClass: 2,
        events: 1,
        host: `192.0.2.${i % 5}`,
        port: i % 60,
        firstTs: i * 40_000,
        lastTs: i * 40_000,
      }),
    )
    const keys = new Set(probes.flatMap((probe) => table.take('feed', [probe]).changed.map(({ key }) => key)))
    expect(keys.size).toBe(1)
  })

  it('begin anew after an hour of silence, and name the most certain source whatever the order', () => {
    const table = new CampaignTable()
    const [first] = table.take('feed', reports(12)).changed
    const later = reports(12, { firstTs: 2 * 3_600_000, lastTs: 2 * 3_600_000 })
    const [second] = table.take('feed', later).changed
    expect(second!.key).not.toBe(first!.key)
    const reversed = new CampaignTable().take('feed', reports(12).reverse()).changed[0]!
    expect(reversed.strongest.source).toBe(first!.strongest.source)
  })
})

describe('the evidence of a replay', () => {
  const line = (i: number): [event: CanonicalEvent, original: string] => [
    { ts: i * 3_000, src_ip: '192.0.2.1', event_type: i % 9 ? 'flow' : 'alert' },
    `line ${i}`,
  ]
  /** What is kept after each pane when so many events come before the panes that they close are judged. */
  function keptByPane(batch: number, count = 400): number[][] {
    const beside = new Beside()
    const kept: number[][] = []
    let judged = -1
    for (let from = 0; from < count; from += batch) {
      const end = Math.min(count, from + batch)
      for (let i = from; i < end; i++) beside.note(...line(i), 'sensor', { row: from, index: i - from }, true)
      const newest = paneOf(line(end - 1)[0].ts)
      const closed = end === count ? newest : newest - 1
      for (let pane = judged + 1; pane <= closed; pane++) {
        beside.passSample(pane)
        kept.push(
          beside
            .sampleUpTo(pane)
            .places(500)
            .map(({ ts }) => ts),
        )
      }
      judged = Math.max(judged, closed)
    }
    return kept
  }

  it('is the same after every pane, however many events come at once', () => {
    const single = keptByPane(1)
    expect(single.at(-1)!.length).toBeGreaterThan(32)
    expect(keptByPane(7)).toEqual(single)
    expect(keptByPane(1_000)).toEqual(single)
  })

  it('outlives a checkpoint amid a batch', () => {
    const beside = new Beside()
    for (let i = 0; i < 400; i++) beside.note(...line(i), 'sensor', { row: 0, index: i }, true)
    const restored = Beside.fromJSON(JSON.parse(JSON.stringify(beside)) as StoredBeside)
    for (const pane of [10, 1e9])
      expect(restored.sampleUpTo(pane).places(500)).toEqual(beside.sampleUpTo(pane).places(500))
  })
})

describe('the evidence sample', () => {
  const event = (i: number, event_type: string) => ({ ts: i, src_ip: '192.0.2.1', event_type })

  it('keeps the one success among ten thousand failures, and stays bounded', () => {
    const sample = new EvidenceSample()
    for (let i = 0; i < 10_000; i++) sample.add(event(i, 'ssh.login.failed'), `failure ${i}`, { row: 1, index: i })
    sample.add(event(5_000, 'ssh.login.success'), 'success', { row: 2, index: 0 })
    const places = sample.places(10)
    expect(places).toHaveLength(10)
    expect(places.some(({ row }) => row === 2)).toBe(true)
    expect(sample.places(500).length).toBeLessThan(50)
  })

  it('is the same for the same events in any order', () => {
    const events = Array.from({ length: 300 }, (_, i) => event(i, i % 7 ? 'flow' : 'alert'))
    const of = (order: typeof events) => {
      const sample = new EvidenceSample()
      for (const one of order) sample.add(one, `line ${one.ts}`, { row: 0, index: one.ts })
      return sample.places(500).map(({ ts }) => ts)
    }
    expect(of([...events].reverse())).toEqual(of(events))
  })
})
