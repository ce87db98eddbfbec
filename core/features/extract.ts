import { hash32 } from '../window/hash.ts'
import type { WindowView } from '../window/source-window.ts'
import { type GraphContext, type GraphQuestion, TARGETS_ASKED } from '../window/target-table.ts'
import { type Timing, timingOf } from '../window/timing.ts'
import { type FeatureInput, type IntelContext, NO_INTEL } from './feature.ts'
import { FEATURES, featureIndex } from './schema.ts'

/** Features that need the sensor's context, as columns with how each is computed. */
const FROM_CONTEXT = ['degree_centrality', 'clustering_coefficient', 'target_fan_in', 'target_load', 'reciprocity'].map(
  (name) => ({ column: featureIndex(name), of: FEATURES[featureIndex(name)]!.of }),
)

/** Features that threat intelligence gives. */
const FROM_INTEL = FEATURES.flatMap(({ group, of }, column) =>
  group === 'threat intelligence' ? [{ column, of }] : [],
)

/** Vectors of windows whose target-side context is still to come; one row a window. */
export interface Extraction {
  /** Row-major [capacity, 100], absent is NaN. */
  rows: Float32Array
  questions: GraphQuestion[]
  /** Distinct destination hosts of each window; null when no event names one. */
  hosts: (number | null)[]
}

/**
 * Appends the features of a window, absent ones NaN, no transform applied; those that need context stay absent until
 * `fillContext`. A view is only good until its window changes, so all else is read here. The times of the window's events.
 */
export function extractInto(extraction: Extraction, view: WindowView, intel: IntelContext = NO_INTEL): Timing {
  const timing = timingOf(view.panes)
  const hosts = view.merged.hosts?.distinct() ?? null
  const spanS = (timing.lastTs - timing.firstTs) / 1000
  const input: FeatureInput = { view, sum: view.merged, timing, spanS, intel, hosts, graph: null }
  const offset = extraction.questions.length * FEATURES.length
  for (let i = 0; i < FEATURES.length; i++) extraction.rows[offset + i] = FEATURES[i]!.of(input)
  extraction.questions.push(graphQuestion(view))
  extraction.hosts.push(hosts)
  return timing
}

/** Completes row `row` with its context; null leaves those features absent. */
export function fillContext(extraction: Extraction, row: number, graph: GraphContext | null): void {
  const input = { hosts: extraction.hosts[row]!, graph } as FeatureInput
  for (const { column, of } of FROM_CONTEXT) extraction.rows[row * FEATURES.length + column] = of(input)
}

/** Sets what threat intelligence knows of the source of row `row`. */
export function fillIntel(extraction: Extraction, row: number, intel: IntelContext): void {
  const input = { intel } as FeatureInput
  for (const { column, of } of FROM_INTEL) extraction.rows[row * FEATURES.length + column] = of(input)
}

export const newExtraction = (capacity: number): Extraction => ({
  rows: new Float32Array(capacity * FEATURES.length),
  questions: [],
  hosts: [],
})

/** What to ask the sensor's target table about a window: its most frequent targets, at most 16, in a settled order. */
function graphQuestion(view: WindowView): GraphQuestion {
  const { keys, counts } = view.merged.hosts?.exactKeys() ?? exactPerPane(view)
  const targets = keys
    .map((_, i) => i)
    .sort((a, b) => counts[b]! - counts[a]! || keys[a]! - keys[b]!)
    .slice(0, TARGETS_ASKED)
    .map((i) => keys[i]!)
  return { source: hash32(view.source), targets }
}

/** Targets of a window that has too many to be kept exactly, of those panes that have not. */
function exactPerPane(view: WindowView): { keys: number[]; counts: number[] } {
  const sum = new Map<number, number>()
  for (const pane of view.panes) {
    const exact = pane.hosts?.exactKeys()
    if (!exact) continue
    for (let i = 0; i < exact.keys.length; i++)
      sum.set(exact.keys[i]!, (sum.get(exact.keys[i]!) ?? 0) + exact.counts[i]!)
  }
  return { keys: [...sum.keys()], counts: [...sum.values()] }
}
