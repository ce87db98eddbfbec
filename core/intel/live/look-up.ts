import type { Result } from '../../result.ts'
import type { EpochMs } from '../../time.ts'
import type { AddressFamily, ProviderName } from './providers.ts'

/** What one service says of one address. */
export interface ProviderReport {
  provider: ProviderName
  address: string
  /**
   * `abusive`: it holds reports against the address; `observed`: it knows the address and does not judge it; `benign`:
   * it vouches for it; `not-seen`: it knows nothing of it, which is no good repute.
   */
  kind: 'abusive' | 'observed' | 'benign' | 'not-seen'
  /** How sure the service is that the address is abusive, 0..1; null when it says nothing of the sort. */
  score: number | null
  isTorExit: boolean | null
  /** In words, from the service's own fields; at most 200 characters, and text from outside. */
  detail: string
  /** When the service last had a report, by itself; when it names no time, the time of the answer. */
  asOf: EpochMs
  /** When it was asked. */
  retrievedAt: EpochMs
}

/** Why a look-up brought no report. `why` never holds the key. */
export type LookUpFailure =
  | { tag: 'key-refused'; status: number; why: string }
  /** `retryAfterMs`: what it asked to wait, null when it did not say. */
  | { tag: 'too-many-requests'; retryAfterMs: number | null; why: string }
  | { tag: 'server-error'; status: number; why: string }
  | { tag: 'unexpected-status'; status: number; why: string }
  /** No JSON: a page, or an answer that breaks off. */
  | { tag: 'unreadable-answer'; why: string }
  /** JSON in another form than documented, a value outside its range included. */
  | { tag: 'wrong-form'; why: string }
  | { tag: 'timed-out'; why: string }
  | { tag: 'not-reached'; why: string }

/** The port: one service that knows addresses. Never throws for what the service or the network does. */
export interface LiveProvider {
  readonly name: ProviderName
  readonly families: readonly AddressFamily[]
  /** @param address canonical text, of one of `families`; the caller has made sure that it may be sent out */
  lookUp(address: string, now: EpochMs): Promise<Result<ProviderReport, LookUpFailure>>
}

/** Said of failures that the service or the way to it is to blame for, so that asking on at once is of no use. */
export function isOutage(failure: LookUpFailure): boolean {
  return failure.tag !== 'key-refused' && failure.tag !== 'too-many-requests' && failure.tag !== 'unexpected-status'
}
