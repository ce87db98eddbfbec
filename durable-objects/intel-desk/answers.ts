import type { ProviderReport } from '../../core/intel/live/look-up.ts'
import type { ProviderName } from '../../core/intel/live/providers.ts'
import { jsonParts } from '../../core/json-parts.ts'
import type { EpochMs } from '../../core/time.ts'

/** What a service said of an address, or (null) that asking again soon is of no use. */
export interface KeptAnswer {
  provider: ProviderName
  address: string
  report: ProviderReport | null
  freshUntil: EpochMs
}

const MOST_KEPT = 200_000

/** What was answered, for as long as it counts as fresh. Answers that knew nothing are kept too: they were paid for. */
export class AnswerStore {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS answers (address TEXT NOT NULL, provider TEXT NOT NULL, report TEXT,
      fresh_until INTEGER NOT NULL, PRIMARY KEY (address, provider)) WITHOUT ROWID`)
    sql.exec('CREATE INDEX IF NOT EXISTS answers_age ON answers (fresh_until)')
  }

  get size(): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM answers').one().n
  }

  keep({ provider, address, report, freshUntil }: KeptAnswer): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO answers (address, provider, report, fresh_until) VALUES (?, ?, ?, ?)',
      address,
      provider,
      report === null ? null : JSON.stringify(report),
      freshUntil,
    )
  }

  /** Fresh answers on these addresses, by address. */
  of(addresses: readonly string[], now: number): Map<string, KeptAnswer[]> {
    const byAddress = new Map<string, KeptAnswer[]>()
    for (const part of jsonParts(addresses)) {
      const rows = this.#sql.exec<{
        address: string
        provider: ProviderName
        report: string | null
        fresh_until: number
      }>(
        `SELECT address, provider, report, fresh_until FROM answers
         WHERE address IN (SELECT value FROM json_each(?)) AND fresh_until > ? ORDER BY address, provider`,
        part,
        now,
      )
      for (const { address, provider, report, fresh_until: freshUntil } of rows) {
        const answer = {
          address,
          provider,
          report: report === null ? null : (JSON.parse(report) as ProviderReport),
          freshUntil,
        }
        const others = byAddress.get(address)
        if (others) others.push(answer)
        else byAddress.set(address, [answer])
      }
    }
    return byAddress
  }

  /** Forgets what is no longer fresh, and the oldest when there are too many. */
  prune(now: number): void {
    this.#sql.exec('DELETE FROM answers WHERE fresh_until <= ?', now)
    const tooMany = this.size - MOST_KEPT
    if (tooMany > 0)
      this.#sql.exec(
        `DELETE FROM answers WHERE (address, provider) IN
         (SELECT address, provider FROM answers ORDER BY fresh_until LIMIT ?)`,
        tooMany,
      )
  }
}
