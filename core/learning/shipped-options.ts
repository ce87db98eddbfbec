import { FEATURES } from '../features/schema.ts'
import type { ClassBalance } from './class-weights.ts'
import { TRAIN_DEFAULTS, type TrainOptions } from './train.ts'

/** Days of our own generator that the shipped model also learns from; the demo plays another one. */
export const GENERATED_SEEDS = [101, 102]

/** A day that no model is ever trained on: the golden set that a retrained one must not be worse on. The demo plays another. */
export const GOLDEN_SEED = 103

/** Rows of each class in the rehearsal set, and in the golden set: together under 1 MB. */
export const REHEARSAL_ROWS = 280
export const GOLDEN_ROWS = 60

/** Forests that measure what a group of features is worth have fewer trees than what ships: there are thirteen a fold. */
export const ABLATION_TREES = 24

/** Classes as trainingSet weighs them. */
const AS_WEIGHED: ClassBalance = { levelling: 0, normalShare: null }

/**
 * How the shipped ensemble is trained; leave-one-source-out figures are measured with the same. Classes keep the weight that
 * trainingSet gives them (the square root of their windows): levelled fully, rare classes swallow ordinary hosts (a forest's
 * accuracy on unseen captures 0.53-0.59 levelled, 0.63-0.67 not).
 */
export const shippedOptions = (seed: number): TrainOptions => {
  const { forest, boosting, network } = TRAIN_DEFAULTS.members
  return {
    ...TRAIN_DEFAULTS,
    members: {
      ...TRAIN_DEFAULTS.members,
      forest: { ...forest, balance: AS_WEIGHED },
      boosting: { ...boosting, balance: AS_WEIGHED },
      // The network weighs a tenth and would take most of the time.
      network: { ...network, balance: AS_WEIGHED, epochs: 15 },
    },
    seed,
    log1p: Uint8Array.from(FEATURES, ({ transform }) => (transform === 'log1p' ? 1 : 0)),
    // Thresholds and temperature come from captures that the members did not see.
    calibration: { kind: 'cross-fit', folds: 3 },
  }
}
