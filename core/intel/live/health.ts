import type { EpochMs } from '../../time.ts'
import type { LookUpFailure } from './look-up.ts'
import type { ProviderRecord, ProviderState } from './provider-record.ts'
import type { ProviderName } from './providers.ts'

/** Counts since the desk first ran. */
export interface ProviderCounters {
  /** Calls begun. */
  calls: number
  /** Answers that knew the address, and those that did not. */
  seen: number
  notSeen: number
  failures: Record<LookUpFailure['tag'], number>
  /** Questions not taken: it could not have been asked within the hour that a question waits. */
  notTaken: number
  /** Questions that were never asked: more suspicious ones took their place, or there was none. */
  dropped: number
  /** Questions that waited too long for their turn. */
  expired: number
  /** Questions given up after failures, or because the key was refused. */
  givenUp: number
}

export const newProviderCounters = (): ProviderCounters => ({
  calls: 0,
  seen: 0,
  notSeen: 0,
  failures: {
    'key-refused': 0,
    'too-many-requests': 0,
    'server-error': 0,
    'unexpected-status': 0,
    'unreadable-answer': 0,
    'wrong-form': 0,
    'timed-out': 0,
    'not-reached': 0,
  },
  notTaken: 0,
  dropped: 0,
  expired: 0,
  givenUp: 0,
})

/** Counts since the desk first ran, of addresses asked about; those since its last write are lost in a crash. */
export interface DeskCounters {
  questions: number
  /** A fresh answer, of a service that may be asked, was at hand. Counted once a service. */
  answersFromCache: number
  /** Addresses never sent out. */
  notPublic: number
  own: number
  noAddress: number
}

export const newDeskCounters = (): DeskCounters => ({
  questions: 0,
  answersFromCache: 0,
  notPublic: 0,
  own: 0,
  noAddress: 0,
})

export interface ProviderHealth {
  provider: ProviderName
  title: string
  state: ProviderState
  dailyBudget: number
  callsToday: number
  /** Questions that wait. */
  waiting: number
  lastFailure: ProviderRecord['lastFailure']
  lastSuccessAt: EpochMs | null
  counters: ProviderCounters
}

/** What the desk tells of itself. */
export interface IntelDeskHealth {
  providers: ProviderHealth[]
  counters: DeskCounters
  answersKept: number
  /** Addresses whose news a partition has not heard yet. */
  untold: number
}
