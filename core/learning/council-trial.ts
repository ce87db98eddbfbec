import type { CanonicalEvent } from '../events/event.ts'
import type { RuleSet } from '../rules/rule.ts'
import { CLASSES } from '../taxonomy.ts'
import {
  type CouncilAgreement,
  councilAgreement,
  type JudgedWindow,
  type Pair,
  type RunVariance,
  runVariance,
  withoutBestCapture,
} from './council-agreement.ts'
import { councilVerdict } from './council-verdict.ts'
import { random, shuffle } from './random.ts'
import type { UncertainWindow } from './uncertain-windows.ts'

/** The council without any key on the windows that the ensemble did not trust. */
export interface CouncilTrial extends CouncilAgreement {
  /** Runs with the evidence of each window in another order, so that it has other numbers. */
  variance: RunVariance
  withoutBestCapture: ReturnType<typeof withoutBestCapture>
  /** The accuracy had nobody written the rules of one class. */
  withoutRulesOf: { class: string; rules: number; accuracy: Pair }[]
}

const RUNS = 3
/** How often all windows are judged in a trial. */
export const TRIAL_PASSES = RUNS + CLASSES.length

export async function councilTrial(
  set: RuleSet,
  windows: readonly UncertainWindow[],
  seed: number,
  onPass: (done: number) => void = () => {},
): Promise<CouncilTrial> {
  let done = 0
  const pass = async (rules: RuleSet, order: (evidence: readonly CanonicalEvent[], i: number) => CanonicalEvent[]) => {
    const judged: JudgedWindow[] = []
    for (const [i, { window, evidence }] of windows.entries())
      judged.push({ window, council: await councilVerdict(rules, { window }, order(evidence, i)) })
    onPass(++done)
    return judged
  }
  const asKept = (evidence: readonly CanonicalEvent[]) => [...evidence]
  const runs = [await pass(set, asKept)]
  for (let run = 1; run < RUNS; run++) runs.push(await pass(set, (evidence, i) => shuffled(evidence, seed, run, i)))
  const agreement = councilAgreement(runs[0]!)
  const withoutRulesOf: CouncilTrial['withoutRulesOf'] = []
  for (const { id, name } of CLASSES) {
    const rules = set.rules.filter(({ threatClass }) => threatClass !== id)
    const left = await pass({ rules, refusals: [] }, asKept)
    withoutRulesOf.push({
      class: name,
      rules: set.rules.length - rules.length,
      accuracy: councilAgreement(left).accuracy,
    })
  }
  return {
    ...agreement,
    variance: runVariance(runs),
    withoutBestCapture: withoutBestCapture(agreement),
    withoutRulesOf,
  }
}

function shuffled(evidence: readonly CanonicalEvent[], seed: number, run: number, window: number): CanonicalEvent[] {
  const order = Int32Array.from(evidence, (_, i) => i)
  shuffle(order, random(seed, run, window))
  return Array.from(order, (i) => evidence[i]!)
}
