import { hash32 } from '../window/hash.ts'
import type { WindowView } from '../window/source-window.ts'
import { type GraphContext, type GraphQuestion, TARGETS_ASKED } from '../window/target-table.ts'
import { timingOf } from '../window/timing.ts'
import { type FeatureInput, type IntelContext, NO_INTEL } from './feature.ts'
import { FEATURES } from './schema.ts'

/**
 * The 100 features of a window, in the order of the schema, absent ones NaN, no transform applied.
 * Writes to `into` from `offset` and needs at least one event in the window.
 */
export function extractFeatures(
  view: WindowView,
  graph: GraphContext | null,
  into: Float32Array | Float64Array,
  offset = 0,
  intel: IntelContext = NO_INTEL,
): void {
  const timing = timingOf(view.panes)
  const input: FeatureInput = {
    view,
    sum: view.merged,
    timing,
    spanS: (timing.lastTs - timing.firstTs) / 1000,
    graph,
    intel,
  }
  for (let i = 0; i < FEATURES.length; i++) into[offset + i] = FEATURES[i]!.of(input)
}

/** What to ask the sensor's target table about a window: its most frequent targets, at most 16, in a settled order. */
export function graphQuestion(view: WindowView): GraphQuestion {
  const counts = new Map<number, number>()
  const sum = view.merged.hosts?.exactKeys()
  if (sum) for (let i = 0; i < sum.keys.length; i++) counts.set(sum.keys[i]!, sum.counts[i]!)
  else
    for (const pane of view.panes) {
      const exact = pane.hosts?.exactKeys()
      if (!exact) continue
      for (let i = 0; i < exact.keys.length; i++)
        counts.set(exact.keys[i]!, (counts.get(exact.keys[i]!) ?? 0) + exact.counts[i]!)
    }
  const targets = [...counts]
    .sort(([a, timesA], [b, timesB]) => timesB - timesA || a - b)
    .slice(0, TARGETS_ASKED)
    .map(([target]) => target)
  return { source: hash32(view.source), targets }
}
