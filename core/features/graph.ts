import { featureGroup, ratio, when } from './feature.ts'

const NO_CONTEXT = 'the sensor gave no context, or no event names a destination host'

/** The source among the others, by what the sensor saw on the targets' side. */
export const graph = featureGroup('graph', {
  degree_centrality: {
    definition: 'Targets reached over targets that the sensor saw reached by anyone in the window.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_CONTEXT,
    of: ({ sum, graph }) =>
      sum.hosts && graph ? Math.min(1, ratio(sum.hosts.distinct(), graph.sensorTargets)) : Number.NaN,
  },
  clustering_coefficient: {
    definition:
      'Share of the source’s 16 most frequent targets that other sources reached too (redundancy; Latapy et al., 2008).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_CONTEXT,
    of: ({ sum, graph }) => when(sum.hosts !== null && graph !== null, Math.min(1, graph?.sharedTargets ?? 0)),
  },
  target_fan_in: {
    definition: 'Most distinct sources that reached one of its 16 most frequent targets in the window.',
    unit: 'count',
    range: [1, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: NO_CONTEXT,
    of: ({ sum, graph }) => when(sum.hosts !== null && graph !== null, graph?.targetFanIn ?? 1),
  },
  target_load: {
    definition: 'Events per second that the busiest of those targets received from all sources.',
    unit: 'per second',
    range: [0, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: NO_CONTEXT,
    of: ({ sum, graph }) => when(sum.hosts !== null && graph !== null, graph?.targetLoad ?? 0),
  },
  destination_entropy: {
    definition: 'Entropy of the destination hosts.',
    unit: 'bits',
    range: [0, 20],
    transform: 'none',
    absent: 'no event names a destination host',
    of: ({ sum }) => sum.hosts?.entropy() ?? Number.NaN,
  },
  distinct_destinations: {
    definition: 'Distinct destination hosts in the window.',
    unit: 'count',
    range: [0, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: 'no event names a destination host',
    of: ({ sum }) => sum.hosts?.distinct() ?? Number.NaN,
  },
  reciprocity: {
    definition: 'Share of its 16 most frequent targets that reached the source in the same window.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_CONTEXT,
    of: ({ sum, graph }) => when(sum.hosts !== null && graph !== null, Math.min(1, graph?.reciprocal ?? 0)),
  },
})
