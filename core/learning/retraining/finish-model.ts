import { findTemperature, logLoss } from '../calibrate.ts'
import type { Dataset } from '../dataset.ts'
import { type Members, temper } from '../ensemble.ts'
import { writeOnnx } from '../onnx-writer.ts'
import { searchThresholds, type ThresholdSearch } from '../search/search-thresholds.ts'
import { answersOf, TRAINER_VERSION, type TrainedEnsemble, type TrainOptions } from '../train.ts'
import { quantile, usualValues } from '../usual.ts'

const NORMAL = 0
/** Of ordinary rows at most so many may reach an attack's threshold. */
export const FALSE_POSITIVES = 0.02

/** How temperature and thresholds were found, on rows that no member learned from. */
export interface CalibrationFound {
  rows: number
  log_loss: { before: number; after: number }
  thresholds: Pick<ThresholdSearch, 'f1' | 'falsePositives' | 'tried' | 'isKept'>
}

export interface FinishedModel {
  /** ensemble.onnx. */
  graph: Uint8Array
  learnt: TrainedEnsemble['manifest']
  calibration: CalibrationFound
}

/**
 * Temperature, thresholds and the graph of members that are trained.
 * @param train the real rows that they learned from, without synthetic ones: what is usual is told by them
 */
export function finishModel(
  members: Members,
  train: Dataset,
  calibration: Dataset,
  { memberWeights, anomalyShare, seed }: Pick<TrainOptions, 'memberWeights' | 'anomalyShare' | 'seed'>,
): FinishedModel {
  const { labels, weights, groups, merged, anomaly } = answersOf(members, calibration, memberWeights, 'groups')
  const temperature = findTemperature(merged, labels, weights)
  const probabilities = temper(merged, temperature)
  const { thresholds, ...found } = searchThresholds({ probabilities, labels, weights, groups }, FALSE_POSITIVES)
  const normal = anomaly.filter((_, row) => labels[row] === NORMAL).sort()
  return {
    graph: writeOnnx({ ...members, memberWeights, temperature }),
    learnt: {
      trainer: TRAINER_VERSION,
      seed,
      member_weights: memberWeights,
      temperature,
      thresholds,
      anomaly_threshold: normal.length > 0 ? quantile(normal, anomalyShare) : 1,
      ...usualValues(train),
    },
    calibration: {
      rows: labels.length,
      log_loss: { before: logLoss(merged, labels, weights), after: logLoss(probabilities, labels, weights) },
      thresholds: found,
    },
  }
}
