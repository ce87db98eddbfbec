import type { CouncilBudgetHealth, CouncilCaseView } from '../../core/council/view.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { askHealth, type HealthNamespace } from './health-reader.ts'

export interface CouncilBindings {
  /** Absent where no council is deployed. */
  COUNCIL?: { getByName(name: string): { view(): Promise<CouncilCaseView | null> } }
  COUNCIL_BUDGET?: HealthNamespace<CouncilBudgetHealth>
}

/** The one budget of the deployment; see COUNCIL_BUDGET in durable-objects/names.ts. */
const BUDGET = 'budget'
const PATIENCE_MS = 2_000
const NO_COUNCIL = 'no council is deployed'

/** An incident's case, null when it has none; or why that is not known. */
export async function readCase(
  { COUNCIL }: CouncilBindings,
  incidentKey: string,
): Promise<Result<CouncilCaseView | null, string>> {
  if (COUNCIL === undefined) return err(NO_COUNCIL)
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<Result<never, string>>((resolve) => {
    timer = setTimeout(() => resolve(err(`no answer in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([COUNCIL.getByName(incidentKey).view().then(ok), tooLong])
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  } finally {
    clearTimeout(timer)
  }
}

/** Budget and figures of every verifier that was ever asked. */
export const readCouncilBudget = async ({
  COUNCIL_BUDGET,
}: CouncilBindings): Promise<Result<CouncilBudgetHealth, string>> =>
  COUNCIL_BUDGET === undefined ? err(NO_COUNCIL) : askHealth(COUNCIL_BUDGET, BUDGET)
