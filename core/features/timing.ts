import { C } from '../window/counters.ts'
import { featureGroup, when } from './feature.ts'
import { eventsSince } from './volume.ts'

const SECONDS: [number, number] = [0, 300]
const ONE_EVENT = 'fewer than two events'

/** The rhythm: gaps between consecutive events of the window, and series kept over hours. */
export const timing = featureGroup('timing', {
  iat_mean: {
    definition: 'Mean gap between consecutive events.',
    unit: 'seconds',
    range: SECONDS,
    transform: 'log1p',
    absent: ONE_EVENT,
    of: ({ timing }) => timing.mean,
  },
  iat_std: {
    definition: 'Standard deviation of the gaps.',
    unit: 'seconds',
    range: SECONDS,
    transform: 'log1p',
    absent: ONE_EVENT,
    of: ({ timing }) => timing.std,
  },
  iat_cv: {
    definition:
      'Standard deviation of the gaps over their mean: 0 for a clock, 1 for a Poisson process, more for bursts.',
    unit: 'ratio',
    range: [0, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: 'fewer than two events, or all at one moment',
    of: ({ timing }) => when(timing.mean > 0, timing.std / timing.mean),
  },
  iat_min: {
    definition: 'Shortest gap.',
    unit: 'seconds',
    range: SECONDS,
    transform: 'log1p',
    absent: ONE_EVENT,
    of: ({ timing }) => timing.min,
  },
  iat_median: {
    definition: 'Median gap; over 512 gaps from half-octave bins.',
    unit: 'seconds',
    range: SECONDS,
    transform: 'log1p',
    absent: ONE_EVENT,
    of: ({ timing }) => timing.median,
  },
  iat_max: {
    definition: 'Longest gap.',
    unit: 'seconds',
    range: SECONDS,
    transform: 'log1p',
    absent: ONE_EVENT,
    of: ({ timing }) => timing.max,
  },
  acceleration: {
    definition: 'log2 of the last minute’s events over the mean minute of the four before, one event added to each.',
    unit: 'log2 ratio',
    range: [-20, 20],
    transform: 'none',
    absent: null,
    of: (input) => {
      const last = eventsSince(input, 6)
      return Math.log2((last + 1) / ((input.sum.counters[C.events]! - last) / 4 + 1))
    },
  },
  silence_max_fraction: {
    definition: 'Longest gap over the time from first to last event.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'fewer than two events, or all at one moment',
    of: ({ timing, spanS }) => when(spanS > 0, timing.max / spanS),
  },
  beacon_score: {
    definition:
      'Regularity of the most regular series of contacts with one host and port over hours: n/(n+3) · 1/(1+cv).',
    unit: 'score',
    range: [0, 1],
    transform: 'none',
    absent: 'no series has three intervals of 15 s to 6 h yet',
    of: ({ view }) => view.history.beacon().score,
  },
  repeat_interval_s: {
    definition: 'Mean interval of that series.',
    unit: 'seconds',
    range: [15, 21_600],
    transform: 'log1p',
    absent: 'no series has three intervals of 15 s to 6 h yet',
    of: ({ view }) => view.history.beacon().intervalS,
  },
})
