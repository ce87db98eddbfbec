import type { PartitionHealth } from './health.ts'
import type { Result } from './result.ts'

/** What a part of the running system said of itself, or why it is not known. */
export interface Reading<Health> {
  name: string
  health: Result<Health, string>
}

/** A measured number, or the reason why there is none. It is never 0 for want of an answer. */
export type Figure = { known: true; value: number } | { known: false; why: string }

/** Sum over all parts; not known while one of them is not. */
export function total<Health>(readings: readonly Reading<Health>[], of: (health: Health) => number): Figure {
  let value = 0
  const silent: string[] = []
  for (const { name, health } of readings) {
    if (health.ok) value += of(health.value)
    else silent.push(`${name}: ${health.error}`)
  }
  if (silent.length === 0) return { known: true, value }
  const more = silent.length > 1 ? ` (and ${silent.length - 1} more)` : ''
  return { known: false, why: `${silent[0]}${more}` }
}

/** The model that the partitions run. */
export type ServingModel =
  | { tag: 'serving'; versions: string[] }
  /** No partition has loaded one: it is loaded with the first window. */
  | { tag: 'not-loaded' }
  | { tag: 'refused'; why: string }
  | { tag: 'not-known'; why: string }

export function servingModel(partitions: readonly Reading<PartitionHealth>[]): ServingModel {
  const versions = new Set<string>()
  let silent: string | null = null
  for (const { name, health } of partitions) {
    if (!health.ok) silent ??= `${name}: ${health.error}`
    else if (health.value.modelError !== null) return { tag: 'refused', why: `${name}: ${health.value.modelError}` }
    else if (health.value.modelVersion !== null) versions.add(health.value.modelVersion)
  }
  if (silent !== null) return { tag: 'not-known', why: silent }
  return versions.size === 0 ? { tag: 'not-loaded' } : { tag: 'serving', versions: [...versions].sort() }
}

export interface Histogram {
  buckets: { le: number; count: number }[]
  sum: number
  count: number
}

/** Sum of cumulative histograms by bound; a bound that only some have is left out. */
export function mergeHistograms(histograms: readonly Histogram[]): Histogram {
  const bounds = histograms[0]?.buckets.map((bucket) => bucket.le) ?? []
  const shared = bounds.filter((le) => histograms.every((one) => one.buckets.some((bucket) => bucket.le === le)))
  const countAt = (one: Histogram, le: number) => one.buckets.find((bucket) => bucket.le === le)?.count ?? 0
  return {
    buckets: shared.map((le) => ({ le, count: histograms.reduce((sum, one) => sum + countAt(one, le), 0) })),
    sum: histograms.reduce((sum, one) => sum + one.sum, 0),
    count: histograms.reduce((sum, one) => sum + one.count, 0),
  }
}
