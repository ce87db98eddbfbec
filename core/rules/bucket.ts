import type { EpochMs } from '../time.ts'
import type { FieldValue } from './value-match.ts'

/**
 * What a rule remembers of one group (one source, one account, …) while events pass in order of time. Every bucket is
 * bounded by its threshold, never by what an attacker sends.
 */
export interface Bucket {
  /**
   * Takes an event that satisfied `step`. True when the rule's threshold is reached with it.
   * @param value of the field that `distinct` or `condition.field` names
   */
  pour(index: number, ts: EpochMs, step: number, value: FieldValue): boolean
  /** Events that made the threshold, by index; at most HELD. */
  held(): number[]
  /** How far it came at best. `reached` is more than `needed` only where an upper bound was passed. */
  best(): { reached: number; needed: number; what: string }
  /** True when an upper bound was passed. */
  isOver(): boolean
}

/** As many as the largest threshold that a rule may have. */
export const HELD = 1000

/** CrowdSec's leaky bucket: overflows when it would hold more than `capacity`; one event leaks out each `leakMs`. */
export function leaky(capacity: number, leakMs: number, isDistinct: boolean): Bucket {
  let level = 0
  let last = 0
  let highest = 0
  let held: number[] = []
  const values = new Set<FieldValue>()
  return {
    pour(index, ts, _step, value) {
      level = Math.max(0, level - (ts - last) / leakMs)
      if (level === 0) {
        held = []
        values.clear()
      }
      if (isDistinct) {
        if (values.has(value)) return false
        if (values.size <= capacity) values.add(value)
      }
      last = ts
      level = Math.min(level + 1, capacity + 1)
      highest = Math.max(highest, level)
      if (held.length < HELD) held.push(index)
      return level > capacity
    },
    held: () => held,
    best: () => ({ reached: Math.floor(highest), needed: capacity + 1, what: 'in the bucket' }),
    isOver: () => false,
  }
}

/** CrowdSec's counter: counts for `durationMs` from the first event on, then begins anew. */
export function counter(capacity: number, durationMs: number, isDistinct: boolean): Bucket {
  let start = Number.NEGATIVE_INFINITY
  let count = 0
  let highest = 0
  let held: number[] = []
  const values = new Set<FieldValue>()
  return {
    pour(index, ts, _step, value) {
      if (ts - start >= durationMs) {
        start = ts
        count = 0
        held = []
        values.clear()
      }
      if (isDistinct) {
        if (values.has(value)) return false
        if (values.size <= capacity) values.add(value)
      }
      count++
      highest = Math.max(highest, count)
      if (held.length < HELD) held.push(index)
      return count > capacity
    },
    held: () => held,
    best: () => ({ reached: highest, needed: Math.max(1, capacity + 1), what: 'counted' }),
    isOver: () => false,
  }
}

export interface Bounds {
  least: number
  /** Infinity where there is none. */
  most: number
}

/** Sigma's event_count over a sliding `spanMs`. `jitter`: most variation of the gaps, null for any. */
export function eventCount({ least, most }: Bounds, spanMs: number, jitter: number | null): Bucket {
  const keep = Number.isFinite(most) ? Math.max(least, most + 1) : least
  const recent: { index: number; ts: EpochMs }[] = []
  let highest = 0
  let irregular = false
  return {
    pour(index, ts) {
      recent.push({ index, ts })
      while (recent.length > keep || ts - recent[0]!.ts > spanMs) recent.shift()
      highest = Math.max(highest, recent.length)
      if (recent.length < least) return false
      irregular = jitter !== null && variation(recent.map((one) => one.ts)) > jitter
      return !irregular
    },
    held: () => recent.slice(0, HELD).map((one) => one.index),
    best: () => ({ reached: highest, needed: least, what: irregular ? 'events, but at uneven gaps' : 'events' }),
    isOver: () => highest > most,
  }
}

/** Gaps that are shorter on average belong to a burst, not to a rhythm, ms. */
const SHORTEST_RHYTHM_MS = 1000

/** Coefficient of variation of the gaps between times; Infinity for fewer than three times, or in a burst. */
function variation(times: readonly EpochMs[]): number {
  const gaps = times.slice(1).map((ts, i) => ts - times[i]!)
  if (gaps.length < 2) return Number.POSITIVE_INFINITY
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  if (mean < SHORTEST_RHYTHM_MS) return Number.POSITIVE_INFINITY
  return Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length) / mean
}

/** Sigma's value_count: distinct values of a field within a sliding `spanMs`. An event without the field is not counted. */
export function valueCount({ least, most }: Bounds, spanMs: number): Bucket {
  const keep = Number.isFinite(most) ? Math.max(least, most + 1) : least
  // In the order in which each value was last seen.
  const latest = new Map<FieldValue, { index: number; ts: EpochMs }>()
  let highest = 0
  return {
    pour(index, ts, _step, value) {
      if (value === undefined) return false
      latest.delete(value)
      latest.set(value, { index, ts })
      for (const [old, seen] of latest) {
        if (latest.size <= keep && ts - seen.ts <= spanMs) break
        latest.delete(old)
      }
      highest = Math.max(highest, latest.size)
      return latest.size >= least
    },
    held: () =>
      [...latest.values()]
        .map((one) => one.index)
        .sort((a, b) => a - b)
        .slice(0, HELD),
    best: () => ({ reached: highest, needed: least, what: 'distinct values' }),
    isOver: () => highest > most,
  }
}

/** Sigma's temporal: every step within `spanMs`, in any order. */
export function temporal(steps: number, spanMs: number): Bucket {
  const latest: ({ index: number; ts: EpochMs } | undefined)[] = Array(steps).fill(undefined)
  let highest = 0
  return {
    pour(index, ts, step) {
      latest[step] = { index, ts }
      const within = latest.filter((one) => one !== undefined && ts - one.ts <= spanMs).length
      highest = Math.max(highest, within)
      return within === steps
    },
    held: () => [...new Set(latest.flatMap((one) => (one ? [one.index] : [])))].sort((a, b) => a - b),
    best: () => ({ reached: highest, needed: steps, what: 'steps' }),
    isOver: () => false,
  }
}

/** Sigma's temporal_ordered: the steps one after the other within `spanMs`, each by an event of its own. */
export function temporalOrdered(steps: number, spanMs: number): Bucket {
  /** By step: the chain that reached it and began last. */
  const chains: ({ start: EpochMs; indexes: number[] } | undefined)[] = Array(steps).fill(undefined)
  let done: number[] = []
  let highest = 0
  return {
    pour(index, ts, step) {
      const before = step === 0 ? { start: ts, indexes: [] } : chains[step - 1]
      if (!before || ts - before.start > spanMs || before.indexes.at(-1) === index) return false
      chains[step] = { start: before.start, indexes: [...before.indexes, index] }
      highest = Math.max(highest, step + 1)
      if (step < steps - 1) return false
      done = chains[step]!.indexes
      return true
    },
    held: () => done,
    best: () => ({ reached: highest, needed: steps, what: 'steps in order' }),
    isOver: () => false,
  }
}
