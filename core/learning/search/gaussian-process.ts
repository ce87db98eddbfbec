/** What a Gaussian process expects at a point. */
export interface Expected {
  mean: number
  /** Standard deviation, 0 or more. */
  deviation: number
}

/** Where the values of neighbouring points lie: the kernel's length, and how far single values stray, both in the units of the inputs and of standardised values. */
interface Shape {
  length: number
  noise: number
}

const LENGTHS = [0.05, 0.1, 0.2, 0.4]
const NOISES = [1e-6, 1e-3, 1e-2]

/**
 * Gaussian process on the unit interval with a Matérn 5/2 kernel (Rasmussen and Williams 2006, 2.2 and 4.2); values are
 * standardised, length and noise are those of the greatest marginal likelihood on a grid.
 * @param points 0..1 each, one at least
 * @returns what it expects at any point
 */
export function gaussianProcess(points: readonly number[], values: readonly number[]): (point: number) => Expected {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
  const standard = values.map((value) => (value - mean) / (spread || 1))
  let best: { likelihood: number; shape: Shape; factor: Float64Array[]; weights: Float64Array } | null = null
  for (const length of LENGTHS)
    for (const noise of NOISES) {
      const factor = cholesky(
        points.map((a, i) =>
          Float64Array.from(points, (b, j) => matern(Math.abs(a - b) / length) + (i === j ? noise + 1e-9 : 0)),
        ),
      )
      const weights = solve(factor, standard)
      const fit = standard.reduce((sum, value, i) => sum + value * weights[i]!, 0)
      const likelihood = -0.5 * fit - factor.reduce((sum, row, i) => sum + Math.log(row[i]!), 0)
      if (best === null || likelihood > best.likelihood)
        best = { likelihood, shape: { length, noise }, factor, weights }
    }
  const { shape, factor, weights } = best!
  return (point) => {
    const near = Float64Array.from(points, (known) => matern(Math.abs(point - known) / shape.length))
    const expected = near.reduce((sum, value, i) => sum + value * weights[i]!, 0)
    const solved = forward(factor, near)
    const variance = 1 - solved.reduce((sum, value) => sum + value * value, 0)
    return { mean: mean + spread * expected, deviation: spread * Math.sqrt(Math.max(0, variance)) }
  }
}

function matern(distance: number): number {
  const r = Math.sqrt(5) * distance
  return (1 + r + (r * r) / 3) * Math.exp(-r)
}

/** Lower factor L with L Lᵀ = matrix, which is symmetric and positive definite. */
function cholesky(matrix: readonly Float64Array[]): Float64Array[] {
  const factor = matrix.map((row) => new Float64Array(row.length))
  for (let i = 0; i < matrix.length; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!
      for (let k = 0; k < j; k++) sum -= factor[i]![k]! * factor[j]![k]!
      factor[i]![j] = i === j ? Math.sqrt(sum) : sum / factor[j]![j]!
    }
  return factor
}

function forward(factor: readonly Float64Array[], values: ArrayLike<number>): Float64Array {
  const solved = new Float64Array(values.length)
  for (let i = 0; i < solved.length; i++) {
    let sum = values[i]!
    for (let k = 0; k < i; k++) sum -= factor[i]![k]! * solved[k]!
    solved[i] = sum / factor[i]![i]!
  }
  return solved
}

/** x with L Lᵀ x = values. */
function solve(factor: readonly Float64Array[], values: ArrayLike<number>): Float64Array {
  const solved = forward(factor, values)
  for (let i = solved.length - 1; i >= 0; i--) {
    let sum = solved[i]!
    for (let k = i + 1; k < solved.length; k++) sum -= factor[k]![i]! * solved[k]!
    solved[i] = sum / factor[i]![i]!
  }
  return solved
}
