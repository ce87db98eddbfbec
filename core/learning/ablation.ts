import { mostProbable } from '../ensemble/decide.ts'
import { FEATURE_COUNT, FEATURES } from '../features/schema.ts'
import { applyBins, findBins } from './binning.ts'
import type { Matrix } from './dataset.ts'
import { rowOf } from './ensemble.ts'
import { FIVE } from './evaluate.ts'
import { type ForestOptions, trainForest } from './forest.ts'
import type { ReadCapture } from './leave-one-out.ts'
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

/** All features, then each group left out: null is none. */
export const ABLATIONS: readonly (string | null)[] = [null, ...FEATURE_GROUPS]

/** One capture's windows as forests that never saw it take them, by ablation. */
export interface AblationFold {
  labels: number[]
  decided: number[][]
}

/**
 * Leaves one source out, over and over: with all features, then with each group made absent in training and in trial. A
 * forest only and its most probable class, so that a run takes minutes; it says what a group is worth beside the others,
 * not what the ensemble reaches.
 */
export function ablateFold(
  held: ReadCapture,
  captures: readonly ReadCapture[],
  always: readonly ReadCapture[],
  { bins, forest: limits, seed }: AblationOptions,
  groups: readonly (string | null)[] = ABLATIONS,
): AblationFold {
  const scored = held.windows.filter(({ label, events }) => label !== null && events >= FIVE)
  const set = trainingSet([...captures.filter(({ name }) => name !== held.name), ...always])
  const trial = new Float32Array(scored.length * FEATURE_COUNT)
  for (const [i, { features }] of scored.entries()) trial.set(features, i * FEATURE_COUNT)
  const decided = groups.map((group) => {
    if (scored.length === 0) return []
    const known = withoutGroup(set, group)
    const binned = applyBins(known, findBins(known, set.weights, bins))
    const forest = trainForest(binned, set.labels, set.weights, limits, seed)
    const rows = withoutGroup({ features: trial, rows: scored.length, columns: FEATURE_COUNT }, group)
    const probabilities = predictTrees(forest, rows)
    return Array.from(scored, (_, row) => mostProbable(rowOf(probabilities, row)))
  })
  return { labels: scored.map(({ label }) => label!), decided }
}

/** The folds' windows taken together, a row an ablation. */
export function ablationTable(
  folds: readonly AblationFold[],
  groups: readonly (string | null)[] = ABLATIONS,
): AblationRow[] {
  const labels = folds.flatMap((fold) => fold.labels)
  return groups.map((without, i) => {
    const confusion = confusionMatrix(
      labels,
      folds.flatMap(({ decided }) => decided[i]!),
    )
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
