/** Rows of raw features: row-major [rows, columns], no transform applied, absent is NaN. */
export interface Matrix {
  features: Float32Array
  rows: number
  columns: number
}

/** What the trainer learns from. */
export interface Dataset extends Matrix {
  /** Class id of each row, 0..6. */
  labels: Uint8Array
  /** How much each row counts, 0 or more. */
  weights: Float32Array
  /** Where each row comes from (a capture, a sensor): rows of one group are never split between training and calibration. */
  groups: Int32Array
}

/** The group of rows that are always trained on and never calibrated with. */
export const NEVER_HELD_OUT = -1

/** The named rows of a matrix, in the order named. */
export function selectFeatures(matrix: Matrix, chosen: Int32Array): Matrix {
  const { columns } = matrix
  const features = new Float32Array(chosen.length * columns)
  for (let i = 0; i < chosen.length; i++) {
    const from = chosen[i]! * columns
    features.set(matrix.features.subarray(from, from + columns), i * columns)
  }
  return { features, rows: chosen.length, columns }
}

/** The named rows of a dataset, in the order named. */
export function selectRows(dataset: Dataset, chosen: Int32Array): Dataset {
  return {
    ...selectFeatures(dataset, chosen),
    labels: Uint8Array.from(chosen, (row) => dataset.labels[row]!),
    weights: Float32Array.from(chosen, (row) => dataset.weights[row]!),
    groups: Int32Array.from(chosen, (row) => dataset.groups[row]!),
  }
}

/** Why a dataset cannot be learnt from, or null. Checks sizes, label range and weights. */
export function datasetFault(dataset: Dataset, classes: number): string | null {
  const { rows, columns, features, labels, weights, groups } = dataset
  if (rows < 1 || columns < 1) return `an empty dataset: ${rows} rows of ${columns} columns`
  if (features.length !== rows * columns) return `${features.length} values are not ${rows} rows of ${columns}`
  for (const [name, values] of Object.entries({ labels, weights, groups }))
    if (values.length !== rows) return `${values.length} ${name} for ${rows} rows`
  let total = 0
  for (let row = 0; row < rows; row++) {
    if (labels[row]! >= classes) return `row ${row} has class ${labels[row]}`
    if (!(weights[row]! >= 0 && weights[row]! < Infinity)) return `row ${row} has weight ${weights[row]}`
    total += weights[row]!
  }
  return total > 0 ? null : 'every weight is 0'
}
