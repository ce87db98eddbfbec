import {
  type Breaker,
  type BreakerLimits,
  type BreakerState,
  begun,
  breakerState,
  CLOSED,
  callsAllowed,
  failed,
} from './breaker.ts'
import type { EpochMs } from './time.ts'

/**
 * A breaker that one process holds for itself, and that knows whether its trial is under way. No timer and no clock of its
 * own: it comes back with the next call after the wait.
 */
export class CircuitBreaker {
  readonly #limits: BreakerLimits
  #breaker: Breaker = CLOSED
  #isTrialOut = false

  constructor(limits: BreakerLimits) {
    this.#limits = limits
  }

  /** Open: nobody is let through. Half-open: the next one is, as a trial, or one is under way. */
  state(now: EpochMs): BreakerState {
    return this.#isTrialOut ? 'half-open' : breakerState(this.#breaker, now)
  }

  /** Whether a call may be made now; in the half-open state one at a time. Its outcome is to be told. */
  lets(now: EpochMs): boolean {
    // A trial that is not answered in its time counts as failed: whoever sent it may be gone.
    if (this.#isTrialOut && breakerState(this.#breaker, now) === 'half-open') this.failed(now)
    if (this.#isTrialOut || callsAllowed(this.#breaker, now) === 0) return false
    this.#isTrialOut = breakerState(this.#breaker, now) === 'half-open'
    this.#breaker = begun(this.#breaker, now, this.#limits)
    return true
  }

  succeeded(): void {
    this.#breaker = CLOSED
    this.#isTrialOut = false
  }

  failed(now: EpochMs): void {
    this.#breaker = failed(this.#breaker, now, this.#isTrialOut, this.#limits)
    this.#isTrialOut = false
  }
}
