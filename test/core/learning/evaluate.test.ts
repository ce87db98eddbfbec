import { describe, expect, it } from 'vitest'
import type { ModelOutput } from '../../../core/ensemble/prediction.ts'
import { FEATURE_COUNT, featureIndex } from '../../../core/features/schema.ts'
import { report, scoreSources, scoreWindows } from '../../../core/learning/evaluate.ts'
import { type LabelledEvent, labelledWindows } from '../../../core/learning/labelled-windows.ts'
import type { Predictor } from '../../../core/learning/simulate-incidents.ts'

const START = Date.UTC(2024, 0, 1)
const FAILURES = featureIndex('failures')
const FAN_IN = featureIndex('target_fan_in')

/** Says brute force where log-ins fail, a flood where many sources meet, else Normal; as sure as it is told to be. */
function stub(sure: number): Predictor {
  const output = (top: number): ModelOutput => {
    const probabilities = new Float32Array(7).fill((1 - sure) / 6)
    probabilities[top] = sure
    return { probabilities, forest: probabilities, boosting: probabilities, network: probabilities, anomaly: 0.4 }
  }
  return {
    manifest: { thresholds: new Array<number>(7).fill(0.5), anomaly_threshold: 0.9 },
    predict: async (rows, count) =>
      Array.from({ length: count }, (_, i) => {
        const row = rows.subarray(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT)
        if (row[FAILURES]! > 0) return output(3)
        return output(row[FAN_IN]! > 50 ? 1 : 0)
      }),
  }
}

const failure = (src_ip: string, second: number, label: number | null): LabelledEvent => ({
  event: { ts: START + second * 1000, src_ip, event_type: 'ssh.login.failed', username: 'root' },
  label,
  weakLabel: null,
})
const request = (src_ip: string, second: number, label: number | null): LabelledEvent => ({
  event: { ts: START + second * 1000, src_ip, dst_ip: '192.0.2.1', dst_port: 80, event_type: 'flow', proto: 'tcp' },
  label,
  weakLabel: null,
})
const times = (count: number, event: (i: number) => LabelledEvent) => Array.from({ length: count }, (_, i) => event(i))
const inOrder = (events: LabelledEvent[]) => events.sort((a, b) => a.event.ts - b.event.ts)

const guessing = times(20, (i) => failure('203.0.113.1', 30 + i, 3))
const reader = times(40, (i) => request('198.51.100.1', i * 20, 0))

describe('evaluation', () => {
  it('labels a window by the attack with most events, else Normal if any event is, else not at all', () => {
    const events = inOrder([
      ...times(2, (i) => request('a.example', i, 4)).map((e) => ({ ...e, event: { ...e.event, src_ip: '10.0.0.1' } })),
      ...times(3, (i) => failure('10.0.0.1', 10 + i, 3)),
      ...times(9, (i) => request('10.0.0.1', 20 + i, 0)),
      ...times(2, (i) => request('10.0.0.2', i, 0)),
      request('10.0.0.3', 5, null),
    ])
    const labels = Object.fromEntries(labelledWindows(events).map(({ source, label }) => [source, label]))
    expect(labels).toEqual({ '10.0.0.1': 3, '10.0.0.2': 0, '10.0.0.3': null })
  })

  it('counts windows, classes and routes by hand-worked numbers', async () => {
    const mistyped = times(6, (i) => failure('198.51.100.2', 400 + i, 0))
    const windows = labelledWindows(inOrder([...guessing, ...reader, ...mistyped]))
    const { all, five_plus } = report(await scoreWindows('lab', windows, stub(0.95)), [])
    // One window of guessing, three of reading (40 requests in 800 s), one of a person who mistypes.
    expect(all.windows).toBe(5)
    expect(all.accuracy).toBeCloseTo(4 / 5)
    expect(all.attack_recall).toBe(1)
    expect(all.false_positive_rate).toBeCloseTo(1 / 4)
    expect(all.per_class['Brute Force Attack']).toMatchObject({ precision: 0.5, recall: 1, support: 1 })
    expect(all.routes!.trust.share).toBe(1)
    expect(five_plus.windows).toBe(5)
  })

  it('tells which attackers got an incident, of which class, and how long after their first attack event', async () => {
    const events = inOrder([...guessing, ...reader, ...times(8, (i) => request('203.0.113.9', 100 + i, 4))])
    const scored = await scoreSources(events, labelledWindows(events), stub(0.95))
    const figures = report([], [scored]).sources
    expect(figures.attacking_sources).toBe(2)
    expect(figures.attack_recall).toBe(0.5)
    expect(figures.class_recall).toBe(0.5)
    // The guesses begin at 30 s; their pane ends at 40 s.
    expect(figures.median_time_to_incident_s).toBe(10)
    expect(figures.false_incidents).toBe(0)
    expect(figures.benign_source_days).toBe(1)
  })

  it('counts a benign source’s incident as false, once however long it lasts', async () => {
    const events = times(60, (i) => failure('198.51.100.2', i * 5, 0))
    const scored = await scoreSources(events, labelledWindows(events), stub(0.95))
    expect(scored.falseIncidents).toBe(1)
    expect(scored.attackers).toEqual([])
  })

  it('gathers a flood of sources with two packets each in one incident that names them all', async () => {
    const events = inOrder(
      times(200, (i) => request(`10.${i >> 8}.${i & 255}.1`, (i % 100) / 10, 1)).flatMap((event) => [
        event,
        { ...event, event: { ...event.event, ts: event.event.ts + 100 } },
      ]),
    )
    const scored = await scoreSources(events, labelledWindows(events), stub(0.7))
    const figures = report([], [scored]).sources
    expect(figures.attacking_sources).toBe(200)
    expect(figures.class_recall).toBe(1)
  })

  it('opens nothing for an unsure and odd window of a benign source', async () => {
    const events = times(3, (i) => failure('198.51.100.2', i, 0))
    const scored = await scoreSources(events, labelledWindows(events), stub(0.4))
    expect(scored.falseIncidents).toBe(0)
  })
})
