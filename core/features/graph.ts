import { type FeatureInput, featureGroup, ratio } from './feature.ts'

const NO_CONTEXT = 'the sensor gave no context, or no event names a destination host'

/** A value from the target's side; absent without context. Looks at nothing that changes while the context is fetched. */
const fromContext =
  (value: (graph: NonNullable<FeatureInput['graph']>, hosts: number) => number) =>
  ({ hosts, graph }: Pick<FeatureInput, 'hosts' | 'graph'>) =>
    hosts === null || graph === null ? Number.NaN : value(graph, hosts)

/** The source among the others, by what the sensor saw on the targets' side. */
export const graph = featureGroup('graph', {
  degree_centrality: {
    definition: 'Targets reached over targets that the sensor saw reached by anyone in the window.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_CONTEXT,
    of: fromContext(({ sensorTargets }, hosts) => Math.min(1, ratio(hosts, sensorTargets))),
  },
  clustering_coefficient: {
    definition:
      'Share of the source’s 16 most frequent targets that other sources reached too (redundancy; Latapy et al., 2008).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_CONTEXT,
    of: fromContext((graph) => Math.min(1, graph.sharedTargets)),
  },
  target_fan_in: {
    definition: 'Most distinct sources that reached one of its 16 most frequent targets in the window.',
    unit: 'count',
    range: [1, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: NO_CONTEXT,
    of: fromContext((graph) => graph.targetFanIn),
  },
  target_load: {
    definition: 'Events per second that the busiest of those targets received from all sources.',
    unit: 'per second',
    range: [0, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: NO_CONTEXT,
    of: fromContext((graph) => graph.targetLoad),
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
    of: ({ hosts }) => hosts ?? Number.NaN,
  },
  reciprocity: {
    definition: 'Share of its 16 most frequent targets that reached the source in the same window.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_CONTEXT,
    of: fromContext((graph) => Math.min(1, graph.reciprocal)),
  },
})
