import { auditLog } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

export interface AuditEntry {
  at: EpochMs
  /** `user:NAME`, `token:NAME`, `sensor:ID`, or `picket` itself. */
  actor: string
  action: string
  subject_type: string
  subject_id: string
  detail: Record<string, unknown>
}

/** Notes what was done where the write itself does not do so in its own transaction. */
export async function noteAudit(db: Database, entry: AuditEntry): Promise<void> {
  await db.insert(auditLog).values(entry)
}
