import { and, eq, sql } from 'drizzle-orm'
import type { LoginState } from '../../core/auth/lock-out.ts'
import { users } from '../../core/store/schema.ts'
import type { Database } from './database.ts'

export type UserRow = typeof users.$inferSelect

/** No user has this id: a write to it costs what a real one costs and changes nothing. */
const NOBODY = -1

export class UserStore {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Disabled users are not found. */
  async byName(name: string): Promise<UserRow | null> {
    const [row] = await this.#db.select().from(users).where(eq(users.name, name))
    return row && row.disabled_at === null ? row : null
  }

  /**
   * Puts `to` in the place of `from`, unless another log-in came between: then nothing, and false.
   * So many guesses at once are counted one by one. With `user` null it only takes as long.
   */
  async moveLoginState(user: { id: number } | null, from: LoginState, to: LoginState): Promise<boolean> {
    const { meta } = await this.#db
      .update(users)
      .set({ failed_logins: to.failures, locked_until: to.lockedUntil })
      .where(
        and(
          eq(users.id, user?.id ?? NOBODY),
          eq(users.failed_logins, from.failures),
          sql`${users.locked_until} is ${from.lockedUntil}`,
        ),
      )
      .run()
    return meta.changes > 0
  }
}
