import { describe, expect, it } from 'vitest'
import { findTemperature, logLoss } from '../../../core/learning/calibrate.ts'
import { rowOf, temper } from '../../../core/learning/ensemble.ts'
import { expectedCalibrationError } from '../../../core/learning/metrics.ts'
import { random } from '../../../core/learning/random.ts'
import { softmaxRows } from '../../../core/learning/softmax.ts'

/** Rows whose label is drawn from softmax(scores), reported as softmax(scores × sharpness): miscalibrated by a known factor. */
function miscalibrated(rows: number, sharpness: number, seed = 1) {
  const source = random(seed)
  const scores = Float64Array.from({ length: rows * 7 }, () => 1.5 * source.normal())
  const truth = softmaxRows(Float32Array.from(scores))
  const labels = Uint8Array.from({ length: rows }, (_, row) => {
    let point = source.unit()
    const seven = rowOf(truth, row)
    let label = 0
    while (label < 6 && point >= seven[label]!) point -= seven[label++]!
    return label
  })
  const weights = new Float32Array(rows).fill(1)
  return { merged: softmaxRows(Float32Array.from(scores, (score) => score * sharpness)), labels, weights }
}

function calibrationError(probabilities: Float32Array, labels: Uint8Array) {
  const top = Array.from(labels, (_, row) => Math.max(...rowOf(probabilities, row)))
  const right = Array.from(labels, (label, row) => rowOf(probabilities, row)[label] === top[row])
  return expectedCalibrationError(top, right)!
}

describe('temperature', () => {
  it.each([
    ['too sure', 2.5],
    ['not sure enough', 0.5],
  ])('finds the factor by which a model was %s, and lowers log loss and calibration error', (_, sharpness) => {
    const { merged, labels, weights } = miscalibrated(8000, sharpness)
    const temperature = findTemperature(merged, labels, weights)
    expect(Math.abs(temperature / sharpness - 1)).toBeLessThan(0.05)
    const fresh = miscalibrated(8000, sharpness, 2)
    const tempered = temper(fresh.merged, temperature)
    expect(logLoss(tempered, fresh.labels, fresh.weights)).toBeLessThan(
      logLoss(fresh.merged, fresh.labels, fresh.weights),
    )
    expect(calibrationError(tempered, fresh.labels)).toBeLessThan(0.02)
    expect(calibrationError(fresh.merged, fresh.labels)).toBeGreaterThan(0.08)
  })

  it('is 1 where there is nothing to learn from, and stays in bounds where the rows are all right or all wrong', () => {
    expect(findTemperature(new Float32Array(), new Uint8Array(), [])).toBe(1)
    const right = Float32Array.of(0.94, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01)
    expect(findTemperature(right, Uint8Array.of(0), [1])).toBeCloseTo(0.1, 3)
    expect(findTemperature(right, Uint8Array.of(3), [1])).toBeCloseTo(10, 2)
  })

  it('heeds row weights', () => {
    const [sharp, flat] = [miscalibrated(3000, 3), miscalibrated(3000, 0.4, 2)]
    const merged = Float32Array.of(...sharp.merged, ...flat.merged)
    const labels = Uint8Array.of(...sharp.labels, ...flat.labels)
    const weigh = (first: number, second: number) => labels.map((_, row) => (row < 3000 ? first : second))
    expect(Math.abs(findTemperature(merged, labels, weigh(1, 0)) - 3)).toBeLessThan(0.3)
    expect(Math.abs(findTemperature(merged, labels, weigh(0, 1)) - 0.4)).toBeLessThan(0.04)
  })

  it('keeps the order of the classes and the sum of 1', () => {
    const { merged } = miscalibrated(50, 2)
    const tempered = temper(merged, 3)
    for (let row = 0; row < 50; row++) {
      const order = (seven: Float32Array) => [...seven.keys()].sort((a, b) => seven[b]! - seven[a]!)
      expect(order(rowOf(tempered, row))).toEqual(order(rowOf(merged, row)))
      expect(rowOf(tempered, row).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
    }
  })
})

describe('logLoss', () => {
  it('is the weighted mean of −log p of the true class', () => {
    const p = Float32Array.of(0.5, 0.5, 0, 0, 0, 0, 0, 0.25, 0.75, 0, 0, 0, 0, 0)
    expect(logLoss(p, Uint8Array.of(0, 0), [1, 3])).toBeCloseTo((Math.log(2) + 3 * Math.log(4)) / 4, 5)
  })
})
