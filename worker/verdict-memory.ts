import type { Database } from '../adapters/d1/database.ts'
import { IncidentReader } from '../adapters/d1/incident-reader.ts'
import { IncidentVerdicts } from '../adapters/d1/incident-verdicts.ts'
import { type CaseMemoryBindings, tellMemory } from '../adapters/durable-objects/case-memory-writer.ts'
import { analystWord } from '../core/council/memory/analyst-word.ts'
import type { VerdictRow } from '../core/incidents/analyst-verdict.ts'
import type { ClassId } from '../core/taxonomy.ts'

/**
 * Tells the council's memory what an analyst said newest of an incident. Where it does not answer the verdict stays marked as
 * not told, and the next hour tells it.
 */
export async function rememberVerdict(env: CaseMemoryBindings, db: Database, newest: VerdictRow): Promise<void> {
  const incident = await new IncidentReader(db).byKey(newest.incident_key)
  if (incident !== null) {
    const told = await tellMemory(env, incident, analystWord(newest, incident.threat_class as ClassId))
    if (!told.ok) {
      console.error(JSON.stringify({ what: 'memory of a verdict', incident: incident.id, why: told.error }))
      return
    }
  }
  await new IncidentVerdicts(db).noteRemembered(newest)
}

/** Tells what a crash or a memory that did not answer left untold, oldest first. */
export async function rememberDue(env: CaseMemoryBindings, db: Database, most: number): Promise<void> {
  for (const newest of await new IncidentVerdicts(db).notRemembered(most)) await rememberVerdict(env, db, newest)
}
