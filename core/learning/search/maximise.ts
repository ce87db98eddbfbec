import { gaussianProcess } from './gaussian-process.ts'

/** Points tried before the process is asked: ends, middle and quarters. */
const FIRST = [0, 0.25, 0.5, 0.75, 1]
/** Where the next point may lie. */
const CANDIDATES = Array.from({ length: 201 }, (_, i) => i / 200)
/** An expected improvement below this ends the search. */
const NEGLIGIBLE = 1e-5

export interface Found {
  /** Of equal values the lowest point. */
  at: number
  value: number
  tried: number
}

/**
 * Bayesian optimisation: the greatest value of a function on an interval, by a Gaussian process and expected improvement
 * (Jones, Schonlau and Welch 1998). Nothing is drawn: the same function gives the same answer.
 * @param most evaluations, 5 or more
 */
export function maximise(of: (point: number) => number, low: number, high: number, most: number): Found {
  const points: number[] = []
  const values: number[] = []
  const evaluate = (unit: number) => {
    points.push(unit)
    values.push(of(low + unit * (high - low)))
  }
  for (const unit of FIRST) evaluate(unit)
  while (points.length < most) {
    const expect = gaussianProcess(points, values)
    const best = Math.max(...values)
    let next = { unit: Number.NaN, gain: NEGLIGIBLE }
    for (const unit of CANDIDATES) {
      if (points.includes(unit)) continue
      const { mean, deviation } = expect(unit)
      const gain = expectedImprovement(mean - best, deviation)
      if (gain > next.gain) next = { unit, gain }
    }
    if (Number.isNaN(next.unit)) break
    evaluate(next.unit)
  }
  const value = Math.max(...values)
  const unit = Math.min(...points.filter((_, i) => values[i] === value))
  return { at: low + unit * (high - low), value, tried: points.length }
}

/** E[max(0, gain)] of a normal gain with this mean and deviation. */
export function expectedImprovement(mean: number, deviation: number): number {
  if (deviation <= 0) return Math.max(0, mean)
  const z = mean / deviation
  return mean * normalBelow(z) + (deviation * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)
}

/** Share of a standard normal below z, within 7.5·10⁻⁸ (Abramowitz and Stegun, 26.2.17). */
function normalBelow(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail =
    ((((1.330274429 * t - 1.821255978) * t + 1.781477937) * t - 0.356563782) * t + 0.31938153) *
    t *
    Math.exp(-0.5 * z * z) *
    0.3989422804014327
  return z >= 0 ? 1 - tail : tail
}
