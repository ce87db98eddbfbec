import type { ModelOutput } from '../ensemble/prediction.ts'
import { FEATURE_COUNT } from '../features/schema.ts'
import { err, ok, type Result } from '../result.ts'
import { CLASS_COUNT } from '../taxonomy.ts'
import { asParsed } from './as-parsed.ts'
import type { EnsembleOutput } from './ensemble.ts'
import { type ScoredSources, type ScoredWindow, scoreSources, scoreWindows } from './evaluate.ts'
import { type LabelledEvent, type LabelledWindow, labelledWindows, partialWindows } from './labelled-windows.ts'
import type { Predictor } from './simulate-incidents.ts'
import { type TrainedEnsemble, type TrainOptions, trainEnsemble, type Untrainable } from './train.ts'
import { trainingSet } from './training-set.ts'

/** A capture read whole: its events for playing, its windows for training and scoring. */
export interface ReadCapture {
  name: string
  events: readonly LabelledEvent[]
  windows: readonly LabelledWindow[]
  /** What the trainer sees of it: windows whole and partial, also of its events as our own parsers would have read them. */
  trainedOn: readonly LabelledWindow[]
  /** How much it counts in training against others, over 0. */
  counts: number
  /** Whether thresholds and temperature may come from it. */
  calibrates: boolean
}

/** One sensor's events, in order of time. */
interface Capture {
  name: string
  events: readonly LabelledEvent[]
  counts?: number
  calibrates?: boolean
}

/** Reads a capture's windows. */
export function readCapture({ name, events, counts = 1, calibrates = true }: Capture): ReadCapture {
  const windows = labelledWindows(events)
  const parsed = asParsed(events)
  const trainedOn = [...windows, ...partialWindows(events), ...labelledWindows(parsed), ...partialWindows(parsed)]
  return { name, events, windows, trainedOn, counts, calibrates }
}

/** What an ensemble that never saw a capture made of it. */
export interface FoldScore {
  windows: ScoredWindow[]
  sources: ScoredSources
}

/** Captures that can be left out and scored: those with true labels. */
export const foldsOf = (captures: readonly ReadCapture[]): ReadCapture[] =>
  captures.filter(({ windows }) => windows.some(({ label }) => label !== null))

/**
 * Trains an ensemble on all captures but one and lets it judge that one: what a model is worth on sources that it has never
 * seen. Folds depend on nothing but their arguments, so they can be run in any order and at once.
 * @param always captures that are only trained on
 */
export async function leaveOut(
  held: ReadCapture,
  captures: readonly ReadCapture[],
  always: readonly ReadCapture[],
  options: TrainOptions,
): Promise<Result<FoldScore, Untrainable>> {
  const others = [...captures.filter(({ name }) => name !== held.name), ...always]
  const trained = trainEnsemble(trainingSet(others), options)
  if (!trained.ok) return err({ tag: 'untrainable', why: `without ${held.name}: ${trained.error.why}` })
  const model = predictorOf(trained.value)
  const windows = await scoreWindows(held.name, held.windows, model)
  return ok({ windows, sources: await scoreSources(held.events, held.windows, model) })
}

/** A freshly trained ensemble as a predictor, by its own arithmetic and without a runtime. */
export const predictorOf = ({ manifest, predict }: Pick<TrainedEnsemble, 'manifest' | 'predict'>): Predictor => ({
  manifest,
  predict: async (rows, count) =>
    outputsOf(
      predict({ features: rows.subarray(0, count * FEATURE_COUNT), rows: count, columns: FEATURE_COUNT }),
      count,
    ),
})

function outputsOf(
  { probabilities, forest, boosting, network, anomaly }: EnsembleOutput,
  count: number,
): ModelOutput[] {
  const seven = (values: Float32Array, row: number) => values.subarray(row * CLASS_COUNT, (row + 1) * CLASS_COUNT)
  return Array.from({ length: count }, (_, row) => ({
    probabilities: seven(probabilities, row),
    forest: seven(forest, row),
    boosting: seven(boosting, row),
    network: seven(network, row),
    anomaly: anomaly[row]!,
  }))
}
