import type { PackEvent, ScenarioHit } from '../../core/council/evidence-pack.ts'
import { ruleJudge } from '../../core/council/rule-judge.ts'
import { scenarioHits } from '../../core/council/scenario-hits.ts'
import type { Verifier, VerifierName } from '../../core/council/verifier.ts'
import { shippedRules } from '../../core/rules/shipped.ts'

/** What judges a case in this process, without a key. A part that is not there is shown as not run. */
export interface LocalJudges {
  verifiers: ReadonlyMap<VerifierName, Verifier>
  /** Scenario rules that match the kept evidence. */
  scenarios: (evidence: readonly PackEvent[]) => ScenarioHit[]
}

/** The scenario rules that ship: they match every case, and judge where nobody outside is set up or answers. */
export const LOCAL_JUDGES: LocalJudges = {
  verifiers: new Map([['rules', ruleJudge(shippedRules)]]),
  scenarios: (evidence) => scenarioHits(shippedRules(), evidence),
}
