/** The smallest value that at least `share` of all values do not exceed (nearest rank). @param share 0 < share ≤ 1 */
export function percentile(values: readonly number[], share: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

export const percentiles = (values: readonly number[]) => ({
  p50: percentile(values, 0.5),
  p95: percentile(values, 0.95),
  p99: percentile(values, 0.99),
})

/** Growth of a figure over a soak: medians over the minutes of its first and its last third, after warm-up. */
export interface Trend {
  first: number
  last: number
  /** last / first; 1.25 or less is flat. What falls is no leak and counts as flat. */
  growth: number
}

export const WARM_UP_MINUTES = 2
export const FLAT_WITHIN = 1.25

/**
 * Compares the thirds of what follows the warm-up; a rest of one or two minutes goes to the middle. Null when fewer than
 * three minutes follow it: too short to tell.
 * @param byMinute one figure a whole minute, in order
 */
export function trendOf(byMinute: readonly number[], warmUp = WARM_UP_MINUTES): Trend | null {
  const steady = byMinute.slice(warmUp)
  const third = Math.floor(steady.length / 3)
  if (third === 0) return null
  const first = median(steady.slice(0, third))
  const last = median(steady.slice(-third))
  return { first, last, growth: last / first }
}
