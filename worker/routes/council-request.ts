import type { Context } from 'hono'
import { z } from 'zod'
import { IncidentReader } from '../../adapters/d1/incident-reader.ts'
import { requestOfCase } from '../../adapters/durable-objects/council-reader.ts'
import { PersonRequestBody } from '../../core/council/person-request.ts'
import { err, type Result } from '../../core/result.ts'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'
import { actorOf } from '../auth/identify.ts'
import type { Refusal } from '../problem.ts'

/** The request as a form of the council's tab sends it. */
export const CaseForm = z
  .object({ reason: z.string(), round: z.string().regex(/^\d{1,9}$/) })
  .transform(({ reason, round }): z.input<typeof PersonRequestBody> => ({ reason, round: Number(round) }))
  .pipe(PersonRequestBody)

/** Does what a person wants of an incident's case, or says why not. The case itself notes it in the audit log. */
export async function requestCase(
  c: Context<AppEnv>,
  what: 'ask-again' | 'stop',
  id: number,
  { reason, round }: z.infer<typeof PersonRequestBody>,
): Promise<Result<{ round: number }, Refusal>> {
  const incident = await new IncidentReader(c.var.db).byId(id)
  if (incident === null) return err({ tag: 'no-such-incident' })
  const request = { actor: actorOf(whoOf(c)), reason, at: c.var.now }
  const taken = await requestOfCase(c.env, what, incident.incident_key, request, round ?? null)
  if (taken.ok) return taken
  return err(
    taken.error.tag === 'unavailable' ? { tag: 'unavailable', detail: taken.error.why } : { tag: taken.error.tag },
  )
}
