import { mostProbable } from '../ensemble/decide.ts'
import { FEATURE_COUNT, FEATURES } from '../features/schema.ts'
import { applyBins, findBins } from './binning.ts'
import type { Matrix } from './dataset.ts'
import { rowOf } from './ensemble.ts'
import { FIVE } from './evaluate.ts'
import { type ForestOptions, trainForest } from './forest.ts'
import { foldsOf, type ReadCapture } from './leave-one-out.ts'
import { accuracy, classMetrics, confusionMatrix, macroF1 } from './metrics.ts'
import { trainingSet } from './training-set.ts'
import { predictTrees } from './trees.ts'

/** What a forest is worth on unseen sources without one group of features; windows of 5 events and more. */
export interface AblationRow {
  /** Null: with all groups. */
  without: string | null
  /** Features of the group. */
  features: number
  macro_f1: number | null
  accuracy: number | null
}

export interface AblationOptions {
  bins: number
  forest: ForestOptions
  seed: number
}

/** Groups of the schema, in its order. */
export const FEATURE_GROUPS: readonly string[] = [...new Set(FEATURES.map(({ group }) => group))]

/**
 * Leave one source out, over and over: with all features, then with each group made absent in training and in trial. A
 * forest only and its most probable class, so that a run takes minutes; it says what a group is worth beside the others,
 * not what the ensemble reaches.
 */
export function ablation(
  captures: readonly ReadCapture[],
  always: readonly ReadCapture[],
  options: AblationOptions,
  groups: readonly (string | null)[] = [null, ...FEATURE_GROUPS],
  onForest: (done: number, total: number) => void = () => {},
): AblationRow[] {
  const folds = foldsOf(captures)
  const labels: number[] = []
  const decided = new Map(groups.map((group) => [group, [] as number[]]))
  let done = 0
  for (const held of folds) {
    const scored = held.windows.filter(({ label, events }) => label !== null && events >= FIVE)
    labels.push(...scored.map(({ label }) => label!))
    const set = trainingSet([...captures.filter(({ name }) => name !== held.name), ...always])
    const trial = new Float32Array(scored.length * FEATURE_COUNT)
    for (const [i, { features }] of scored.entries()) trial.set(features, i * FEATURE_COUNT)
    for (const [group, answers] of decided) {
      if (scored.length > 0) {
        const known = withoutGroup(set, group)
        const binned = applyBins(known, findBins(known, set.weights, options.bins))
        const forest = trainForest(binned, set.labels, set.weights, options.forest, options.seed)
        const rows = withoutGroup({ features: trial, rows: scored.length, columns: FEATURE_COUNT }, group)
        const probabilities = predictTrees(forest, rows)
        for (let row = 0; row < rows.rows; row++) answers.push(mostProbable(rowOf(probabilities, row)))
      }
      onForest(++done, folds.length * groups.length)
    }
  }
  return groups.map((without) => {
    const confusion = confusionMatrix(labels, decided.get(without)!)
    const features = FEATURES.filter(({ group }) => group === without).length
    return { without, features, macro_f1: macroF1(classMetrics(confusion)), accuracy: accuracy(confusion) }
  })
}

function withoutGroup(matrix: Matrix, group: string | null): Matrix {
  if (group === null) return matrix
  const features = matrix.features.slice()
  for (const [column, { group: own }] of FEATURES.entries())
    if (own === group) for (let i = column; i < features.length; i += matrix.columns) features[i] = Number.NaN
  return { ...matrix, features }
}
