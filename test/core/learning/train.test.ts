import { describe, expect, it } from 'vitest'
import { BOOSTING_DEFAULTS } from '../../../core/learning/boosting.ts'
import { FOREST_DEFAULTS } from '../../../core/learning/forest.ts'
import { MEMBER_DEFAULTS } from '../../../core/learning/members.ts'
import { NETWORK_DEFAULTS } from '../../../core/learning/network-training.ts'
import { TRAIN_DEFAULTS, type TrainOptions, type TrainProgress, trainEnsemble } from '../../../core/learning/train.ts'
import { emptyData, madeData, mostProbable } from './made-data.ts'

const log1p = Uint8Array.from({ length: 100 }, (_, column) => (column % 3 === 0 ? 1 : 0))

const small: TrainOptions = {
  ...TRAIN_DEFAULTS,
  seed: 5,
  log1p,
  calibration: { kind: 'hold-out', share: 0.25 },
  members: {
    ...MEMBER_DEFAULTS,
    forest: { ...FOREST_DEFAULTS, trees: 20 },
    boosting: { ...BOOSTING_DEFAULTS, rounds: 8 },
    network: { ...NETWORK_DEFAULTS, epochs: 4 },
    isolation: { trees: 20, sample: 64 },
  },
}

function trained(data = madeData(1200, 1), options = small, onProgress?: (progress: TrainProgress) => void) {
  const result = trainEnsemble(data, options, onProgress)
  if (!result.ok) throw new Error(result.error.why)
  return result.value
}

describe('trainEnsemble', () => {
  it('gives the same bytes and manifest for the same seed, others for another', () => {
    const [first, again, other] = [trained(), trained(), trained(undefined, { ...small, seed: 6 })]
    expect(again.onnx).toEqual(first.onnx)
    expect(again.manifest).toEqual(first.manifest)
    expect(other.onnx).not.toEqual(first.onnx)
  })

  it('tells classes apart on rows that it has not seen', () => {
    const test = madeData(800, 2)
    const predicted = mostProbable(trained().predict(test).probabilities)
    expect(predicted.filter((label, row) => label === test.labels[row]).length / 800).toBeGreaterThan(0.9)
  })

  it('lowers the held-out log loss by its temperature, and says on what it was found', () => {
    const { calibration, manifest } = trained()
    expect(calibration.by).toBe('groups')
    expect(calibration.rows).toBeGreaterThan(200)
    expect(calibration.log_loss.after).toBeLessThan(calibration.log_loss.before)
    expect(calibration.ece.after!).toBeLessThan(calibration.ece.before!)
    expect(manifest.temperature).toBeGreaterThan(0)
    expect(manifest.thresholds).toHaveLength(7)
  })

  it('calibrates on groups that the members did not learn from', () => {
    // Column 0 names the group's label in training groups by a number that no other group has: knowing the group is
    // knowing the label, and held-out groups cannot be known. A split by rows would find the model right and sure.
    const data = emptyData(2000, 2)
    for (let row = 0; row < 2000; row++) {
      const group = row % 24
      data.groups[row] = group
      data.labels[row] = (group * 37) % 2
      data.features[row * 2] = group
      data.features[row * 2 + 1] = row
    }
    const { calibration } = trained(data, { ...small, log1p: new Uint8Array(2) })
    expect(calibration.accuracy!).toBeLessThan(0.75)
    const byRows = trained({ ...data, groups: new Int32Array(2000) }, { ...small, log1p: new Uint8Array(2) })
    expect(byRows.calibration.by).toBe('rows')
    expect(byRows.calibration.accuracy!).toBeGreaterThan(0.95)
  })

  it('calibrates on every group in turn and trains on all rows when it cross-fits', () => {
    const data = madeData(900, 1)
    const steps: string[] = []
    const options: TrainOptions = { ...small, calibration: { kind: 'cross-fit', folds: 3 } }
    const { calibration, model } = trained(data, options, ({ step, fold, folds, done, total }) => {
      if (done === total) steps.push(`${step} ${fold}/${folds}`)
    })
    expect(calibration.rows).toBe(900)
    expect(model.forest.trees[0]!.cover[0]).toBe(900)
    expect(steps).toContain('forest 1/4')
    expect(steps).toContain('isolation 4/4')
    expect(calibration.log_loss.after).toBeLessThan(calibration.log_loss.before)
  })

  it('tells the usual value and range of features in Normal rows, null where always absent', () => {
    const data = emptyData(400, 3)
    for (let row = 0; row < 400; row++) {
      data.labels[row] = row % 2
      data.features.set(
        [row % 2 === 0 ? row / 2 : 1e6, row % 2 === 0 ? Number.NaN : 3, row % 4 === 0 ? Number.NaN : 7],
        row * 3,
      )
    }
    const { usual, usual_range } = trained(data, { ...small, log1p: new Uint8Array(3) }).manifest
    expect(usual).toEqual([99.5, null, 7])
    expect(usual_range[0]!.map((x) => Number(x.toFixed(6)))).toEqual([9.95, 189.05])
    expect(usual_range.slice(1)).toEqual([null, [7, 7]])
  })

  it('sets the anomaly threshold that few held-out Normal rows exceed', () => {
    const test = madeData(2000, 3)
    const { manifest, predict } = trained()
    const { anomaly } = predict(test)
    const over = test.labels.filter((label, row) => label === 0 && anomaly[row]! > manifest.anomaly_threshold).length
    expect(over / test.labels.filter((label) => label === 0).length).toBeLessThan(0.06)
  })

  it.each([
    ['nothing', emptyData(0, 100), 'empty'],
    ['Normal rows alone', emptyData(20, 100), 'only Normal'],
    ['no Normal row', { ...emptyData(20, 100), labels: new Uint8Array(20).fill(2) }, 'no Normal'],
    ['a class that is not one', { ...emptyData(20, 100), labels: new Uint8Array(20).fill(7) }, 'row 0 has class 7'],
    [
      'a weight that is not a number',
      { ...emptyData(2, 100), weights: Float32Array.of(1, Number.NaN) },
      'row 1 has weight',
    ],
    ['missing labels', { ...emptyData(20, 100), labels: new Uint8Array(3) }, '3 labels for 20 rows'],
    ['other columns than transforms', emptyData(20, 99), 'log1p has 100 entries for 99 columns'],
  ])('refuses %s with the reason', (_, data, why) => {
    const result = trainEnsemble(data, small)
    expect(result.ok ? '' : result.error.why).toContain(why)
  })

  it('does without groups of weight 0 as if they were not there', () => {
    const data = madeData(600, 1)
    const without = { ...data, weights: data.weights.map((_, row) => (data.groups[row]! < 15 ? 1 : 0)) }
    const { manifest, calibration } = trained(without)
    expect(calibration.rows).toBeLessThan(300)
    expect(Number.isFinite(manifest.temperature)).toBe(true)
  })
})
