import type { ModelManifest } from '../ensemble/prediction.ts'
import type { Dataset } from './dataset.ts'

const NORMAL = 0

/** Median and 5th to 95th percentile of each feature over Normal rows that count; null where always absent. */
export function usualValues(dataset: Dataset): Pick<ModelManifest, 'usual' | 'usual_range'> {
  const { features, rows, columns, labels, weights } = dataset
  const usual: ModelManifest['usual'] = []
  const range: ModelManifest['usual_range'] = []
  for (let column = 0; column < columns; column++) {
    const values: number[] = []
    for (let row = 0; row < rows; row++) {
      const value = features[row * columns + column]!
      if (labels[row] === NORMAL && weights[row]! > 0 && Number.isFinite(value)) values.push(value)
    }
    const sorted = Float64Array.from(values).sort()
    usual.push(sorted.length > 0 ? quantile(sorted, 0.5) : null)
    range.push(sorted.length > 0 ? [quantile(sorted, 0.05), quantile(sorted, 0.95)] : null)
  }
  return { usual, usual_range: range }
}

/** The value that `share` of an ascending list lies at or under, neighbours interpolated. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!)
}
