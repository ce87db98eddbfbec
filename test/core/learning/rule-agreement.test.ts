import { expect, it } from 'vitest'
import type { Prediction, RouteName } from '../../../core/ensemble/prediction.ts'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import type { ScoredWindow } from '../../../core/learning/evaluate.ts'
import type { LabelledEvent } from '../../../core/learning/labelled-windows.ts'
import { judgeUncertain, ruleAgreement } from '../../../core/learning/rule-agreement.ts'
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

it('holds the ensemble alone against the ensemble with the rules, on the windows in doubt', () => {
  const scored = [window(GUESSER, 3, 2, 'VERIFY'), window(READER, 0, 4, 'INVESTIGATE'), window(READER, 0, 4, 'TRUST')]
  const agreement = ruleAgreement(judgeUncertain(shippedRules(), events, scored))
  expect(agreement.windows).toBe(2)
  expect(agreement.accuracy).toEqual({ ensemble: 0, withRules: 1 })
  expect(agreement.falsePositiveRate).toEqual({ ensemble: 1, withRules: 0 })
  expect(agreement.recall).toEqual({ ensemble: 1, withRules: 1 })
  expect(agreement.byClass['Brute Force Attack']).toMatchObject({ windows: 1, threat: 1, threatOfRightClass: 1 })
  expect(agreement.byClass.Normal).toMatchObject({ windows: 1, falsePositive: 1 })
})
