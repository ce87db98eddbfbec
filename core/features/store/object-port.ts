import type { EpochMs } from '../../time.ts'
import type { StoreBackend, StoreSize } from './port.ts'
import type { StoreCounts } from './statistics.ts'

/** What happened with one backend. */
export interface StoreHistory {
  /** The present minute and the one before. */
  recent: StoreCounts
  hour: StoreCounts
  day: StoreCounts
  /** Since the system first ran. */
  ever: StoreCounts
  lastFailure: { at: EpochMs; why: string } | null
}

/** What the feature-store object offers: the embedded store, and the statistics of whichever store is used. */
export interface FeatureStoreObject {
  /** In the order of the keys; null where there is none. */
  get(keys: string[]): Promise<(string | null)[]>
  set(entries: { key: string; value: string }[], ttlS: number): Promise<void>
  size(): Promise<StoreSize>
  /** @param failure what went wrong meanwhile, if anything did */
  note(backend: StoreBackend, counts: StoreCounts, failure: string | null): Promise<void>
  history(backend: StoreBackend): Promise<StoreHistory>
}

/** One object for a system: a vector is 1 KB, and who has more of them than it keeps has Redis. */
export const FEATURE_STORE_NAME = 'store'
