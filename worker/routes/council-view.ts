import type { Context } from 'hono'
import { readCase } from '../../adapters/durable-objects/council-reader.ts'
import { allows } from '../../core/auth/role.ts'
import { isPassword, restoreMasks } from '../../core/council/masking.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import type { CouncilView } from '../../web/pages/council/view.ts'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'

/** The case of an incident as the one who asks may see it: passwords and what was sent are for analysts. */
export async function councilView(c: Context<AppEnv>, incident: IncidentRow): Promise<CouncilView> {
  const { now } = c.var
  const read = await readCase(c.env, incident.incident_key)
  if (!read.ok) return { incident, now, given: null, error: read.error, restore: (text) => text, records: null }
  const isAnalyst = allows(whoOf(c).role, 'analyst')
  const given = read.value
  return {
    incident,
    now,
    given,
    error: null,
    restore: (text) => restoreMasks(text, given?.masks ?? [], isAnalyst ? () => false : isPassword),
    records: isAnalyst ? (given?.records ?? []) : null,
  }
}
