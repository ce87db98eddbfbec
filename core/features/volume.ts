import { C } from '../window/counters.ts'
import { WINDOW_PANES } from '../window/pane-times.ts'
import { type FeatureInput, featureGroup, when } from './feature.ts'

const COUNT: [number, number] = [0, Number.POSITIVE_INFINITY]

/** How much the source did, over four horizons, and how evenly. */
export const volume = featureGroup('volume', {
  events_1m: {
    definition: 'Events in the last minute of the window.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: null,
    of: (input) => eventsSince(input, 6),
  },
  events_5m: {
    definition: 'Events in the window.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: null,
    of: ({ sum }) => sum.counters[C.events]!,
  },
  events_1h: {
    definition: 'Events before the window, each weighted by its age (1/e after an hour).',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: null,
    of: ({ view }) => view.history.events1h(view.last),
  },
  events_24h: {
    definition: 'Events before the window, each weighted by its age (1/e after a day).',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: null,
    of: ({ view }) => view.history.events24h(view.last),
  },
  peak_10s: {
    definition: 'Events in the busiest 10 s of the window.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: null,
    of: peak,
  },
  mean_rate: {
    definition: 'Events per second between the first and the last event of the window.',
    unit: 'per second',
    range: COUNT,
    transform: 'log1p',
    absent: 'fewer than two moments with events',
    of: ({ sum, spanS }) => when(spanS > 0, (sum.counters[C.events]! - 1) / spanS),
  },
  burstiness: {
    definition: 'The busiest 10 s over the mean of those 10 s spans that have events.',
    unit: 'ratio',
    range: [1, 30],
    transform: 'none',
    absent: null,
    of: (input) => (peak(input) * input.view.panes.length) / input.sum.counters[C.events]!,
  },
  active_pane_fraction: {
    definition: 'Share of the window’s 10 s spans that have events.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: null,
    of: ({ view }) => view.panes.length / WINDOW_PANES,
  },
  span_s: {
    definition: 'Time from the first to the last event of the window.',
    unit: 'seconds',
    range: [0, 300],
    transform: 'none',
    absent: null,
    of: ({ spanS }) => spanS,
  },
  sessions: {
    definition: 'Distinct sessions in the window.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event names its session',
    of: ({ sum }) => when(sum.sessions !== null, sum.sessions?.count() ?? 0),
  },
})

/** Events of the last `panes` panes. */
export function eventsSince({ view }: FeatureInput, panes: number): number {
  let events = 0
  for (const pane of view.panes) if (pane.index > view.last - panes) events += pane.events
  return events
}

function peak({ view }: FeatureInput): number {
  let most = 0
  for (const pane of view.panes) most = Math.max(most, pane.events)
  return most
}
