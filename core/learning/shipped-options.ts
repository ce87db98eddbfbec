import { FEATURES } from '../features/schema.ts'
import { TRAIN_DEFAULTS, type TrainOptions } from './train.ts'

/** Days of our own generator that the shipped model also learns from; the demo plays another one. */
export const GENERATED_SEEDS = [101, 102]

/** How the shipped ensemble is trained; leave-one-source-out figures are measured with the same. */
export const shippedOptions = (seed: number): TrainOptions => ({
  ...TRAIN_DEFAULTS,
  seed,
  log1p: Uint8Array.from(FEATURES, ({ transform }) => (transform === 'log1p' ? 1 : 0)),
  // Thresholds and temperature come from captures that the members did not see.
  calibration: { kind: 'cross-fit', folds: 3 },
})
