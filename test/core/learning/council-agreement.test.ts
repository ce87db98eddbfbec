import { expect, it } from 'vitest'
import type { Prediction, RouteName } from '../../../core/ensemble/prediction.ts'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import {
  councilAgreement,
  type JudgedWindow,
  runVariance,
  withoutBestCapture,
} from '../../../core/learning/council-agreement.ts'
import { councilTrial } from '../../../core/learning/council-trial.ts'
import { councilVerdict } from '../../../core/learning/council-verdict.ts'
import type { ScoredWindow } from '../../../core/learning/evaluate.ts'
import type { LabelledEvent } from '../../../core/learning/labelled-windows.ts'
import { uncertainWindows } from '../../../core/learning/uncertain-windows.ts'
import { shippedRules } from '../../../core/rules/shipped.ts'
import type { ClassId } from '../../../core/taxonomy.ts'

const START = Date.UTC(2026, 9, 5, 8)
const GUESSER = '203.0.113.7'
const READER = '198.51.100.23'

const events: LabelledEvent[] = Array.from({ length: 24 }, (_, i) => {
  const common = { ts: START + i * 1000, src_ip: i % 2 ? GUESSER : READER }
  const path = i % 4 ? `/page/${i}` : '/style.css'
  const event: CanonicalEvent =
    i % 2
      ? { ...common, event_type: 'ssh.login.failed', username: 'root' }
      : {
          ...common,
          event_type: 'http.request',
          http: { method: 'GET', path, status: 200, user_agent: 'Mozilla/5.0 (X11)' },
        }
  return { event, label: i % 2 ? 3 : 0, weakLabel: null }
})
const window = (source: string, label: number, threatClass: ClassId, route: RouteName): ScoredWindow => ({
  rawSource: 'test',
  source,
  start: START,
  label,
  events: 12,
  prediction: { threatClass, route, confidence: 0.6, uncertain: true, anomaly: 0.5 } as Prediction,
  opens: true,
})

const judged = async (windows: ScoredWindow[]) => {
  const all: JudgedWindow[] = []
  for (const one of uncertainWindows(events, windows))
    all.push({ window: one.window, council: await councilVerdict(shippedRules(), one, one.evidence) })
  return all
}
const DOUBTED = [window(GUESSER, 3, 2, 'VERIFY'), window(READER, 0, 4, 'INVESTIGATE')]

it('holds the ensemble alone against what stands after the council, on the windows in doubt', async () => {
  const agreement = councilAgreement(await judged([...DOUBTED, window(READER, 0, 4, 'TRUST')]))
  expect(agreement).toMatchObject({
    windows: 2,
    accuracy: { alone: 0, council: 1 },
    falsePositiveRate: { alone: 1, council: 0 },
    recall: { alone: 1, council: 1 },
    verdicts: { THREAT: 1, FALSE_POSITIVE: 1, INVESTIGATE: 0 },
    benignCalledThreat: 0,
    threatsThatAreBenign: 0,
    acquittalsThatAreAttacks: 0,
    overrides: { windows: 2, toRight: 2, fromRight: 0, neither: 0 },
    byCapture: { test: { windows: 2, accuracy: { alone: 0, council: 1 } } },
  })
  expect(agreement.byClass['Brute Force Attack']).toMatchObject({
    windows: 1,
    recall: { alone: 0, council: 1 },
    precision: { alone: null, council: 1 },
    verdicts: { THREAT: 1 },
  })
})

it('counts against the council what it turns from right to wrong', () => {
  const row = (label: number, alone: ClassId, council: JudgedWindow['council']): JudgedWindow => ({
    window: { rawSource: label === 0 ? 'quiet' : 'loud', label, prediction: { threatClass: alone } },
    council,
  })
  const agreement = councilAgreement([
    row(0, 0, { verdict: 'THREAT', confidence: 0.8, threatClass: 5 }),
    row(3, 3, { verdict: 'FALSE_POSITIVE', confidence: 0.3, threatClass: 0 }),
    row(3, 2, { verdict: 'THREAT', confidence: 0.8, threatClass: 4 }),
    row(3, 2, { verdict: 'THREAT', confidence: 0.8, threatClass: 3 }),
    row(3, 3, { verdict: 'INVESTIGATE', confidence: 0.5, threatClass: 3 }),
  ])
  expect(agreement).toMatchObject({
    accuracy: { alone: 3 / 5, council: 2 / 5 },
    benignCalledThreat: 1,
    threatsThatAreBenign: 1 / 3,
    acquittalsThatAreAttacks: 1,
    overrides: { windows: 4, toRight: 1, fromRight: 2, neither: 1 },
  })
  expect(withoutBestCapture(agreement)).toEqual({
    capture: 'loud',
    windows: 1,
    accuracy: { alone: 1, council: 0 },
  })
})

it('measures how far runs differ', async () => {
  const once = await judged(DOUBTED)
  expect(runVariance([once, await judged(DOUBTED)])).toEqual({ runs: 2, accuracies: [1, 1], variance: 0, changed: 0 })
  const other = once.map((one, i) =>
    i > 0 ? one : { ...one, council: { ...one.council, verdict: 'INVESTIGATE' as const, threatClass: 2 as const } },
  )
  expect(runVariance([once, other])).toEqual({ runs: 2, accuracies: [1, 0.5], variance: 0.0625, changed: 1 })
})

it('tells what the council would be without the rules of a class', async () => {
  const trial = await councilTrial(shippedRules(), uncertainWindows(events, DOUBTED), 1)
  const without = Object.fromEntries(trial.withoutRulesOf.map((one) => [one.class, one.accuracy.council]))
  expect(without['Brute Force Attack']).toBe(0.5)
  expect(without['Web Application Attack']).toBe(1)
  expect(trial.variance).toMatchObject({ runs: 3, changed: 0 })
})
