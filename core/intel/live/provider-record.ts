import { type Breaker, begun, breakerState, CLOSED, callsAllowed, failed, succeeded } from '../../breaker.ts'
import type { EpochMs } from '../../time.ts'
import { WAITS_AT_MOST_MS } from './admission.ts'
import { leftToday, NOTHING_SPENT, renewedAt, type Spending, spend, spentToday } from './budget.ts'
import { isOutage, type LookUpFailure } from './look-up.ts'

/** Waits after a 429: what the service said within these bounds, or the usual one when it said nothing. */
const SHORTEST_PAUSE_MS = 1_000
const USUAL_PAUSE_MS = 15 * 60_000
const LONGEST_PAUSE_MS = 24 * 3_600_000

/** What is remembered of a service, durably. */
export interface ProviderRecord {
  spending: Spending
  breaker: Breaker
  /** It asked to be left alone until then (429). */
  pausedUntil: EpochMs
  /** It refused the key with this digest of key and settings; another one is tried again. */
  refused: { digest: string; status: number; at: EpochMs } | null
  lastFailure: { tag: LookUpFailure['tag']; why: string; at: EpochMs } | null
  lastSuccessAt: EpochMs | null
}

export const NEW_RECORD: ProviderRecord = {
  spending: NOTHING_SPENT,
  breaker: CLOSED,
  pausedUntil: 0,
  refused: null,
  lastFailure: null,
  lastSuccessAt: null,
}

/** What the deployment says of a service. */
export interface ProviderSetup {
  hasKey: boolean
  /** A setting of it that cannot be used, as a sentence; null: all can. */
  fault: string | null
  dailyBudget: number
  /** Of key and settings. */
  digest: string
}

export type ProviderState =
  | { tag: 'off'; why: string }
  | { tag: 'ready' }
  | { tag: 'budget-spent'; until: EpochMs }
  | { tag: 'told-to-wait'; until: EpochMs }
  | { tag: 'breaker-open'; until: EpochMs }
  | { tag: 'key-refused'; status: number; at: EpochMs }

export function stateOf(record: ProviderRecord, setup: ProviderSetup, now: EpochMs): ProviderState {
  if (setup.fault !== null) return { tag: 'off', why: setup.fault }
  if (!setup.hasKey) return { tag: 'off', why: 'no key' }
  if (record.refused?.digest === setup.digest)
    return { tag: 'key-refused', status: record.refused.status, at: record.refused.at }
  if (leftToday(record.spending, setup.dailyBudget, now) === 0)
    return { tag: 'budget-spent', until: renewedAt(record.spending, now) }
  if (now < record.pausedUntil) return { tag: 'told-to-wait', until: record.pausedUntil }
  if (breakerState(record.breaker, now) === 'open') return { tag: 'breaker-open', until: record.breaker.openUntil }
  return { tag: 'ready' }
}

/** Whether it may be asked, now or once its time has come. */
export const isOn = (state: ProviderState): boolean => state.tag !== 'off' && state.tag !== 'key-refused'

/** Whether it is of use to keep a new question for it: it can be asked before the question has waited too long. */
export const takesQuestions = (state: ProviderState, now: EpochMs): boolean =>
  isOn(state) && !('until' in state && state.until - now >= WAITS_AT_MOST_MS)

/** Calls that may begin now. */
export function callsNow(record: ProviderRecord, setup: ProviderSetup, now: EpochMs): number {
  if (stateOf(record, setup, now).tag !== 'ready') return 0
  return Math.min(callsAllowed(record.breaker, now), leftToday(record.spending, setup.dailyBudget, now))
}

/** A call begins; written down before it does, so that no crash makes a budget larger. */
export function callBegun(record: ProviderRecord, now: EpochMs): { record: ProviderRecord; isTrial: boolean } {
  const isTrial = breakerState(record.breaker, now) === 'half-open'
  return { record: { ...record, spending: spend(record.spending, now), breaker: begun(record.breaker, now) }, isTrial }
}

export const callSucceeded = (record: ProviderRecord, now: EpochMs): ProviderRecord => ({
  ...record,
  breaker: succeeded(),
  lastSuccessAt: now,
})

export function callFailed(
  record: ProviderRecord,
  failure: LookUpFailure,
  { digest, isTrial, now }: { digest: string; isTrial: boolean; now: EpochMs },
): ProviderRecord {
  const noted = { ...record, lastFailure: { tag: failure.tag, why: failure.why, at: now } }
  if (isOutage(failure)) return { ...noted, breaker: failed(record.breaker, now, isTrial) }
  // It answers: what it says is not the breaker's matter.
  const answering = { ...noted, breaker: succeeded() }
  if (failure.tag === 'key-refused') return { ...answering, refused: { digest, status: failure.status, at: now } }
  if (failure.tag !== 'too-many-requests') return answering
  const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, failure.retryAfterMs ?? USUAL_PAUSE_MS))
  return { ...answering, pausedUntil: Math.max(record.pausedUntil, now + pauseMs) }
}

/** Calls begun today, for those who look. */
export const callsToday = (record: ProviderRecord, now: EpochMs): number => spentToday(record.spending, now)
