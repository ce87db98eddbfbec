import { and, desc, eq, inArray } from 'drizzle-orm'
import { auditLog } from '../../core/store/schema.ts'
import type { Database } from './database.ts'

export type AuditRow = typeof auditLog.$inferSelect

export class AuditReader {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** What was done to an incident, newest first. Writers name it by its key (before it has an id) or by its id. */
  async ofIncident(incident: { id: number; incident_key: string }, limit: number): Promise<AuditRow[]> {
    return this.#db
      .select()
      .from(auditLog)
      .where(
        and(
          eq(auditLog.subject_type, 'incident'),
          inArray(auditLog.subject_id, [incident.incident_key, String(incident.id)]),
        ),
      )
      .orderBy(desc(auditLog.at), desc(auditLog.id))
      .limit(limit)
  }
}
