import type { Context } from 'hono'
import { IncidentReader } from '../../adapters/d1/incident-reader.ts'
import { readCase } from '../../adapters/durable-objects/council-reader.ts'
import { allows } from '../../core/auth/role.ts'
import { isPassword, restoreMasks } from '../../core/council/masking.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import type { CouncilView } from '../../web/pages/council/view.ts'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'
import { viewerOf } from '../page.ts'

/** The case of an incident as the one who asks may see it: passwords and what was sent are for analysts. */
export async function councilView(c: Context<AppEnv>, incident: IncidentRow): Promise<CouncilView> {
  const { now } = c.var
  const read = await readCase(c.env, incident.incident_key)
  const isAnalyst = allows(whoOf(c).role, 'analyst')
  const csrf = isAnalyst ? viewerOf(c, whoOf(c)).csrf : null
  const incidentIds = new Map<string, number>()
  if (!read.ok)
    return { incident, now, given: null, error: read.error, restore: (text) => text, incidentIds, csrf, records: null }
  const given = read.value
  const reader = new IncidentReader(c.var.db)
  for (const key of new Set(given?.case.asks.flatMap(({ from }) => (from === null ? [] : [from.incidentKey])))) {
    const id = key === incident.incident_key ? incident.id : await reader.idOf(key)
    if (id !== null) incidentIds.set(key, id)
  }
  return {
    incident,
    now,
    given,
    error: null,
    incidentIds,
    csrf,
    restore: (text) => restoreMasks(text, given?.masks ?? [], isAnalyst ? () => false : isPassword),
    records: isAnalyst ? (given?.records ?? []) : null,
  }
}
