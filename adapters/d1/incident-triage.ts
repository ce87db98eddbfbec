import { and, eq, isNull, sql } from 'drizzle-orm'
import type { TriageChange } from '../../core/incidents/triage.ts'
import { auditLog, incidents, users } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

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
    const fields = (['status', 'assignee', 'severity'] as const).filter((field) => change[field] !== undefined)
    const steps = fields.flatMap((field) => {
      const value = change[field] ?? null
      const differs = and(eq(incidents.id, id), sql`${incidents[field]} is not ${value}`)
      return [
        this.#db.run(sql`insert into ${auditLog} (at, actor, action, subject_type, subject_id, detail)
          select ${by.at}, ${by.actor}, ${`${field}-changed`}, 'incident', ${found.key},
            json_object('from', ${incidents[field]}, 'to', ${value})
          from ${incidents} where ${differs}`),
        this.#db
          .update(incidents)
          .set({ [field]: value, updated_at: by.at })
          .where(differs),
      ]
    })
    const [first, ...rest] = steps
    if (first) await this.#db.batch([first, ...rest])
    return true
  }

  /** True when a user of this name can be given work. */
  async isAssignable(name: string): Promise<boolean> {
    return (await this.#db.$count(users, and(eq(users.name, name), isNull(users.disabled_at)))) > 0
  }
}
