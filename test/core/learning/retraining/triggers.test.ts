import { describe, expect, it } from 'vitest'
import { type LearningState, type TriggerName, triggersOf } from '../../../../core/learning/retraining/triggers.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)
const calm: LearningState = {
  unused: 40,
  unusedInWeek: 70,
  lastRunAt: NOW - 2 * DAY,
  firstSampleAt: NOW - 90 * DAY,
  verdicts: 300,
  overrides: 30,
  drift: { worst: [{ feature: 'pkts_in_mean', index: 0.2 }], features: 0.08, classes: 0.02 },
}
const met = (part: Partial<LearningState>) =>
  triggersOf({ ...calm, ...part }, NOW).flatMap(({ isMet, name }) => (isMet ? [name] : []))
const trigger = (name: TriggerName, part: Partial<LearningState> = {}) =>
  triggersOf({ ...calm, ...part }, NOW).find((one) => one.name === name)!

describe('a run is due', () => {
  it('at a thousand samples that no run has used', () => {
    expect([met({ unused: 999 }), met({ unused: 1_000 })]).toEqual([[], ['samples']])
  })

  it('seven days after the last run, or after the first sample, with a hundred new ones', () => {
    const week = NOW - 7 * DAY
    expect(met({ lastRunAt: week, unused: 99 })).toEqual([])
    expect(met({ lastRunAt: week + 1, unused: 100 })).toEqual([])
    expect(met({ lastRunAt: week, unused: 100 })).toEqual(['time'])
    expect(met({ lastRunAt: null, firstSampleAt: week, unused: 100 })).toEqual(['time'])
    expect(met({ lastRunAt: null, firstSampleAt: null, unused: 0 })).toEqual([])
  })

  it('when over 15 % of at least a hundred verdicts changed the class', () => {
    expect(met({ verdicts: 99, overrides: 99 })).toEqual([])
    expect(met({ verdicts: 100, overrides: 15 })).toEqual([])
    expect(met({ verdicts: 100, overrides: 16 })).toEqual(['overrides'])
  })

  it('when features or predicted classes have drifted', () => {
    expect(met({ drift: { worst: [], features: 0.26, classes: 0 } })).toEqual(['drift'])
    expect(met({ drift: { worst: [], features: 0, classes: 0.26 } })).toEqual(['drift'])
    expect(met({ drift: null })).toEqual([])
  })
})

describe('a trigger that is not met', () => {
  it('says when it will be, going on as in the last week', () => {
    expect(trigger('samples').projectedAt).toBe(NOW + 96 * DAY)
    // Sixty more samples at ten a day take six days; the week is over in five.
    expect(trigger('time').projectedAt).toBe(NOW + 6 * DAY)
    expect(trigger('time', { unused: 100 }).projectedAt).toBe(NOW + 5 * DAY)
  })

  it('says nothing of a day where nothing comes in', () => {
    expect([
      trigger('samples', { unusedInWeek: 0 }).projectedAt,
      trigger('time', { unusedInWeek: 0 }).projectedAt,
    ]).toEqual([null, null])
  })

  it('tells its value, its limit and the worst features by name', () => {
    expect(trigger('overrides')).toMatchObject({ value: 0.1, limit: 0.15 })
    expect(trigger('drift').why).toContain('pkts_in_mean 0.20')
    expect(trigger('overrides', { verdicts: 0, overrides: 0 }).value).toBe(null)
  })
})
