import { asc, eq } from 'drizzle-orm'
import { auditLog, intelLists } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

export type IntelListRow = typeof intelLists.$inferSelect

export interface By {
  actor: string
  at: EpochMs
}

/** The rows of the loaded lists. Each change by a person is in the audit log, in the same transaction. */
export class IntelListStore {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** By name. */
  async all(): Promise<IntelListRow[]> {
    return this.#db.select().from(intelLists).orderBy(asc(intelLists.name), asc(intelLists.id))
  }

  async byId(id: string): Promise<IntelListRow | null> {
    const [row] = await this.#db.select().from(intelLists).where(eq(intelLists.id, id))
    return row ?? null
  }

  /** Writes a list whole, new or in place of the one of its id. */
  async put(row: IntelListRow, by: By): Promise<void> {
    const { id: _, ...set } = row
    const { counts, url, as_of } = row
    await this.#db.batch([
      this.#db.insert(intelLists).values(row).onConflictDoUpdate({ target: intelLists.id, set }),
      this.#db.insert(auditLog).values(entry(row.id, 'intel-list-loaded', by, { name: row.name, url, as_of, counts })),
    ])
  }

  /** False when there is none of this id. */
  async remove(id: string, by: By): Promise<boolean> {
    const row = await this.byId(id)
    if (row === null) return false
    await this.#db.batch([
      this.#db.delete(intelLists).where(eq(intelLists.id, id)),
      this.#db.insert(auditLog).values(entry(id, 'intel-list-removed', by, { name: row.name })),
    ])
    return true
  }

  /** What a refresh found without new entries; a list that was removed meanwhile stays removed. */
  async note(
    id: string,
    found: Partial<IntelListRow> & Pick<IntelListRow, 'checked_at' | 'last_error'>,
  ): Promise<void> {
    await this.#db.update(intelLists).set(found).where(eq(intelLists.id, id))
  }

  /** As `put`, of a list that may have been removed or replaced since its refresh began: then nothing is written. */
  async replace(before: IntelListRow, set: Partial<IntelListRow>, by: By): Promise<boolean> {
    const now = await this.byId(before.id)
    if (now === null || now.loaded_at !== before.loaded_at || now.url !== before.url) return false
    await this.put({ ...now, ...set }, by)
    return true
  }
}

const entry = (id: string, action: string, { actor, at }: By, detail: Record<string, unknown>) => ({
  at,
  actor,
  action,
  subject_type: 'intel-list',
  subject_id: id,
  detail,
})
