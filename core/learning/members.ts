import { applyBins, findBins } from './binning.ts'
import { BOOSTING_DEFAULTS, type BoostingOptions, trainBoosting } from './boosting.ts'
import type { Dataset } from './dataset.ts'
import type { Members } from './ensemble.ts'
import { FOREST_DEFAULTS, type ForestOptions, trainForest } from './forest.ts'
import { ISOLATION_DEFAULTS, type IsolationOptions, trainIsolation } from './isolation-forest.ts'
import { NETWORK_DEFAULTS, type NetworkOptions, trainNetwork } from './network-training.ts'

export interface MemberOptions {
  /** Bins of present values, 2..255. */
  bins: number
  forest: ForestOptions
  boosting: BoostingOptions
  network: NetworkOptions
  isolation: IsolationOptions
}

export const MEMBER_DEFAULTS: MemberOptions = {
  bins: 255,
  forest: FOREST_DEFAULTS,
  boosting: BOOSTING_DEFAULTS,
  network: NETWORK_DEFAULTS,
  isolation: ISOLATION_DEFAULTS,
}

/** A step of training: `done` of `total` trees, rounds or epochs. */
export interface Progress {
  step: 'forest' | 'boosting' | 'network' | 'isolation'
  done: number
  total: number
  /** Mean training loss of the epoch, where the step has one. */
  loss?: number
}

/** Class Normal: the rows that an isolation forest holds to be ordinary. */
const NORMAL = 0

/**
 * Trains all members on the same rows.
 * @param log1p by column, 1 where the column has a heavy tail
 */
export function trainMembers(
  dataset: Dataset,
  log1p: Uint8Array,
  options: MemberOptions,
  seed: number,
  onProgress: (progress: Progress) => void = () => {},
): Members {
  const { labels, weights } = dataset
  const { forest, boosting, network, isolation } = options
  const binned = applyBins(dataset, findBins(dataset, weights, options.bins))
  const normal = weights.map((weight, row) => (labels[row] === NORMAL ? weight : 0))
  return {
    columns: dataset.columns,
    forest: trainForest(binned, labels, weights, forest, seed, (done) =>
      onProgress({ step: 'forest', done, total: forest.trees }),
    ),
    boosting: trainBoosting(dataset, binned, labels, weights, boosting, seed, (done) =>
      onProgress({ step: 'boosting', done, total: boosting.rounds }),
    ),
    network: trainNetwork(dataset, labels, weights, log1p, network, seed, (done, loss) =>
      onProgress({ step: 'network', done, total: network.epochs, loss }),
    ),
    isolation: trainIsolation(dataset, normal, log1p, isolation, seed, (done) =>
      onProgress({ step: 'isolation', done, total: isolation.trees }),
    ),
  }
}
