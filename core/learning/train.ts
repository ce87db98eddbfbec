import { decide } from '../ensemble/decide.ts'
import type { ModelManifest } from '../ensemble/prediction.ts'
import { err, ok, type Result } from '../result.ts'
import { CLASS_COUNT } from '../taxonomy.ts'
import { findTemperature, logLoss } from './calibrate.ts'
import { type Dataset, datasetFault, type Matrix, selectRows } from './dataset.ts'
import {
  type EnsembleModel,
  type EnsembleOutput,
  MEMBER_WEIGHTS,
  type Members,
  type MemberWeights,
  mergeMembers,
  predictMembers,
  predictRows,
  rowOf,
  temper,
} from './ensemble.ts'
import { anomalyScores } from './isolation-forest.ts'
import { MEMBER_DEFAULTS, type MemberOptions, type Progress, trainMembers } from './members.ts'
import { accuracy, classMetrics, confusionMatrix, expectedCalibrationError, macroF1 } from './metrics.ts'
import { writeOnnx } from './onnx-writer.ts'
import { random, shuffle } from './random.ts'
import { foldsByGroup, holdOutGroups } from './split.ts'
import { findThresholds } from './thresholds.ts'
import { predictTrees } from './trees.ts'
import { quantile, usualValues } from './usual.ts'

/** Said in every manifest; raised when the same data and seed give another model. */
export const TRAINER_VERSION = 'picket-trainer 2'

const NORMAL = 0

export interface TrainOptions {
  seed: number
  /** By column, 1 where the feature's transform is log1p. */
  log1p: Uint8Array
  memberWeights: MemberWeights
  members: MemberOptions
  /**
   * Where temperature and thresholds come from: `hold-out` keeps a share of the groups from the members; `cross-fit` trains
   * the members `folds` times more, each time without some groups, and at last on all rows. The latter costs
   * folds + 1 times as much and spends no group: where there are few, each is worth it (left-out sources of the
   * development data, windows of 5 events and more: accuracy 0.33 with a quarter held out, 0.64 cross-fitted).
   */
  calibration: { kind: 'hold-out'; share: number } | { kind: 'cross-fit'; folds: number }
  /** Share of held-out Normal rows whose anomaly lies under the threshold. */
  anomalyShare: number
}

export const TRAIN_DEFAULTS: Omit<TrainOptions, 'log1p' | 'seed'> = {
  memberWeights: MEMBER_WEIGHTS,
  members: MEMBER_DEFAULTS,
  calibration: { kind: 'cross-fit', folds: 4 },
  anomalyShare: 0.99,
}

/** What the members say of rows that they were not trained on. */
export interface HeldOut {
  labels: Uint8Array
  weights: Float32Array
  groups: Int32Array
  /** Not yet calibrated, row-major [rows, 7]. */
  merged: Float32Array
  anomaly: Float32Array
  /** `rows`: the groups could not be divided, so single rows were held out; the figures then flatter. */
  by: 'groups' | 'rows'
}

/** Figures on the held-out rows; those with thresholds and temperature were found on the same rows. */
export interface CalibrationReport {
  by: 'groups' | 'rows'
  rows: number
  log_loss: { before: number; after: number }
  ece: { before: number | null; after: number | null }
  accuracy: number | null
  macro_f1: number | null
}

export interface TrainedEnsemble {
  model: EnsembleModel
  /** ensemble.onnx. */
  onnx: Uint8Array
  /** What the trainer knows of the manifest; sealManifest adds the rest. */
  manifest: Omit<ModelManifest, 'version' | 'schema_hash' | 'parent' | 'sha256' | 'created_from' | 'metrics'>
  calibration: CalibrationReport
  /** What the graph answers, computed without a runtime. */
  predict(matrix: Matrix): EnsembleOutput
}

export interface Untrainable {
  tag: 'untrainable'
  why: string
}

/** The part a long run is at: which of the trainings (`fold` of `folds`, the last is the one that ships), and its step. */
export interface TrainProgress extends Progress {
  fold: number
  folds: number
}

/** Trains, calibrates and writes an ensemble. The same dataset, options and seed give the same bytes. Rows of weight 0 are left out. */
export function trainEnsemble(
  all: Dataset,
  options: TrainOptions,
  onProgress: (progress: TrainProgress) => void = () => {},
): Result<TrainedEnsemble, Untrainable> {
  const why = untrainable(all, options)
  if (why !== null) return err({ tag: 'untrainable', why })
  const dataset = selectRows(
    all,
    Int32Array.from(all.weights.keys()).filter((row) => all.weights[row]! > 0),
  )
  const { members, heldOut } =
    options.calibration.kind === 'cross-fit' && new Set(dataset.groups).size > 1
      ? crossFit(dataset, options, options.calibration.folds, onProgress)
      : fitWithHoldOut(dataset, options, onProgress)
  const { temperature, thresholds, anomalyThreshold, report } = calibrate(heldOut, options.anomalyShare)
  const model: EnsembleModel = { ...members, memberWeights: options.memberWeights, temperature }
  return ok({
    model,
    onnx: writeOnnx(model),
    manifest: {
      trainer: TRAINER_VERSION,
      seed: options.seed,
      member_weights: options.memberWeights,
      temperature,
      thresholds,
      anomaly_threshold: anomalyThreshold,
      ...usualValues(dataset),
    },
    calibration: report,
    predict: (matrix) => predictRows(model, matrix),
  })
}

function untrainable(dataset: Dataset, { log1p }: TrainOptions): string | null {
  const fault = datasetFault(dataset, CLASS_COUNT)
  if (fault !== null) return fault
  if (log1p.length !== dataset.columns) return `log1p has ${log1p.length} entries for ${dataset.columns} columns`
  const classes = new Set(dataset.labels.filter((_, row) => dataset.weights[row]! > 0))
  if (!classes.has(NORMAL)) return 'no Normal row'
  return classes.size > 1 ? null : 'only Normal rows'
}

function fitWithHoldOut(dataset: Dataset, options: TrainOptions, onProgress: (progress: TrainProgress) => void) {
  const share = options.calibration.kind === 'hold-out' ? options.calibration.share : 0.25
  const byGroup = holdOutGroups(dataset, share, options.seed)
  const mask = byGroup ?? drawnRows(dataset.labels, share, options.seed)
  const train = selectRows(dataset, rowsWhere(mask, 0))
  const members = trainMembers(train, options.log1p, options.members, options.seed, (progress) =>
    onProgress({ ...progress, fold: 1, folds: 1 }),
  )
  const held = selectRows(dataset, rowsWhere(mask, 1))
  return { members, heldOut: answersOf(members, held, options.memberWeights, byGroup === null ? 'rows' : 'groups') }
}

function crossFit(
  dataset: Dataset,
  options: TrainOptions,
  folds: number,
  onProgress: (progress: TrainProgress) => void,
) {
  const foldOf = foldsByGroup(dataset, folds, options.seed)
  const parts: HeldOut[] = []
  for (let fold = 0; fold < folds; fold++) {
    const train = selectRows(
      dataset,
      Int32Array.from(foldOf.keys()).filter((row) => foldOf[row] !== fold),
    )
    const known = new Set(train.labels)
    // A class that the fold's members never saw says nothing of how sure they should be of the others.
    const rows = Int32Array.from(foldOf.keys()).filter((row) => foldOf[row] === fold && known.has(dataset.labels[row]!))
    if (rows.length === 0 || !known.has(NORMAL)) continue
    const members = trainMembers(train, options.log1p, options.members, options.seed + fold + 1, (progress) =>
      onProgress({ ...progress, fold: fold + 1, folds: folds + 1 }),
    )
    parts.push(answersOf(members, selectRows(dataset, rows), options.memberWeights, 'groups'))
  }
  const members = trainMembers(dataset, options.log1p, options.members, options.seed, (progress) =>
    onProgress({ ...progress, fold: folds + 1, folds: folds + 1 }),
  )
  return { members, heldOut: joined(parts) }
}

/** What `members` answer to rows that they did not see. */
export function answersOf(members: Members, rows: Dataset, weights: MemberWeights, by: HeldOut['by']): HeldOut {
  return {
    labels: rows.labels,
    weights: rows.weights,
    groups: rows.groups,
    merged: mergeMembers(predictMembers(members, rows), weights),
    anomaly: anomalyScores(members.isolation, predictTrees(members.isolation.paths, rows)),
    by,
  }
}

function joined(parts: HeldOut[]): HeldOut {
  return {
    labels: Uint8Array.from(parts.flatMap(({ labels }) => [...labels])),
    weights: Float32Array.from(parts.flatMap(({ weights }) => [...weights])),
    groups: Int32Array.from(parts.flatMap(({ groups }) => [...groups])),
    merged: Float32Array.from(parts.flatMap(({ merged }) => [...merged])),
    anomaly: Float32Array.from(parts.flatMap(({ anomaly }) => [...anomaly])),
    by: 'groups',
  }
}

/** Temperature, thresholds and anomaly threshold from held-out answers, and how well they fit there. */
export function calibrate(heldOut: HeldOut, anomalyShare: number) {
  const { labels, weights, groups, merged, anomaly } = heldOut
  const temperature = findTemperature(merged, labels, weights)
  const probabilities = temper(merged, temperature)
  const thresholds = findThresholds({ probabilities, labels, weights, groups })
  const normal = anomaly.filter((_, row) => labels[row] === NORMAL).sort()
  const anomalyThreshold = normal.length > 0 ? quantile(normal, anomalyShare) : 1
  return {
    temperature,
    thresholds,
    anomalyThreshold,
    report: {
      by: heldOut.by,
      rows: labels.length,
      log_loss: { before: logLoss(merged, labels, weights), after: logLoss(probabilities, labels, weights) },
      ece: { before: errorOf(merged, labels), after: errorOf(probabilities, labels) },
      ...decisionFigures(probabilities, labels, thresholds, anomalyThreshold),
    },
  }
}

function errorOf(probabilities: Float32Array, labels: Uint8Array): number | null {
  const top = Array.from(labels, (_, row) => {
    const seven = rowOf(probabilities, row)
    const most = Math.max(...seven)
    return { confidence: most, right: seven.indexOf(most) === labels[row] }
  })
  return expectedCalibrationError(
    top.map(({ confidence }) => confidence),
    top.map(({ right }) => right),
  )
}

function decisionFigures(probabilities: Float32Array, labels: Uint8Array, thresholds: number[], threshold: number) {
  const empty = new Float32Array()
  const decided = labels.map((_, row) => {
    const output = {
      probabilities: rowOf(probabilities, row),
      forest: empty,
      boosting: empty,
      network: empty,
      anomaly: 0,
    }
    return decide(output, { thresholds, anomaly_threshold: threshold }).threatClass
  })
  const confusion = confusionMatrix(labels, decided)
  return { accuracy: accuracy(confusion), macro_f1: macroF1(classMetrics(confusion)) }
}

const rowsWhere = (mask: Uint8Array, value: number): Int32Array =>
  Int32Array.from(mask.keys()).filter((row) => mask[row] === value)

/** Masks a share of each class's rows, drawn at random, so that both parts have them all. */
function drawnRows(labels: Uint8Array, share: number, seed: number): Uint8Array {
  const order = Int32Array.from(labels.keys())
  shuffle(order, random(seed, 8))
  const every = Math.max(2, Math.round(1 / share))
  const seen = new Uint32Array(CLASS_COUNT)
  const mask = new Uint8Array(labels.length)
  for (const row of order) if (++seen[labels[row]!]! % every === 0) mask[row] = 1
  return mask
}
