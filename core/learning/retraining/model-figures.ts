import { CLASSES } from '../../taxonomy.ts'
import { accuracy, attackRecall, classMetrics, confusionMatrix, expectedCalibrationError, macroF1 } from '../metrics.ts'
import type { Decisions } from './gate.ts'

/** What a model earned on rows that it was not trained on; null where there is nothing to tell it from. */
export interface RowFigures {
  rows: number
  accuracy: number | null
  macro_f1: number | null
  attack_recall: number | null
  ece: number | null
  per_class: Record<string, { precision: number | null; recall: number | null; f1: number | null; support: number }>
  /** Rows by truth, columns by decision, by class id. */
  confusion: number[][]
}

export function rowFigures(labels: Uint8Array, { decided, confidence }: Decisions): RowFigures {
  const confusion = confusionMatrix(labels, decided)
  const perClass = classMetrics(confusion)
  return {
    rows: labels.length,
    accuracy: accuracy(confusion),
    macro_f1: macroF1(perClass),
    attack_recall: attackRecall(confusion),
    ece: expectedCalibrationError(
      confidence,
      Array.from(labels, (label, row) => decided[row] === label),
    ),
    per_class: Object.fromEntries(CLASSES.map(({ id, name }) => [name, perClass[id]!])),
    confusion: CLASSES.map(({ id }) => [...confusion.subarray(id * CLASSES.length, (id + 1) * CLASSES.length)]),
  }
}
