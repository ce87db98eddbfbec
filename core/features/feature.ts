import type { Pane } from '../window/pane.ts'
import type { WindowView } from '../window/source-window.ts'
import type { GraphContext } from '../window/target-table.ts'
import type { Timing } from '../window/timing.ts'

/** What threat intelligence knows of a source; absent until a feed or look-up has told it. */
export interface IntelContext {
  abuseScore: number
  isTorExit: number
  asnReputation: number
  youngestDomainAgeDays: number
  feedMatches: number
  knownC2: number
}

/** Nothing known: every value absent. */
export const NO_INTEL: IntelContext = {
  abuseScore: Number.NaN,
  isTorExit: Number.NaN,
  asnReputation: Number.NaN,
  youngestDomainAgeDays: Number.NaN,
  feedMatches: Number.NaN,
  knownC2: Number.NaN,
}

/** All that a feature may be computed from. `sum` is the window's panes added up. */
export interface FeatureInput {
  view: WindowView
  sum: Pane
  timing: Timing
  /** Seconds from the first event of the window to the last. */
  spanS: number
  intel: IntelContext
  /** Distinct destination hosts of the window; null when no event names one. */
  hosts: number | null
  graph: GraphContext | null
}

export interface FeatureRow {
  /** What it measures, in one sentence. */
  definition: string
  unit: 'count' | 'ratio' | 'seconds' | 'per second' | 'bits' | 'bytes' | 'score' | 'days' | 'log2 ratio'
  range: [number, number]
  /** For members that are not indifferent to monotone change (the network): log1p for counts and sizes. */
  transform: 'none' | 'log1p' | 'clip'
  /** When it is absent (NaN); null when it always has a value. */
  absent: string | null
  of: (input: FeatureInput) => number
}

export interface Feature extends FeatureRow {
  name: string
  group: string
}

/** Names a group's rows; order in the vector is order in the source. */
export function featureGroup(group: string, rows: Record<string, FeatureRow>): Feature[] {
  return Object.entries(rows).map(([name, row]) => ({ name, group, ...row }))
}

/** Quotient; absent when there is nothing to divide by. */
export const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : Number.NaN)

/** The value, when the window had the input for it. */
export const when = (known: boolean | number, value: number): number => (known ? value : Number.NaN)

/** Standard deviation from sums; absent under two values. */
export function deviation(count: number, sum: number, squared: number): number {
  if (count < 2) return Number.NaN
  const mean = sum / count
  return Math.sqrt(Math.max(0, squared / count - mean * mean))
}
