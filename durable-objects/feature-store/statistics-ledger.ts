import type { StoreHistory } from '../../core/features/store/object-port.ts'
import type { StoreBackend } from '../../core/features/store/port.ts'
import { addCounts, newStoreCounts, type StoreCounts, StoredCounts } from '../../core/features/store/statistics.ts'
import type { EpochMs } from '../../core/time.ts'

const MINUTE_MS = 60_000
const HOUR = 60
const DAY = 24 * HOUR
/** The row that holds the sum of all minutes there ever were. */
const EVER = -1

/** Counts by minute and backend, for a day, and their sum for ever. */
export class StatisticsLedger {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS store_minutes (backend TEXT NOT NULL, minute INTEGER NOT NULL,
      counts TEXT NOT NULL, PRIMARY KEY (backend, minute)) WITHOUT ROWID`)
    sql.exec(
      'CREATE TABLE IF NOT EXISTS store_failures (backend TEXT PRIMARY KEY, at INTEGER NOT NULL, why TEXT NOT NULL)',
    )
  }

  note(backend: StoreBackend, counts: StoreCounts, failure: string | null, now: EpochMs): void {
    if (failure !== null)
      this.#sql.exec('INSERT OR REPLACE INTO store_failures VALUES (?, ?, ?)', backend, now, failure)
    const minute = Math.floor(now / MINUTE_MS)
    const known = this.#sum(backend, minute, minute)
    if (known === null) this.#sql.exec('DELETE FROM store_minutes WHERE minute >= 0 AND minute <= ?', minute - DAY)
    this.#put(backend, minute, addCounts(known ?? newStoreCounts(), counts))
    this.#put(backend, EVER, addCounts(this.#sum(backend, EVER, EVER) ?? newStoreCounts(), counts))
  }

  /** The present minute counts as the last of the hour. */
  history(backend: StoreBackend, now: EpochMs): StoreHistory {
    const minute = Math.floor(now / MINUTE_MS)
    const of = (from: number, to: number) => this.#sum(backend, from, to) ?? newStoreCounts()
    const [lastFailure = null] = this.#sql
      .exec<{ at: number; why: string }>('SELECT at, why FROM store_failures WHERE backend = ?', backend)
      .toArray()
    return {
      recent: of(minute - 1, minute),
      hour: of(minute - HOUR + 1, minute),
      day: of(minute - DAY + 1, minute),
      ever: of(EVER, EVER),
      lastFailure,
    }
  }

  /** Null when there is no such minute. */
  #sum(backend: StoreBackend, from: number, to: number): StoreCounts | null {
    const rows = this.#sql
      .exec<{ counts: string }>(
        'SELECT counts FROM store_minutes WHERE backend = ? AND minute BETWEEN ? AND ?',
        backend,
        from,
        to,
      )
      .toArray()
    if (rows.length === 0) return null
    return rows.reduce((sum, { counts }) => addCounts(sum, StoredCounts.parse(JSON.parse(counts))), newStoreCounts())
  }

  #put(backend: StoreBackend, minute: number, counts: StoreCounts): void {
    this.#sql.exec('INSERT OR REPLACE INTO store_minutes VALUES (?, ?, ?)', backend, minute, JSON.stringify(counts))
  }
}
