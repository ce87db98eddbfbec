import type { Verdict } from '../council/verifier.ts'
import { CLASSES, type ClassId } from '../taxonomy.ts'
import type { CouncilVerdict } from './council-verdict.ts'
import type { ScoredWindow } from './evaluate.ts'

/** One figure of the ensemble alone, and of what stands after the council; null where there is nothing to tell it from. */
export interface Pair {
  alone: number | null
  council: number | null
}

/** What became of uncertain windows when the council judged them. All figures but counts are shares, 0..1. */
export interface CouncilAgreement {
  windows: number
  /** The right class. */
  accuracy: Pair
  /** Of windows that are truly Normal: called an attack. */
  falsePositiveRate: Pair
  /** Of windows that are truly an attack: called one, of whatever class. */
  recall: Pair
  verdicts: Record<Verdict, number>
  /** Of windows that are truly Normal: the council says THREAT. */
  benignCalledThreat: number | null
  /** Of the council's THREATs: truly Normal. */
  threatsThatAreBenign: number | null
  /** Of the council's FALSE_POSITIVEs: truly an attack. */
  acquittalsThatAreAttacks: number | null
  /** Windows whose class the council changed: to the right one, away from it, from one wrong one to another. */
  overrides: { windows: number; toRight: number; fromRight: number; neither: number }
  /** By true class. */
  byClass: Record<string, ClassAgreement>
  byCapture: Record<string, { windows: number; accuracy: Pair }>
}

export interface ClassAgreement {
  windows: number
  recall: Pair
  precision: Pair
  verdicts: Record<Verdict, number>
}

/** A window with what the council made of it. */
export interface JudgedWindow {
  window: Pick<ScoredWindow, 'rawSource' | 'label'> & { prediction: { threatClass: ClassId } }
  council: CouncilVerdict
}

interface Row {
  label: number
  capture: string
  alone: ClassId
  council: ClassId
  verdict: Verdict
}

export function councilAgreement(judged: readonly JudgedWindow[]): CouncilAgreement {
  const rows = judged.map(
    ({ window: { label, rawSource, prediction }, council }): Row => ({
      label,
      capture: rawSource,
      alone: prediction.threatClass,
      council: council.threatClass,
      verdict: council.verdict,
    }),
  )
  const normal = rows.filter(({ label }) => label === 0)
  const attacks = rows.filter(({ label }) => label !== 0)
  const changed = rows.filter(({ alone, council }) => alone !== council)
  const of = (verdict: Verdict) => rows.filter((row) => row.verdict === verdict)
  const captures = [...new Set(rows.map(({ capture }) => capture))].sort()
  return {
    windows: rows.length,
    accuracy: accuracyOf(rows),
    falsePositiveRate: pair(normal, (id) => id !== 0),
    recall: pair(attacks, (id) => id !== 0),
    verdicts: verdictsOf(rows),
    benignCalledThreat: share(normal, ({ verdict }) => verdict === 'THREAT'),
    threatsThatAreBenign: share(of('THREAT'), ({ label }) => label === 0),
    acquittalsThatAreAttacks: share(of('FALSE_POSITIVE'), ({ label }) => label !== 0),
    overrides: {
      windows: changed.length,
      toRight: changed.filter(({ label, council }) => council === label).length,
      fromRight: changed.filter(({ label, alone }) => alone === label).length,
      neither: changed.filter(({ label, alone, council }) => alone !== label && council !== label).length,
    },
    byClass: Object.fromEntries(CLASSES.map(({ id, name }) => [name, classAgreement(rows, id)])),
    byCapture: Object.fromEntries(
      captures.map((name) => {
        const own = rows.filter(({ capture }) => capture === name)
        return [name, { windows: own.length, accuracy: accuracyOf(own) }]
      }),
    ),
  }
}

/**
 * The accuracies without the capture on which the council helps most, by windows gained; null where there is but one
 * capture. What is left does not rest on a single capture.
 */
export function withoutBestCapture({
  byCapture,
}: CouncilAgreement): { capture: string; windows: number; accuracy: Pair } | null {
  const captures = Object.entries(byCapture).map(
    ([
      capture,
      {
        windows,
        accuracy: { alone, council },
      },
    ]) => ({
      capture,
      windows,
      alone: alone! * windows,
      council: council! * windows,
    }),
  )
  const [best, ...others] = captures.sort((a, b) => b.council - b.alone - (a.council - a.alone))
  const windows = others.reduce((sum, one) => sum + one.windows, 0)
  if (!best || windows === 0) return null
  const total = (side: 'alone' | 'council') => others.reduce((sum, one) => sum + one[side], 0) / windows
  return { capture: best.capture, windows, accuracy: { alone: total('alone'), council: total('council') } }
}

/** How far several runs over the same windows agree. */
export interface RunVariance {
  runs: number
  accuracies: number[]
  /** Population variance of the accuracies. */
  variance: number
  /** Windows on which verdict, class or confidence was not the same in all runs. */
  changed: number
}

/** @param runs each over the same windows, in the same order */
export function runVariance(runs: readonly (readonly JudgedWindow[])[]): RunVariance {
  const accuracies = runs.map((run) => councilAgreement(run).accuracy.council ?? 0)
  const mean = accuracies.reduce((sum, one) => sum + one, 0) / accuracies.length
  const [first = [], ...others] = runs
  const isAlike = (one: CouncilVerdict, other: CouncilVerdict) =>
    one.verdict === other.verdict && one.threatClass === other.threatClass && one.confidence === other.confidence
  return {
    runs: runs.length,
    accuracies,
    variance: accuracies.reduce((sum, one) => sum + (one - mean) ** 2, 0) / accuracies.length,
    changed: first.filter(({ council }, i) => others.some((run) => !isAlike(run[i]!.council, council))).length,
  }
}

function classAgreement(rows: readonly Row[], id: ClassId): ClassAgreement {
  const mine = rows.filter(({ label }) => label === id)
  const precision = (side: 'alone' | 'council') =>
    share(
      rows.filter((row) => row[side] === id),
      ({ label }) => label === id,
    )
  return {
    windows: mine.length,
    recall: accuracyOf(mine),
    precision: { alone: precision('alone'), council: precision('council') },
    verdicts: verdictsOf(mine),
  }
}

const share = <Item>(items: readonly Item[], is: (item: Item) => boolean): number | null =>
  items.length === 0 ? null : items.filter(is).length / items.length

const pair = (rows: readonly Row[], is: (id: ClassId) => boolean): Pair => ({
  alone: share(rows, ({ alone }) => is(alone)),
  council: share(rows, ({ council }) => is(council)),
})

const accuracyOf = (rows: readonly Row[]): Pair => ({
  alone: share(rows, ({ label, alone }) => alone === label),
  council: share(rows, ({ label, council }) => council === label),
})

const verdictsOf = (rows: readonly Row[]): Record<Verdict, number> => ({
  THREAT: rows.filter(({ verdict }) => verdict === 'THREAT').length,
  FALSE_POSITIVE: rows.filter(({ verdict }) => verdict === 'FALSE_POSITIVE').length,
  INVESTIGATE: rows.filter(({ verdict }) => verdict === 'INVESTIGATE').length,
})
