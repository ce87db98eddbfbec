import { z } from 'zod'
import type { StoreBackend, StoreSize } from './port.ts'

/**
 * Times as counts on a logarithmic scale: bucket i holds times up to FLOOR_MS · 2^(i/4), so that a percentile read from it
 * is at most 19 % over the true one. Sparse: bucket → count.
 */
export type LogHistogram = Record<number, number>

/** A Worker's clock ticks once a millisecond. */
const FLOOR_MS = 1
const PER_DOUBLING = 4
/** Ten minutes: longer is counted as that long. */
const LAST_BUCKET = Math.ceil(Math.log2(600_000 / FLOOR_MS) * PER_DOUBLING)

export function noteTime(histogram: LogHistogram, ms: number): void {
  if (!(ms >= 0)) return
  const bucket = ms <= FLOOR_MS ? 0 : Math.min(LAST_BUCKET, Math.ceil(Math.log2(ms / FLOOR_MS) * PER_DOUBLING))
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
}

/** The upper bound of the bucket that holds the percentile (nearest rank), ms; null when nothing was measured. @param share 0 < share ≤ 1 */
export function percentileOf(histogram: LogHistogram, share: number): number | null {
  const buckets = Object.entries(histogram).map(([bucket, count]) => [Number(bucket), count] as const)
  const total = buckets.reduce((sum, [, count]) => sum + count, 0)
  if (total === 0) return null
  let left = Math.ceil(share * total)
  for (const [bucket, count] of buckets.sort(([a], [b]) => a - b)) {
    left -= count
    if (left <= 0) return Number((FLOOR_MS * 2 ** (bucket / PER_DOUBLING)).toPrecision(3))
  }
  return null
}

export const STORE_RESULTS = ['hits', 'misses', 'stale', 'errors', 'written', 'write_errors', 'dropped'] as const
export type StoreResult = (typeof STORE_RESULTS)[number]

/** What happened in some stretch of time. Sums of two are the counts of both. */
export interface StoreCounts extends Record<StoreResult, number> {
  /** From the question to the store until its answer. */
  retrieve: LogHistogram
  /** From the question to the window's partition until its vector. */
  extract: LogHistogram
}

export const newStoreCounts = (): StoreCounts => ({
  hits: 0,
  misses: 0,
  stale: 0,
  errors: 0,
  written: 0,
  write_errors: 0,
  dropped: 0,
  retrieve: {},
  extract: {},
})

/** Adds `more` to `counts`. */
export function addCounts(counts: StoreCounts, more: StoreCounts): StoreCounts {
  for (const result of STORE_RESULTS) counts[result] += more[result]
  for (const which of ['retrieve', 'extract'] as const)
    for (const [bucket, count] of Object.entries(more[which]))
      counts[which][Number(bucket)] = (counts[which][Number(bucket)] ?? 0) + count
  return counts
}

const Count = z.number().int().min(0)
const Histogram = z.record(z.string().regex(/^\d+$/), Count)

/** Counts as they are stored; written by this program, checked all the same. */
export const StoredCounts = z.object({
  ...(Object.fromEntries(STORE_RESULTS.map((result) => [result, Count])) as Record<StoreResult, typeof Count>),
  retrieve: Histogram,
  extract: Histogram,
})

interface Percentiles {
  p50: number | null
  p99: number | null
}

/** Counts as the API and the pages give them. */
export interface StoreFigures extends Record<StoreResult, number> {
  /** Of all look-ups; null when there was none. */
  hit_rate: number | null
  retrieve_ms: Percentiles
  extract_ms: Percentiles
}

export interface StoreStatistics extends StoreFigures {
  backend: StoreBackend
  /** Null where the backend does not tell; `unknown` says why. */
  entries: number | null
  memory_bytes: number | null
  day: StoreFigures
  /** Why a figure is null, by its name. */
  unknown: Record<string, string>
}

export function figuresOf(counts: StoreCounts): StoreFigures {
  const results = Object.fromEntries(STORE_RESULTS.map((result) => [result, counts[result]])) as Record<
    StoreResult,
    number
  >
  const lookups = counts.hits + counts.misses + counts.stale + counts.errors
  return {
    ...results,
    hit_rate: lookups === 0 ? null : counts.hits / lookups,
    retrieve_ms: percentiles(counts.retrieve),
    extract_ms: percentiles(counts.extract),
  }
}

const percentiles = (times: LogHistogram): Percentiles => ({
  p50: percentileOf(times, 0.5),
  p99: percentileOf(times, 0.99),
})

/** The top level is the last hour. @param size what the backend says now, or why it says nothing */
export function statisticsOf(
  backend: StoreBackend,
  hour: StoreCounts,
  day: StoreCounts,
  size: { ok: true; value: StoreSize } | { ok: false; error: string },
): StoreStatistics {
  const figures = figuresOf(hour)
  const entries = size.ok ? size.value.entries : null
  const memory_bytes = size.ok ? size.value.memoryBytes : null
  const untold = size.ok ? 'the backend does not tell' : size.error
  const unknown: Record<string, string> = {}
  if (figures.hit_rate === null) unknown.hit_rate = 'nobody has looked up a vector in the last hour'
  if (figures.retrieve_ms.p50 === null) unknown.retrieve_ms = 'no look-up was answered by the store in the last hour'
  if (figures.extract_ms.p50 === null) unknown.extract_ms = 'no look-up needed its partition in the last hour'
  if (entries === null) unknown.entries = untold
  if (memory_bytes === null) unknown.memory_bytes = untold
  return { backend, ...figures, entries, memory_bytes, day: figuresOf(day), unknown }
}
