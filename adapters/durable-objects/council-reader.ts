import type { CouncilBudgetHealth, CouncilCaseView } from '../../core/council/view.ts'
import { err, type Result } from '../../core/result.ts'
import { answerInTime } from './answer-in-time.ts'
import { askHealth, type HealthNamespace } from './health-reader.ts'

export interface CouncilBindings {
  /** Absent where no council is deployed. */
  COUNCIL?: { getByName(name: string): { view(): Promise<CouncilCaseView | null> } }
  COUNCIL_BUDGET?: HealthNamespace<CouncilBudgetHealth>
}

/** The one budget of the deployment; see COUNCIL_BUDGET in durable-objects/names.ts. */
const BUDGET = 'budget'
const NO_COUNCIL = 'no council is deployed'

/** An incident's case, null when it has none; or why that is not known. */
export const readCase = async (
  { COUNCIL }: CouncilBindings,
  incidentKey: string,
): Promise<Result<CouncilCaseView | null, string>> =>
  COUNCIL === undefined ? err(NO_COUNCIL) : answerInTime(() => COUNCIL.getByName(incidentKey).view())

/** Budget and figures of every verifier that was ever asked. */
export const readCouncilBudget = async ({
  COUNCIL_BUDGET,
}: CouncilBindings): Promise<Result<CouncilBudgetHealth, string>> =>
  COUNCIL_BUDGET === undefined ? err(NO_COUNCIL) : askHealth(COUNCIL_BUDGET, BUDGET)
