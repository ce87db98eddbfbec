import { BOOSTING_DEFAULTS, type BoostingOptions } from './boosting.ts'
import type { Dataset } from './dataset.ts'
import type { Members } from './ensemble.ts'
import { FOREST_DEFAULTS, type ForestOptions } from './forest.ts'
import { ISOLATION_DEFAULTS, type IsolationOptions } from './isolation-forest.ts'
import { MembersInTraining } from './members-in-training.ts'
import { NETWORK_DEFAULTS, type NetworkOptions } from './network-training.ts'

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
  const training = new MembersInTraining(dataset, log1p, options, seed)
  for (let unit = training.next; unit; unit = training.next) {
    const made = training.advance()
    const { member: step, index, total } = unit
    onProgress({ step, done: index + 1, total, ...(made.member === 'network' && { loss: made.loss }) })
  }
  return training.members()
}
