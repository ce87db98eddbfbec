import { and, eq, gt, isNull, lte } from 'drizzle-orm'
import type { Role } from '../../core/store/schema.ts'
import { sessions, users } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** A session that is valid now, with the user as the database has them now: a changed role or a disabled user tells at once. */
export interface LiveSession {
  userId: number
  name: string
  role: Role
  csrfToken: string
}

export class SessionStore {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async live(tokenHash: string, now: EpochMs): Promise<LiveSession | null> {
    const [row] = await this.#db
      .select({ userId: users.id, name: users.name, role: users.role, csrfToken: sessions.csrf_token })
      .from(sessions)
      .innerJoin(users, eq(users.id, sessions.user_id))
      .where(and(eq(sessions.token_hash, tokenHash), gt(sessions.expires_at, now), isNull(users.disabled_at)))
    return row ?? null
  }

  /** Begins a session, ends the one it takes the place of, and forgets those that are over. */
  async begin(session: typeof sessions.$inferInsert, inPlaceOf: string | null, now: EpochMs): Promise<void> {
    await this.#db.batch([
      this.#db.delete(sessions).where(lte(sessions.expires_at, now)),
      this.#db.delete(sessions).where(eq(sessions.token_hash, inPlaceOf ?? '')),
      this.#db.insert(sessions).values(session),
    ])
  }

  async end(tokenHash: string): Promise<void> {
    await this.#db.delete(sessions).where(eq(sessions.token_hash, tokenHash))
  }
}
