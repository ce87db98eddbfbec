import type { PackEvent, ScenarioHit } from '../../core/council/evidence-pack.ts'
import { ruleJudge } from '../../core/council/rule-judge.ts'
import { scenarioHits } from '../../core/council/scenario-hits.ts'
import type { Verifier, VerifierName } from '../../core/council/verifier.ts'
import { evaluateRules, type RuleHit } from '../../core/rules/evaluate.ts'
import { shippedRules } from '../../core/rules/shipped.ts'

/** What judges a case in this process, without a key. A part that is not there is shown as not run. */
export interface LocalJudges {
  verifiers: ReadonlyMap<VerifierName, Verifier>
  /** Scenario rules that match the kept evidence. */
  scenarios: (evidence: readonly PackEvent[]) => ScenarioHit[]
}

/** The rules run over an evidence once, for its pack and for its judgement. */
const found = new WeakMap<readonly PackEvent[], RuleHit[]>()

function shippedHits(evidence: readonly PackEvent[]): RuleHit[] {
  let hits = found.get(evidence)
  if (!hits) {
    hits = evaluateRules(
      shippedRules(),
      evidence.map(({ event }) => event),
    )
    found.set(evidence, hits)
  }
  return hits
}

/** The scenario rules that ship: they match every case, and judge where nobody outside is set up or answers. */
export const LOCAL_JUDGES: LocalJudges = {
  verifiers: new Map([['rules', ruleJudge(shippedRules, shippedHits)]]),
  scenarios: (evidence) => scenarioHits(shippedHits(evidence), evidence),
}
