import { describe, expect, it } from 'vitest'
import {
  accuracy,
  attackRecall,
  classMetrics,
  confusionMatrix,
  expectedCalibrationError,
  macroF1,
  routeMetrics,
} from '../../../core/learning/metrics.ts'

// Worked by hand. Class 0: 4 rows, 3 found, 1 taken for 2. Class 2: 3 rows, 2 found, 1 taken for 0. Class 5: 1 row, taken for 6.
const labels = [0, 0, 0, 0, 2, 2, 2, 5]
const predicted = [0, 0, 0, 2, 2, 2, 0, 6]
const confusion = confusionMatrix(labels, predicted)

describe('metrics', () => {
  it('counts actual by predicted', () => {
    expect([confusion[0], confusion[2], confusion[2 * 7], confusion[2 * 7 + 2], confusion[5 * 7 + 6]]).toEqual([
      3, 1, 1, 2, 1,
    ])
    expect(confusion.reduce((sum, count) => sum + count, 0)).toBe(8)
  })

  it('gives precision, recall, F1 and support by class, and null where there is nothing to divide by', () => {
    const perClass = classMetrics(confusion)
    expect(perClass[0]).toEqual({ precision: 3 / 4, recall: 3 / 4, f1: 3 / 4, support: 4 })
    expect(perClass[2]).toEqual({ precision: 2 / 3, recall: 2 / 3, f1: 2 / 3, support: 3 })
    expect(perClass[5]).toEqual({ precision: null, recall: 0, f1: 0, support: 1 })
    expect(perClass[6]).toEqual({ precision: 0, recall: null, f1: null, support: 0 })
    expect(perClass[1]).toEqual({ precision: null, recall: null, f1: null, support: 0 })
  })

  it('takes macro-F1 over the classes that have rows', () => {
    expect(macroF1(classMetrics(confusion))).toBeCloseTo((3 / 4 + 2 / 3 + 0) / 3, 12)
    expect(macroF1(classMetrics(confusionMatrix([], [])))).toBeNull()
  })

  it('gives accuracy and the share of attacks seen as any attack', () => {
    expect(accuracy(confusion)).toBe(5 / 8)
    expect(attackRecall(confusion)).toBe(3 / 4)
    expect(accuracy(confusionMatrix([], []))).toBeNull()
    expect(attackRecall(confusionMatrix([0], [1]))).toBeNull()
  })

  it('measures calibration error in 15 bins that are open below', () => {
    // Bin (14/15, 1]: 0.95 right, 0.97 wrong: |1 − 1.92| = 0.92. Bin (7/15, 8/15]: 0.5 right, 8/15 wrong: |1 − 31/30| = 1/30.
    expect(expectedCalibrationError([0.95, 0.97, 0.5, 8 / 15], [true, false, true, false])).toBeCloseTo(
      (0.92 + 1 / 30) / 4,
      12,
    )
    expect(expectedCalibrationError([0, 1], [false, true])).toBe(0)
    expect(expectedCalibrationError([], [])).toBeNull()
  })

  it('gives each route its share and accuracy', () => {
    expect(routeMetrics(['TRUST', 'TRUST', 'VERIFY', 'TRUST'], [true, false, true, true])).toEqual({
      trust: { share: 0.75, accuracy: 2 / 3 },
      verify: { share: 0.25, accuracy: 1 },
      investigate: { share: 0, accuracy: null },
    })
    expect(routeMetrics([], [])).toBeNull()
  })
})
