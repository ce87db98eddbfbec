import type { EpochMs } from '../../core/time.ts'
import type { EarlierAnswer } from '../names.ts'

const KEPT_MS = 24 * 3_600_000
const MOST_KEPT = 500
/** An opinion has some kilobytes; one that is larger is not worth its place. */
const MOST_CHARACTERS = 64 * 1024

/** Answers that verifiers gave on this day, by the question. Written within the caller's transaction. */
export class EarlierAnswers {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS answers (digest TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL)')
    sql.exec('CREATE INDEX IF NOT EXISTS answers_at ON answers (at)')
  }

  /** Null when nobody has answered this within the last 24 hours. */
  find(digest: string, now: EpochMs): EarlierAnswer | null {
    const [row] = this.#sql
      .exec<{ answer: string }>('SELECT answer FROM answers WHERE digest = ? AND at > ?', digest, now - KEPT_MS)
      .toArray()
    return row ? JSON.parse(row.answer) : null
  }

  /** The newest answer to a question is the one that counts. */
  keep(digest: string, answer: EarlierAnswer): void {
    const text = JSON.stringify(answer)
    if (text.length > MOST_CHARACTERS) return
    const { at } = answer.from
    this.#sql.exec('INSERT OR REPLACE INTO answers VALUES (?, ?, ?)', digest, at, text)
    this.#sql.exec('DELETE FROM answers WHERE at <= ?', at - KEPT_MS)
    this.#sql.exec(
      'DELETE FROM answers WHERE digest IN (SELECT digest FROM answers ORDER BY at DESC, digest LIMIT -1 OFFSET ?)',
      MOST_KEPT,
    )
  }
}
