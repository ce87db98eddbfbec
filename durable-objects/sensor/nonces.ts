import { NONCE_REMEMBERED_MS } from '../../core/auth/request-signature.ts'

/** Nonces of signed requests, each good for one: as long as its request could be sent again, it is remembered. */
export class NonceStore {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID')
    sql.exec('CREATE INDEX IF NOT EXISTS nonces_age ON nonces (at)')
  }

  /** True the first time; call within a transaction. */
  use(nonce: string, now: number): boolean {
    this.#sql.exec('DELETE FROM nonces WHERE at < ?', now - NONCE_REMEMBERED_MS)
    if (this.#sql.exec('SELECT 1 FROM nonces WHERE nonce = ?', nonce).toArray().length > 0) return false
    this.#sql.exec('INSERT INTO nonces VALUES (?, ?)', nonce, now)
    return true
  }
}
