import type { Dataset } from '../../../core/learning/dataset.ts'
import { random } from '../../../core/learning/random.ts'

/**
 * Seven classes as overlapping clouds in `columns` dimensions, with heavy tails, whole numbers, gaps and blocks of absent
 * values: what the trainer meets, with the truth known. 20 groups.
 */
export function madeData(rows: number, seed: number, columns = 100): Dataset {
  const source = random(seed)
  const shape = random(99)
  const centres = Float64Array.from({ length: 7 * columns }, () => shape.normal() * (shape.unit() < 0.2 ? 2 : 0.1))
  const data = emptyData(rows, columns)
  for (let row = 0; row < rows; row++) {
    const label = source.unit() < 0.5 ? 0 : source.below(7)
    data.labels[row] = label
    data.groups[row] = source.below(20)
    const blockAbsent = source.below(4) === 0
    for (let column = 0; column < columns; column++) {
      const z = centres[label * columns + column]! + source.normal() * 1.5
      const absent = (blockAbsent && column % 4 === 3) || source.unit() < 0.1
      const value = [Math.exp(2 * z), Math.round(3 * z), z][column % 3]!
      data.features[row * columns + column] = absent ? Number.NaN : value
    }
  }
  return data
}

/** All values 0, all labels 0, all weights 1, one group. */
export function emptyData(rows: number, columns: number): Dataset {
  return {
    features: new Float32Array(rows * columns),
    rows,
    columns,
    labels: new Uint8Array(rows),
    weights: new Float32Array(rows).fill(1),
    groups: new Int32Array(rows),
  }
}

/** The most probable class of each row of seven. */
export function mostProbable(probabilities: Float32Array): Uint8Array {
  return Uint8Array.from({ length: probabilities.length / 7 }, (_, row) => {
    const seven = probabilities.subarray(row * 7, row * 7 + 7)
    return seven.indexOf(Math.max(...seven))
  })
}
