import { CLASSES } from '../../taxonomy.ts'
import { accuracy, classMetrics, confusionMatrix, expectedCalibrationError } from '../metrics.ts'
import { random } from '../random.ts'

/** What a model decided of rows that it was not trained on. */
export interface Decisions {
  /** Class id by row. */
  decided: Uint8Array
  /** Of the decided class, 0..1, by row. */
  confidence: Float32Array
}

/** Rows with their truth, and what both models make of them. */
export interface Comparison {
  labels: Uint8Array
  /** Where each row comes from: rows of one group are drawn together. */
  groups: Int32Array
  serving: Decisions
  candidate: Decisions
}

/** One condition of the gate, in numbers and in words. */
export interface GateCheck {
  name: 'accuracy' | 'class F1' | 'calibration' | 'golden set' | 'bootstrap'
  passed: boolean
  /** Of the serving model and the candidate; null where it cannot be told. */
  serving: number | null
  candidate: number | null
  limit: number
  why: string
}

/** A candidate must be at least so much more accurate on the validation rows. */
const LEAST_GAIN = 0.01
/** No class's F1 may fall by more; a class with fewer rows than this says nothing. */
const MOST_F1_LOSS = 0.02
const ROWS_THAT_TELL = 10
const MOST_CALIBRATION_LOSS = 0.01
const DRAWS = 2_000
const SURE = 0.95

/**
 * Whether a candidate may replace the serving model. It must pass every check; what cannot be told does not pass.
 * @param validation rows of the newest data that neither training nor calibration saw
 * @param golden rows that are never trained on
 */
export function gate(
  validation: Comparison,
  golden: Comparison,
  seed: number,
): { passed: boolean; checks: GateCheck[] } {
  const checks = [
    accuracyCheck(validation),
    classCheck(validation),
    calibrationCheck(validation),
    goldenCheck(golden),
    bootstrapCheck(validation, seed),
  ]
  return { passed: checks.every(({ passed }) => passed), checks }
}

function accuracyCheck(rows: Comparison): GateCheck {
  const [serving, candidate] = accuracies(rows)
  const base = { name: 'accuracy' as const, serving, candidate, limit: LEAST_GAIN }
  if (serving === null || candidate === null) return { ...base, passed: false, why: 'there are no validation rows' }
  const gain = candidate - serving
  return {
    ...base,
    // Shares of whole rows: what is a gain of a point must not fail by its last digit.
    passed: gain >= LEAST_GAIN - 1e-9,
    why: `${points(gain)} on ${rows.labels.length} validation rows; at least ${points(LEAST_GAIN)} are asked`,
  }
}

function classCheck(rows: Comparison): GateCheck {
  const before = classMetrics(confusionMatrix(rows.labels, rows.serving.decided))
  const after = classMetrics(confusionMatrix(rows.labels, rows.candidate.decided))
  const losses = before.flatMap(({ f1, support }, k) =>
    f1 === null || support < ROWS_THAT_TELL
      ? []
      : [{ k, serving: f1, candidate: after[k]!.f1!, loss: f1 - after[k]!.f1! }],
  )
  const worst = losses.sort((a, b) => b.loss - a.loss)[0]
  const base = { name: 'class F1' as const, limit: MOST_F1_LOSS }
  if (!worst)
    return {
      ...base,
      passed: false,
      serving: null,
      candidate: null,
      why: `no class has ${ROWS_THAT_TELL} validation rows`,
    }
  const few = before.filter(({ support }) => support > 0 && support < ROWS_THAT_TELL).length
  const left = few > 0 ? `; ${few} ${few === 1 ? 'class has' : 'classes have'} too few rows to tell` : ''
  return {
    ...base,
    passed: worst.loss <= MOST_F1_LOSS + 1e-9,
    serving: worst.serving,
    candidate: worst.candidate,
    why: `${CLASSES[worst.k]!.name} changes most for the worse: ${points(-worst.loss)}; at most ${points(-MOST_F1_LOSS)} are let pass${left}`,
  }
}

function calibrationCheck(rows: Comparison): GateCheck {
  const [serving, candidate] = [calibrationError(rows, rows.serving), calibrationError(rows, rows.candidate)]
  const base = { name: 'calibration' as const, serving, candidate, limit: MOST_CALIBRATION_LOSS }
  if (serving === null || candidate === null) return { ...base, passed: false, why: 'there are no validation rows' }
  return {
    ...base,
    passed: candidate - serving <= MOST_CALIBRATION_LOSS + 1e-9,
    why: `the calibration error goes from ${serving.toFixed(3)} to ${candidate.toFixed(3)}; at most ${MOST_CALIBRATION_LOSS} more is let pass`,
  }
}

function goldenCheck(rows: Comparison): GateCheck {
  const [serving, candidate] = accuracies(rows)
  const base = { name: 'golden set' as const, serving, candidate, limit: 0 }
  if (serving === null || candidate === null) return { ...base, passed: false, why: 'the golden set is empty' }
  return {
    ...base,
    passed: candidate >= serving - 1e-9,
    why: `${points(candidate - serving)} on the ${rows.labels.length} rows of the golden set; it must not be worse`,
  }
}

/** Whole groups are drawn with replacement, both models on the same draw (Efron and Tibshirani 1993, 16.4). */
function bootstrapCheck(rows: Comparison, seed: number): GateCheck {
  const groups = new Map<number, { rows: number; gain: number }>()
  rows.labels.forEach((label, row) => {
    const group = groups.get(rows.groups[row]!) ?? { rows: 0, gain: 0 }
    group.rows++
    group.gain += Number(rows.candidate.decided[row] === label) - Number(rows.serving.decided[row] === label)
    groups.set(rows.groups[row]!, group)
  })
  const each = [...groups.values()]
  const base = { name: 'bootstrap' as const, serving: null, limit: SURE }
  if (each.length < 2)
    return { ...base, passed: false, candidate: null, why: 'the validation rows come from one source' }
  const source = random(seed, 12)
  let better = 0
  for (let draw = 0; draw < DRAWS; draw++) {
    let gain = 0
    for (let i = 0; i < each.length; i++) gain += each[source.below(each.length)]!.gain
    if (gain > 0) better++
  }
  const share = better / DRAWS
  return {
    ...base,
    passed: share >= SURE,
    candidate: share,
    why: `it is the better one in ${(100 * share).toFixed(1)} % of ${DRAWS.toLocaleString('en-US')} draws of ${each.length} sources; ${100 * SURE} % are asked`,
  }
}

function accuracies({ labels, serving, candidate }: Comparison): [number | null, number | null] {
  return [accuracy(confusionMatrix(labels, serving.decided)), accuracy(confusionMatrix(labels, candidate.decided))]
}

function calibrationError({ labels }: Comparison, { decided, confidence }: Decisions): number | null {
  return expectedCalibrationError(
    confidence,
    Array.from(labels, (label, row) => decided[row] === label),
  )
}

const points = (share: number): string => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(2)} points`
