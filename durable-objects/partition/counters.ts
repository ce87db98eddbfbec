import type { PartitionHealth } from '../../core/health.ts'
import { CLASS_COUNT } from '../../core/taxonomy.ts'
import type { PartitionCounters } from './checkpoint.ts'

/** Upper bounds in seconds of the histogram from event accepted to window judged. */
export const DECISION_BOUNDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30]

export const newCounters = (): PartitionCounters => ({
  accepted: 0,
  duplicates: 0,
  late: 0,
  judged: 0,
  allowed: 0,
  evicted: 0,
  routes: { TRUST: 0, VERIFY: 0, INVESTIGATE: 0 },
  classes: new Array<number>(CLASS_COUNT).fill(0),
  decisionBuckets: new Array<number>(DECISION_BOUNDS.length).fill(0),
  decisionSum: 0,
  decisionCount: 0,
})

export const decisionHistogram = (counters: PartitionCounters): PartitionHealth['decisionSeconds'] => ({
  buckets: DECISION_BOUNDS.map((le, i) => ({ le, count: counters.decisionBuckets[i]! })),
  sum: counters.decisionSum,
  count: counters.decisionCount,
})
