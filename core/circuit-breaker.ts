import type { EpochMs } from './time.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export interface BreakerOptions {
  /** Failures in a row that open it, 1 or more. */
  failures: number
  /** First wait until a probe, ms; it doubles with each probe that fails, up to `longestWaitMs`. */
  waitMs: number
  longestWaitMs: number
  /** A probe that has not been answered for this long, ms, counts as failed: whoever sent it may be gone. */
  probeMs: number
}

/**
 * Keeps callers from something that does not answer, and lets one through now and then to see whether it does again. No
 * timer and no clock of its own: it comes back with the next call after the wait.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions
  #failures = 0
  #waitMs: number
  /** When it opened, or last let a probe fail; null while closed. */
  #openedAt: EpochMs | null = null
  #probeSentAt: EpochMs | null = null

  constructor(options: BreakerOptions) {
    this.#options = options
    this.#waitMs = options.waitMs
  }

  /** Open: nobody is let through. Half-open: the next one is, as a probe. */
  state(now: EpochMs): BreakerState {
    if (this.#openedAt === null) return 'closed'
    return now >= this.#openedAt + this.#waitMs ? 'half-open' : 'open'
  }

  /** Whether a call may be made now; in the half-open state one at a time. Its outcome is to be told. */
  lets(now: EpochMs): boolean {
    if (this.#probeSentAt !== null && now >= this.#probeSentAt + this.#options.probeMs) this.failed(now)
    const state = this.state(now)
    if (state === 'closed') return true
    if (state === 'open' || this.#probeSentAt !== null) return false
    this.#probeSentAt = now
    return true
  }

  succeeded(): void {
    this.#failures = 0
    this.#openedAt = null
    this.#probeSentAt = null
    this.#waitMs = this.#options.waitMs
  }

  failed(now: EpochMs): void {
    this.#failures++
    if (this.#openedAt !== null) {
      // Calls that were under way when it opened fail after it; only a probe lengthens the wait.
      if (this.#probeSentAt === null) return
      this.#probeSentAt = null
      this.#waitMs = Math.min(this.#waitMs * 2, this.#options.longestWaitMs)
      this.#openedAt = now
    } else if (this.#failures >= this.#options.failures) this.#openedAt = now
  }
}
