import { describe, expect, it } from 'vitest'
import type { LookUpFailure } from '../../../../core/intel/live/look-up.ts'
import {
  callBegun,
  callFailed,
  callSucceeded,
  callsNow,
  NEW_RECORD,
  type ProviderRecord,
  type ProviderSetup,
  stateOf,
  takesQuestions,
} from '../../../../core/intel/live/provider-record.ts'

const NOW = Date.UTC(2026, 10, 24, 12)
const setup: ProviderSetup = { hasKey: true, fault: null, dailyBudget: 100, digest: 'one' }

const recordAfter = (failure: LookUpFailure, record: ProviderRecord = NEW_RECORD, now = NOW) =>
  callFailed(record, failure, { digest: 'one', isTrial: false, now })
const outage: LookUpFailure = { tag: 'server-error', status: 503, why: 'status 503' }

describe('a service', () => {
  it('is off without a key or with a setting that cannot be used, and says which', () => {
    expect(stateOf(NEW_RECORD, { ...setup, hasKey: false }, NOW)).toEqual({ tag: 'off', why: 'no key' })
    const fault = 'OTX_BASE_URL is not a URL'
    expect(stateOf(NEW_RECORD, { ...setup, fault }, NOW)).toEqual({ tag: 'off', why: fault })
    expect(callsNow(NEW_RECORD, { ...setup, fault }, NOW)).toBe(0)
  })

  it('that refused its key is off until key or settings are others', () => {
    const refused = recordAfter({ tag: 'key-refused', status: 403, why: 'status 403' })
    const state = stateOf(refused, setup, NOW + 30 * 24 * 3_600_000)
    expect(state).toEqual({ tag: 'key-refused', status: 403, at: NOW })
    expect(takesQuestions(state, NOW)).toBe(false)
    expect(stateOf(refused, { ...setup, digest: 'two' }, NOW)).toEqual({ tag: 'ready' })
  })

  it('is left alone as long as a 429 said, a quarter of an hour when it did not, a day at most', () => {
    const waits: [number | null, number][] = [
      [120_000, 120_000],
      [0, 1_000],
      [null, 900_000],
      [1e12, 24 * 3_600_000],
    ]
    for (const [retryAfterMs, wait] of waits) {
      const paused = recordAfter({ tag: 'too-many-requests', retryAfterMs, why: '' })
      expect(stateOf(paused, setup, NOW + wait - 1)).toEqual({ tag: 'told-to-wait', until: NOW + wait })
      expect(stateOf(paused, setup, NOW + wait)).toEqual({ tag: 'ready' })
    }
  })

  it('with its budget spent waits for midnight UTC, and takes questions in the hour before', () => {
    const { record } = callBegun(NEW_RECORD, NOW)
    const state = stateOf(record, { ...setup, dailyBudget: 1 }, NOW)
    expect(state).toEqual({ tag: 'budget-spent', until: Date.UTC(2026, 10, 25) })
    expect(takesQuestions(state, NOW)).toBe(false)
    expect(takesQuestions(state, Date.UTC(2026, 10, 24, 23, 0, 1))).toBe(true)
    expect(callsNow(record, { ...setup, dailyBudget: 1 }, NOW)).toBe(0)
    expect(callsNow(record, { ...setup, dailyBudget: 3 }, NOW)).toBe(2)
  })

  it('fails five times and is left alone, then tried with one call; one that answers is asked as before', () => {
    let record = NEW_RECORD
    for (let i = 0; i < 5; i++) record = recordAfter(outage, record)
    expect(stateOf(record, setup, NOW)).toEqual({ tag: 'breaker-open', until: NOW + 30_000 })
    expect(record.lastFailure).toEqual({ tag: 'server-error', why: 'status 503', at: NOW })
    const trial = callBegun(record, NOW + 30_000)
    expect(trial.isTrial).toBe(true)
    expect(callsNow(record, setup, NOW + 30_000)).toBe(1)
    expect(callsNow(trial.record, setup, NOW + 30_000)).toBe(0)
    const back = callSucceeded(trial.record, NOW + 30_500)
    expect(callsNow(back, setup, NOW + 30_500)).toBe(99)
    expect(back.lastSuccessAt).toBe(NOW + 30_500)
  })

  it('that refuses one question is no outage', () => {
    let record = NEW_RECORD
    for (let i = 0; i < 10; i++)
      record = recordAfter({ tag: 'unexpected-status', status: 422, why: 'status 422' }, record)
    expect(stateOf(record, setup, NOW)).toEqual({ tag: 'ready' })
  })
})
