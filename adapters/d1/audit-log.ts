import { sql } from 'drizzle-orm'
import { auditLog, users } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

export interface AuditEntry {
  at: EpochMs
  /** `user:NAME`, `token:NAME`, `sensor:ID`, or `picket` itself. */
  actor: string
  action: string
  detail: Record<string, unknown>
}

/** No user has this id. */
const NOBODY = -1

/**
 * Notes what a user did or what happened to their account. With `userId` null it costs as much and notes nothing, so
 * that the time of a refused log-in does not tell which names exist.
 */
export async function noteAuditOfUser(db: Database, userId: number | null, entry: AuditEntry): Promise<void> {
  await db.run(sql`insert into ${auditLog} (at, actor, action, subject_type, subject_id, detail)
    select ${entry.at}, ${entry.actor}, ${entry.action}, 'user', ${users.name}, ${JSON.stringify(entry.detail)}
    from ${users} where ${users.id} = ${userId ?? NOBODY}`)
}
