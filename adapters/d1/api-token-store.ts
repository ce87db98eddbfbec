import { and, eq, gt, isNull, or } from 'drizzle-orm'
import { apiTokens, type Role } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

export class ApiTokenStore {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Null for a token that is unknown, revoked or over. */
  async live(tokenHash: string, now: EpochMs): Promise<{ id: number; name: string; role: Role } | null> {
    const [row] = await this.#db
      .select({ id: apiTokens.id, name: apiTokens.name, role: apiTokens.role })
      .from(apiTokens)
      .where(
        and(
          eq(apiTokens.token_hash, tokenHash),
          isNull(apiTokens.revoked_at),
          or(isNull(apiTokens.expires_at), gt(apiTokens.expires_at, now)),
        ),
      )
    return row ?? null
  }
}
