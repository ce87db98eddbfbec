import type { CountedState } from '../adapters/d1/learning-state.ts'
import type { Metric } from './prometheus.ts'

/** What `/metrics` tells of the learning loop. */
export const trainingMetrics = ({ samples, unused, verdicts, overrides }: CountedState): Metric[] => [
  {
    name: 'picket_training_samples',
    help: 'Stored samples: all, and those with a label that no run has learned.',
    type: 'gauge',
    samples: [
      { labels: { part: 'all' }, value: samples },
      { labels: { part: 'unused' }, value: unused },
    ],
  },
  {
    name: 'picket_council_override_ratio',
    help: 'Share of verdicts on the serving model that changed its class. Left out without a verdict.',
    type: 'gauge',
    samples: verdicts === 0 ? [] : [{ labels: {}, value: overrides / verdicts }],
  },
]
