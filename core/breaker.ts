import type { EpochMs } from './time.ts'

/** A circuit breaker for one service: after failures in a row it is left alone for a while, then tried with one call. */
export interface Breaker {
  /** Failures since the last success. */
  failures: number
  /** Times that it opened since the last success; each doubles the wait. */
  openings: number
  /** Nobody asks before; 0: closed. */
  openUntil: EpochMs
}

export const CLOSED: Breaker = { failures: 0, openings: 0, openUntil: 0 }

export interface BreakerLimits {
  /** Failures in a row that open it, 1 or more. */
  failures: number
  /** First wait until a trial, ms; it doubles with each trial that fails, up to `longestWaitMs`. */
  waitMs: number
  longestWaitMs: number
  /** As long as any call may take, ms: a trial whose end is never heard (a crash) frees the next one after this. */
  trialMs: number
}

/** Of services outside. */
const OUTSIDE: BreakerLimits = { failures: 5, waitMs: 30_000, longestWaitMs: 30 * 60_000, trialMs: 60_000 }

export type BreakerState = 'closed' | 'open' | 'half-open'

export function breakerState({ openUntil }: Breaker, now: EpochMs): BreakerState {
  if (openUntil === 0) return 'closed'
  return now < openUntil ? 'open' : 'half-open'
}

/** How many calls may begin now: none while open, one when half open, else as many as one likes. */
export function callsAllowed(breaker: Breaker, now: EpochMs): number {
  const state = breakerState(breaker, now)
  return state === 'closed' ? Number.POSITIVE_INFINITY : state === 'open' ? 0 : 1
}

/** A call begins. A half-open breaker lets no second one begin before this one has ended. */
export function begun(breaker: Breaker, now: EpochMs, limits = OUTSIDE): Breaker {
  return breakerState(breaker, now) === 'half-open' ? { ...breaker, openUntil: now + limits.trialMs } : breaker
}

export const succeeded = (): Breaker => CLOSED

/** A call failed. Those that began before the breaker opened and fail after it do not make it wait longer. */
export function failed(breaker: Breaker, now: EpochMs, wasTrial: boolean, limits = OUTSIDE): Breaker {
  const failures = breaker.failures + 1
  if (!wasTrial && (breaker.openUntil > 0 || failures < limits.failures)) return { ...breaker, failures }
  const openings = breaker.openings + 1
  const waitMs = Math.min(limits.longestWaitMs, limits.waitMs * 2 ** Math.min(openings - 1, 16))
  return { failures, openings, openUntil: now + waitMs }
}
