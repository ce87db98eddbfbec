import { analystCase } from '../../core/council/memory/analyst-case.ts'
import type { AnalystWord, PastCase } from '../../core/council/memory/past-case.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { ok, type Result } from '../../core/result.ts'
import { answerInTime } from './answer-in-time.ts'

/** As much of the CaseMemory object as an analyst's verdict needs; see CaseMemoryPort in durable-objects/names.ts. */
export interface CaseMemoryBindings {
  /** Absent where no memory is set up. */
  CASE_MEMORY?: {
    getByName(name: string): {
      remember(one: PastCase): Promise<boolean>
      override(incidentKey: string, word: AnalystWord): Promise<boolean>
    }
  }
}

/** The one memory of the deployment; see CASE_MEMORY in durable-objects/names.ts. */
const MEMORY = 'memory'

/**
 * Puts an analyst's word in the place of what memory has of an incident, or keeps the incident with it. Told twice it changes
 * nothing. Or why it was not told.
 */
export async function tellMemory(
  { CASE_MEMORY }: CaseMemoryBindings,
  incident: IncidentRow,
  word: AnalystWord,
): Promise<Result<void, string>> {
  if (CASE_MEMORY === undefined) return ok(undefined)
  const memory = CASE_MEMORY.getByName(MEMORY)
  const one = analystCase(incident, word)
  const told = await answerInTime(
    async () => (one !== null && (await memory.remember(one))) || (await memory.override(incident.incident_key, word)),
  )
  return told.ok ? ok(undefined) : told
}
