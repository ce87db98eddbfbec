import { and, eq, isNull } from 'drizzle-orm'
import type { TriageChange } from '../../core/incidents/triage.ts'
import { incidents, users } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

const FIELDS = ['status', 'assignee', 'severity'] as const
type Field = (typeof FIELDS)[number]
const forEachField = (statement: (field: Field) => string): Record<Field, string> => ({
  status: statement('status'),
  assignee: statement('assignee'),
  severity: statement('severity'),
})

const NOTE_CHANGE = forEachField(
  (field) => `INSERT INTO audit_log (at, actor, action, subject_type, subject_id, detail)
    SELECT ?1, ?2, '${field}-changed', 'incident', incident_key, json_object('from', ${field}, 'to', ?3)
    FROM incidents WHERE id = ?4 AND ${field} IS NOT ?3`,
)
const SET_FIELD = forEachField(
  (field) => `UPDATE incidents SET ${field} = ?1, updated_at = ?2 WHERE id = ?3 AND ${field} IS NOT ?1`,
)

/** The changes that people make to incidents. What the partitions write is none of its business. */
export class IncidentTriage {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * Changes an incident and notes who did it with what stood there before, in one transaction.
   * A value that is already so is not written and not noted. False when no incident has this id.
   */
  async change(id: number, change: TriageChange, by: { actor: string; at: EpochMs }): Promise<boolean> {
    const [found] = await this.#db.select({ key: incidents.incident_key }).from(incidents).where(eq(incidents.id, id))
    if (!found) return false
    const fields = FIELDS.filter((field) => change[field] !== undefined)
    const steps = fields.flatMap((field) => {
      const value = change[field] ?? null
      // drizzle 0.45 cannot take raw SQL with parameters into a D1 batch, so these two are prepared by hand.
      return [
        this.#db.$client.prepare(NOTE_CHANGE[field]).bind(by.at, by.actor, value, id),
        this.#db.$client.prepare(SET_FIELD[field]).bind(value, by.at, id),
      ]
    })
    if (steps.length > 0) await this.#db.$client.batch(steps)
    return true
  }

  /** True when a user of this name can be given work. */
  async isAssignable(name: string): Promise<boolean> {
    return (await this.#db.$count(users, and(eq(users.name, name), isNull(users.disabled_at)))) > 0
  }
}
