import { type Breaker, CLOSED } from '../../core/breaker.ts'
import type { DailySpending } from '../../core/council/spending.ts'
import type { VerifierName } from '../../core/council/verifier.ts'
import type { VerifierFigures } from '../../core/council/view.ts'

/** What is kept of a verifier. */
export type VerifierRecord = Omit<VerifierFigures, 'verifier' | 'waiting' | 'breaker'> & { breaker: Breaker }

export interface Lease {
  id: string
  verifier: VerifierName
  usd: number
  until: number
}

const newRecord = (): VerifierRecord => ({
  asked: 0,
  answered: 0,
  failures: {},
  refused: 0,
  fromEarlier: 0,
  calls: 0,
  inputTokens: 0,
  outputTokens: 0,
  usd: 0,
  msTotal: 0,
  msLongest: 0,
  running: 0,
  breaker: CLOSED,
})

/** The budget's rows: what runs, what was spent, what each verifier did. Written within the caller's transaction. */
export class BudgetRecords {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS leases (id TEXT PRIMARY KEY, verifier TEXT, usd REAL, until INTEGER)')
    sql.exec('CREATE TABLE IF NOT EXISTS verifiers (name TEXT PRIMARY KEY, record TEXT NOT NULL)')
    sql.exec('CREATE TABLE IF NOT EXISTS spending (one INTEGER PRIMARY KEY CHECK (one = 1), day INTEGER, usd REAL)')
  }

  get spending(): DailySpending {
    const [row] = this.#sql.exec<{ day: number; usd: number }>('SELECT day, usd FROM spending').toArray()
    return row ?? { day: 0, usd: 0 }
  }

  set spending({ day, usd }: DailySpending) {
    this.#sql.exec('INSERT OR REPLACE INTO spending VALUES (1, ?, ?)', day, usd)
  }

  get setAside(): number {
    return this.#sql.exec<{ usd: number | null }>('SELECT sum(usd) AS usd FROM leases').one().usd ?? 0
  }

  holds(id: string): boolean {
    return this.#sql.exec('SELECT 1 FROM leases WHERE id = ?', id).toArray().length > 0
  }

  hold({ id, verifier, usd, until }: Lease): void {
    this.#sql.exec('INSERT INTO leases VALUES (?, ?, ?, ?)', id, verifier, usd, until)
  }

  /** False when there was none. */
  release(id: string): boolean {
    return this.#sql.exec('DELETE FROM leases WHERE id = ? RETURNING id', id).toArray().length > 0
  }

  /** Takes out the leases that ended without a word. */
  expire(now: number): { verifier: VerifierName; usd: number }[] {
    return this.#sql
      .exec<{ verifier: VerifierName; usd: number }>('DELETE FROM leases WHERE until < ? RETURNING verifier, usd', now)
      .toArray()
  }

  of(verifier: VerifierName): VerifierRecord {
    const [row] = this.#sql.exec<{ record: string }>('SELECT record FROM verifiers WHERE name = ?', verifier).toArray()
    return { ...newRecord(), ...(row ? (JSON.parse(row.record) as VerifierRecord) : {}) }
  }

  write(verifier: VerifierName, record: VerifierRecord): void {
    this.#sql.exec('INSERT OR REPLACE INTO verifiers VALUES (?, ?)', verifier, JSON.stringify(record))
  }

  all(): [VerifierName, VerifierRecord][] {
    return this.#sql
      .exec<{ name: VerifierName; record: string }>('SELECT name, record FROM verifiers ORDER BY name')
      .toArray()
      .map(({ name, record }) => [name, { ...newRecord(), ...JSON.parse(record) }])
  }
}
