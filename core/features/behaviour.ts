import { C } from '../window/counters.ts'
import { featureGroup, ratio, when } from './feature.ts'

/** How the source behaves, against itself and against a plan. */
export const behaviour = featureGroup('behaviour', {
  command_entropy: {
    definition: 'Entropy of the commands run.',
    unit: 'bits',
    range: [0, 16],
    transform: 'none',
    absent: 'no command was seen',
    of: ({ sum }) => sum.commands?.entropy() ?? Number.NaN,
  },
  timing_regularity: {
    definition: 'Share of gaps in the most frequent half octave and its two neighbours.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'fewer than two events',
    of: ({ timing }) => timing.regularity,
  },
  behavioural_consistency: {
    definition: 'Cosine between the window’s kinds of event and the source’s own decayed profile (1/e in an hour).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'nothing is known of the source before the window',
    of: ({ view, sum }) => view.history.consistency(sum.activity),
  },
  session_duration_variance: {
    definition: 'Variance of the durations of closed sessions, in square seconds.',
    unit: 'seconds',
    range: [0, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: 'fewer than two sessions were closed',
    of: ({ sum: { counters: n } }) => {
      const closed = n[C.sessionsClosed]!
      if (closed < 2) return Number.NaN
      const mean = n[C.sessionDurationS]! / closed
      return Math.max(0, n[C.sessionDurationSquared]! / closed - mean * mean)
    },
  },
  inter_event_time_entropy: {
    definition: 'Entropy of the gaps over half-octave bins, over its maximum.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'fewer than two events',
    of: ({ timing }) => timing.entropy,
  },
  resource_access_diversity: {
    definition: 'Entropy of paths requested and names looked up, over the log of their number.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'fewer than two paths or names',
    of: ({ sum: { resources } }) =>
      when(resources !== null && resources.total > 1, (resources?.entropy() ?? 0) / Math.log2(resources?.total ?? 2)),
  },
  lateral_movement_score: {
    definition:
      'Share of events on lateral protocols to internal hosts, times log2 of one more than their hosts, over 6.',
    unit: 'score',
    range: [0, 3],
    transform: 'none',
    absent: 'no event names a destination host',
    of: ({ sum }) => {
      const n = sum.counters
      return ratio(n[C.lateralInternal]!, n[C.hostKnown]!) * (Math.log2(1 + (sum.lateralHosts?.count() ?? 0)) / 6)
    },
  },
  exfiltration_score: {
    definition:
      'Share of outward bytes in the traffic with external hosts, times log10 of one more than those bytes, over 10.',
    unit: 'score',
    range: [0, 2],
    transform: 'none',
    absent: 'no bytes were exchanged with an external host',
    of: ({ sum: { counters: n } }) =>
      ratio(n[C.bytesOutExternal]!, n[C.bytesOutExternal]! + n[C.bytesInExternal]!) *
      (Math.log10(1 + n[C.bytesOutExternal]!) / 10),
  },
})
