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
export const squaredDistance = (space: Space, a: number, b: number): number =>
  distanceUnder(space, a, b, Number.POSITIVE_INFINITY)

/** Columns between two looks at whether a distance is too long already. */
const STRETCH = 10

/** The squared distance where it is less than `limit`, else some number that is not: scaling only ever adds to the sum. */
function distanceUnder({ values, columns }: Space, a: number, b: number, limit: number): number {
  let sum = 0
  let present = 0
  const atA = a * columns
  const atB = b * columns
  for (let from = 0; from < columns; from += STRETCH) {
    const to = Math.min(columns, from + STRETCH)
    for (let column = from; column < to; column++) {
      const difference = values[atA + column]! - values[atB + column]!
      if (Number.isNaN(difference)) continue
      sum += difference * difference
      present++
    }
    if (sum >= limit) return sum
  }
  return present === 0 ? Number.POSITIVE_INFINITY : (sum * columns) / present
}

/** The `k` rows of `among` that lie nearest to `row`, itself left out, nearest first; of equals the one named first. */
export function nearest(space: Space, row: number, among: Int32Array, k: number): Int32Array {
  const found: { row: number; distance: number }[] = []
  let limit = Number.POSITIVE_INFINITY
  for (const other of among) {
    if (other === row) continue
    const distance = distanceUnder(space, row, other, limit)
    if (found.length === k && distance >= limit) continue
    let at = found.length
    while (at > 0 && found[at - 1]!.distance > distance) at--
    found.splice(at, 0, { row: other, distance })
    if (found.length > k) found.pop()
    if (found.length === k) limit = found[k - 1]!.distance
  }
  return Int32Array.from(found, (one) => one.row)
}
