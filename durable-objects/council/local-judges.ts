import type { PackEvent, ScenarioHit } from '../../core/council/evidence-pack.ts'
import type { Verifier, VerifierName } from '../../core/council/verifier.ts'

/** What judges a case in this process, without a key. A part that is not there is shown as not run. */
export interface LocalJudges {
  verifiers: ReadonlyMap<VerifierName, Verifier>
  /** Scenario rules that match the kept evidence. */
  scenarios: (evidence: readonly PackEvent[]) => ScenarioHit[]
}

/** None ships yet: a case without a verifier outside ends as failed and says so. */
export const LOCAL_JUDGES: LocalJudges = { verifiers: new Map(), scenarios: () => [] }
