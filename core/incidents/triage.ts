import { err, ok, type Result } from '../result.ts'
import { INCIDENT_STATUSES, type IncidentStatus } from '../store/schema.ts'
import type { Severity } from '../taxonomy.ts'

/** What a person may change of an incident. An absent key stays as it is. */
export interface TriageChange {
  status?: IncidentStatus
  /** Name of a user; null takes the assignment back. */
  assignee?: string | null
  severity?: Severity
}

/** Statuses of work that is not finished; a queue shows these. */
export const OPEN_STATUSES = ['new', 'investigating', 'contained'] as const satisfies IncidentStatus[]

/** What each status means, for the one who chooses it. */
export const STATUS_MEANING: Record<IncidentStatus, string> = {
  new: 'nobody has looked yet',
  investigating: 'somebody is on it',
  contained: 'something enforced it and gave a receipt',
  resolved: 'dealt with',
  dismissed: 'no threat',
}

/** Statuses that a person may choose: all but `contained`, which only a receipt of what enforced it may set. */
export const CHOOSABLE_STATUSES: IncidentStatus[] = INCIDENT_STATUSES.filter((status) => status !== 'contained')

/** The change itself, or why it may not be made. */
export function checkChange(change: TriageChange): Result<TriageChange, 'contained-needs-receipt'> {
  if (change.status !== undefined && !CHOOSABLE_STATUSES.includes(change.status)) return err('contained-needs-receipt')
  return ok(change)
}
