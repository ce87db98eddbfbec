import type { CaseRefusal, PersonRequest } from '../../core/council/person-request.ts'
import type { CouncilBudgetHealth, CouncilCaseView } from '../../core/council/view.ts'
import { err, type Result } from '../../core/result.ts'
import { answerInTime } from './answer-in-time.ts'
import { askHealth, type HealthNamespace } from './health-reader.ts'

type Requested = Promise<Result<{ round: number }, CaseRefusal>>

/** As much of a Council object as people reach; see CouncilPort in durable-objects/names.ts. */
interface CouncilObject {
  view(): Promise<CouncilCaseView | null>
  askAgain(incidentKey: string, request: PersonRequest, seen: number | null): Requested
  stop(request: PersonRequest, seen: number | null): Requested
}

export interface CouncilBindings {
  /** Absent where no council is deployed. */
  COUNCIL?: { getByName(name: string): CouncilObject }
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

/** Opens a new case, or ends the one that runs, because a person wants it; or why not. */
export async function requestOfCase(
  { COUNCIL }: CouncilBindings,
  what: 'ask-again' | 'stop',
  incidentKey: string,
  request: PersonRequest,
  seen: number | null,
): Promise<Result<{ round: number }, { tag: CaseRefusal } | { tag: 'unavailable'; why: string }>> {
  if (COUNCIL === undefined) return err({ tag: 'unavailable', why: NO_COUNCIL })
  const council = COUNCIL.getByName(incidentKey)
  const answer = await answerInTime(() =>
    what === 'stop' ? council.stop(request, seen) : council.askAgain(incidentKey, request, seen),
  )
  if (!answer.ok) return err({ tag: 'unavailable', why: answer.error })
  return answer.value.ok ? answer.value : err({ tag: answer.value.error })
}

/** Budget and figures of every verifier that was ever asked. */
export const readCouncilBudget = async ({
  COUNCIL_BUDGET,
}: CouncilBindings): Promise<Result<CouncilBudgetHealth, string>> =>
  COUNCIL_BUDGET === undefined ? err(NO_COUNCIL) : askHealth(COUNCIL_BUDGET, BUDGET)
