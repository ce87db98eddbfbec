/** Rows in the space in which neighbours are sought: standardised values, row-major [rows, columns], absent is NaN. */
export interface Space {
  values: Float32Array
  rows: number
  columns: number
}

/**
 * Squared distance over the columns that both rows have, scaled up to all columns (Dixon 1979, as scikit-learn's
 * nan_euclidean). Infinite when they have none in common.
 */
export function squaredDistance({ values, columns }: Space, a: number, b: number): number {
  let sum = 0
  let present = 0
  const atA = a * columns
  const atB = b * columns
  for (let column = 0; column < columns; column++) {
    const difference = values[atA + column]! - values[atB + column]!
    if (Number.isNaN(difference)) continue
    sum += difference * difference
    present++
  }
  return present === 0 ? Number.POSITIVE_INFINITY : (sum * columns) / present
}

/** The `k` rows of `among` that lie nearest to `row`, itself left out, nearest first; of equals the one named first. */
export function nearest(space: Space, row: number, among: Int32Array, k: number): Int32Array {
  const found: { row: number; distance: number }[] = []
  for (const other of among) {
    if (other === row) continue
    const distance = squaredDistance(space, row, other)
    if (found.length === k && distance >= found[k - 1]!.distance) continue
    let at = found.length
    while (at > 0 && found[at - 1]!.distance > distance) at--
    found.splice(at, 0, { row: other, distance })
    if (found.length > k) found.pop()
  }
  return Int32Array.from(found, (one) => one.row)
}
