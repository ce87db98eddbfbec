import { z } from 'zod'
import type { IncidentTriage } from '../../adapters/d1/incident-triage.ts'
import { checkChange, type TriageChange } from '../../core/incidents/triage.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { INCIDENT_STATUSES } from '../../core/store/schema.ts'
import { SEVERITIES } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'

export const TriageBody = z
  .strictObject({
    status: z.enum(INCIDENT_STATUSES).optional(),
    assignee: z.string().trim().min(1).max(200).nullable().optional(),
    severity: z.enum(SEVERITIES).optional(),
  })
  .refine((change) => Object.values(change).some((value) => value !== undefined), 'nothing to change')

/** The same as a form sends it: an empty assignee takes the assignment back. */
export const TriageForm = z
  .object({ status: z.string().optional(), assignee: z.string().optional(), severity: z.string().optional() })
  .transform(({ assignee, ...rest }) => ({
    ...rest,
    ...(assignee === undefined ? {} : { assignee: assignee || null }),
  }))
  .pipe(TriageBody)

/** Makes a person's change to an incident, or says why not. */
export async function changeIncident(
  triage: IncidentTriage,
  id: number,
  change: TriageChange,
  by: { actor: string; at: EpochMs },
): Promise<Result<void, 'contained-needs-receipt' | 'no-such-user' | 'no-such-incident'>> {
  const allowed = checkChange(change)
  if (!allowed.ok) return allowed
  if (typeof change.assignee === 'string' && !(await triage.isAssignable(change.assignee))) return err('no-such-user')
  return (await triage.change(id, change, by)) ? ok(undefined) : err('no-such-incident')
}
