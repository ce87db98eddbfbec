import type { Result } from '../../result.ts'
import type { EpochMs } from '../../time.ts'

/** Stored vectors are forgotten after an hour. */
export const TTL_S = 3_600

export const STORE_BACKENDS = ['upstash', 'embedded'] as const
export type StoreBackend = (typeof STORE_BACKENDS)[number]

/** A vector of one window, and which. */
export interface VectorEntry {
  /** The source: an IPv4 address, or an IPv6 /64 as `entityOf` writes it. */
  address: string
  /** 100 features in the order of the schema, NaN where absent. */
  row: Float32Array
  /** See `cursorText`. */
  cursor: string
  /** When the window was judged, or else extracted. */
  at: EpochMs
}

export interface Wanted {
  address: string
  /** The cursor of the present window: a vector of another one is stale. */
  cursor: string
}

/** What a look-up found. Only a hit carries a vector: nothing else is ever used. */
export type Found =
  | { tag: 'hit'; entry: VectorEntry }
  | { tag: 'miss' }
  | { tag: 'stale'; why: string }
  | { tag: 'error'; why: string }
  /** The store has failed of late and was left alone. */
  | { tag: 'unasked'; why: string }

export interface StoreSize {
  /** Null where the backend does not tell. */
  entries: number | null
  memoryBytes: number | null
}

/** What a backend does: text under keys for a time. Every one of its promises may reject; `signal` ends the wait. */
export interface Shelf {
  readonly backend: StoreBackend
  /** In the order of the keys: the text, null where there is none, or what is wrong with that key alone. */
  get(keys: readonly string[], signal: AbortSignal): Promise<Result<string | null, string>[]>
  /** Keeps each for `ttlS` seconds. In the order of the entries: null, or why it was not kept. */
  set(entries: readonly { key: string; value: string }[], ttlS: number, signal: AbortSignal): Promise<(string | null)[]>
  size(signal: AbortSignal): Promise<StoreSize>
}

/**
 * Vectors of judged windows, for whatever needs one outside the window's partition. Never rejects and never keeps anybody
 * waiting for long: a store that is down, slow, full or answers nonsense says so and is not used.
 */
export interface FeatureStore {
  readonly backend: StoreBackend
  /** In the order asked. */
  read(wanted: readonly Wanted[]): Promise<Found[]>
  /** How many were kept, or why none were. */
  write(entries: readonly VectorEntry[]): Promise<WriteOutcome>
  /** Asks the backend now: also tells whether it works. */
  size(): Promise<Result<StoreSize, string>>
}

export interface WriteOutcome {
  written: number
  failed: number
  /** The first failure's reason. */
  why: string | null
}
