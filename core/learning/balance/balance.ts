import { CLASS_COUNT } from '../../taxonomy.ts'
import type { Dataset } from '../dataset.ts'
import { findInputScale, scaleInputs } from '../network.ts'
import { random } from '../random.ts'
import type { Space } from './neighbours.ts'
import { adasyn, type Between, smote } from './oversample.ts'

/** Share of Normal rows that is aimed at; the attack classes that are there share the rest evenly. */
export const NORMAL_SHARE = 0.3
/** Over this imbalance the border is what is taught (ADASYN), over the next the class as a whole (SMOTE). */
const SEVERE = 3
const MODERATE = 1.5
/** A class is made at most so many times as large: more would say the same few rows again and again. */
const MOST_TIMES = 4
/** Beyond this many standard deviations a value says no more of how alike two rows are. */
const CLIP = 6

export type BalanceStrategy = 'ADASYN' | 'SMOTE' | 'none'

export interface BalanceReport {
  strategy: BalanceStrategy
  /** Of the most and the least represented class against what is aimed at; 1 is balanced. */
  imbalance: number
  /** Rows by class id, length 7. */
  before: number[]
  after: number[]
}

/** What is to be done for balance, before any neighbour is sought. */
export interface BalancePlan extends Omit<BalanceReport, 'after'> {
  /** Synthetic rows to make, by class id. */
  missing: number[]
}

/**
 * Adds synthetic rows of the classes that are behind, towards 30 % Normal and the attack classes alike. Only for rows that
 * are learnt from: what measures must be real. Existing rows stay as they are, in front.
 * @param log1p by column, 1 where the column has a heavy tail
 */
export function balance(
  dataset: Dataset,
  log1p: Uint8Array,
  seed: number,
): { dataset: Dataset; report: BalanceReport } {
  const plan = balancePlan(dataset.labels)
  return balanced(
    dataset,
    plan,
    plan.missing.flatMap((_, threatClass) => syntheticOf(dataset, log1p, seed, plan, threatClass)),
  )
}

export function balancePlan(labels: Uint8Array): BalancePlan {
  const before = countsOf(labels)
  const { imbalance, strategy } = strategyFor(before)
  const wanted = wantedRows(before)
  const missing = before.map((count, k) => (strategy === 'none' ? 0 : Math.max(0, wanted[k]! - count)))
  return { strategy, imbalance, before, missing }
}

/** The synthetic rows of one class, whatever was made of others: classes can be done one at a time. */
export function syntheticOf(
  dataset: Dataset,
  log1p: Uint8Array,
  seed: number,
  { strategy, missing }: BalancePlan,
  threatClass: number,
): Between[] {
  const wanted = missing[threatClass]!
  if (wanted === 0) return []
  const space = spaceOf(dataset, log1p)
  const all = Int32Array.from(dataset.labels.keys())
  const source = random(seed, 6, threatClass)
  const members = all.filter((row) => dataset.labels[row] === threatClass)
  return strategy === 'ADASYN' ? adasyn(space, members, all, wanted, source) : smote(space, members, wanted, source)
}

/** The dataset with what was made of all classes, in their order. */
export function balanced(
  dataset: Dataset,
  { strategy, imbalance, before }: BalancePlan,
  made: readonly Between[],
): { dataset: Dataset; report: BalanceReport } {
  const whole = made.length === 0 ? dataset : withSynthetic(dataset, made)
  return { dataset: whole, report: { strategy, imbalance, before, after: countsOf(whole.labels) } }
}

function strategyFor(counts: readonly number[]): { imbalance: number; strategy: BalanceStrategy } {
  const targets = targetShares(counts)
  const loads = counts.flatMap((count, k) => (count > 0 ? [count / targets[k]!] : []))
  const imbalance = loads.length < 2 ? 1 : Math.max(...loads) / Math.min(...loads)
  return { imbalance, strategy: imbalance > SEVERE ? 'ADASYN' : imbalance > MODERATE ? 'SMOTE' : 'none' }
}

/** By class, of 1: absent classes have none. */
function targetShares(counts: readonly number[]): number[] {
  const attacks = counts.filter((count, k) => k > 0 && count > 0).length
  const normal = counts[0]! > 0 ? (attacks > 0 ? NORMAL_SHARE : 1) : 0
  return counts.map((count, k) => (count === 0 ? 0 : k === 0 ? normal : (1 - normal) / attacks))
}

/** Rows that each class should have for the fullest one to have its share. */
function wantedRows(counts: readonly number[]): number[] {
  const targets = targetShares(counts)
  const whole = Math.max(...counts.map((count, k) => (count === 0 ? 0 : count / targets[k]!)))
  return counts.map((count, k) => Math.min(Math.round(whole * targets[k]!), count * MOST_TIMES))
}

function spaceOf(dataset: Dataset, log1p: Uint8Array): Space {
  const { features, rows, columns } = dataset
  const values = scaleInputs(findInputScale(dataset, dataset.weights, log1p, CLIP), dataset)
  for (let i = 0; i < values.length; i++) if (Number.isNaN(features[i]!)) values[i] = Number.NaN
  return { values, rows, columns }
}

/**
 * A value lies between those of both rows; where one of them has none it is as in the row that it starts from, so that
 * what is absent together stays absent together.
 */
function withSynthetic(dataset: Dataset, made: readonly Between[]): Dataset {
  const { columns, rows } = dataset
  const features = new Float32Array((rows + made.length) * columns)
  features.set(dataset.features)
  made.forEach(({ from, to, at }, i) => {
    for (let column = 0; column < columns; column++) {
      const start = dataset.features[from * columns + column]!
      const end = dataset.features[to * columns + column]!
      features[(rows + i) * columns + column] = Number.isNaN(end) ? start : start + at * (end - start)
    }
  })
  const origins = Int32Array.from([...dataset.labels.keys(), ...made.map(({ from }) => from)])
  return {
    features,
    rows: origins.length,
    columns,
    labels: Uint8Array.from(origins, (row) => dataset.labels[row]!),
    weights: Float32Array.from(origins, (row) => dataset.weights[row]!),
    groups: Int32Array.from(origins, (row) => dataset.groups[row]!),
  }
}

function countsOf(labels: Uint8Array): number[] {
  const counts = Array.from({ length: CLASS_COUNT }, () => 0)
  for (const label of labels) counts[label]!++
  return counts
}
