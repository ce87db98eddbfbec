import { admit, MOST_WAITING, WAITS_AT_MOST_MS, type Waiting } from '../../core/intel/live/admission.ts'
import type { ProviderName } from '../../core/intel/live/providers.ts'
import { jsonParts } from '../../core/json-parts.ts'

export interface Question extends Waiting {
  provider: ProviderName
  /** Failures so far. */
  attempts: number
}

/** The questions that wait for their turn, the most suspicious address first, and who wants to hear. */
export class QuestionQueue {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS questions (provider TEXT NOT NULL, address TEXT NOT NULL, suspicion REAL NOT NULL,
      asked_at INTEGER NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (provider, address)) WITHOUT ROWID`)
    sql.exec('CREATE INDEX IF NOT EXISTS questions_suspicion ON questions (provider, suspicion)')
    sql.exec('CREATE INDEX IF NOT EXISTS questions_address ON questions (address)')
    sql.exec(`CREATE TABLE IF NOT EXISTS askers (address TEXT NOT NULL, asker TEXT NOT NULL,
      PRIMARY KEY (address, asker)) WITHOUT ROWID`)
  }

  waiting(provider: ProviderName): number {
    return this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM questions WHERE provider = ?', provider).one().n
  }

  /**
   * Takes questions in; one that waits already waits on, with the higher suspicion. Call within a transaction.
   * @returns which addresses wait now, and how many questions were dropped for more suspicious ones
   */
  take(provider: ProviderName, asked: readonly Waiting[], now: number): { waiting: Set<string>; dropped: number } {
    const suspicions = new Map<string, number>()
    for (const { address, suspicion } of asked)
      suspicions.set(address, Math.max(suspicion, suspicions.get(address) ?? 0))
    const distinct = [...suspicions].map(([address, suspicion]) => ({ address, suspicion }))
    const waiting = this.#waitingOf(provider, [...suspicions.keys()])
    const incoming = distinct.filter(({ address }) => !waiting.has(address))
    this.#put(
      provider,
      distinct.filter(({ address }) => waiting.has(address)),
      now,
    )
    if (incoming.length === 0) return { waiting, dropped: 0 }
    const free = MOST_WAITING - this.waiting(provider)
    const least = free >= incoming.length ? [] : this.#least(provider, incoming.length)
    const { admitted, displaced, turnedAway } = admit(free, least, incoming)
    this.#removeAll(provider, displaced)
    for (const address of displaced) waiting.delete(address)
    this.#put(provider, admitted, now)
    for (const { address } of admitted) waiting.add(address)
    return { waiting, dropped: displaced.length + turnedAway.length }
  }

  /** Which of the addresses wait. */
  #waitingOf(provider: ProviderName, addresses: readonly string[]): Set<string> {
    const rows = jsonParts(addresses).flatMap((part) =>
      this.#sql
        .exec<{ address: string }>(
          'SELECT address FROM questions WHERE provider = ? AND address IN (SELECT value FROM json_each(?))',
          provider,
          part,
        )
        .toArray(),
    )
    return new Set(rows.map(({ address }) => address))
  }

  /** Has addresses wait; those that do already take the higher suspicion. Many in a statement: each costs more than its row. */
  #put(provider: ProviderName, asked: readonly Waiting[], now: number): void {
    for (const part of jsonParts(asked.map(({ address, suspicion }) => [address, suspicion])))
      this.#sql.exec(
        // WHERE true: without it SQLite reads ON CONFLICT as part of the join.
        `INSERT INTO questions (provider, address, suspicion, asked_at, due_at)
         SELECT ?, value ->> 0, value ->> 1, ?, ? FROM json_each(?) WHERE true
         ON CONFLICT (provider, address) DO UPDATE SET suspicion = max(suspicion, excluded.suspicion)`,
        provider,
        now,
        now,
        part,
      )
  }

  #least(provider: ProviderName, most: number): Waiting[] {
    return this.#sql
      .exec<{ address: string; suspicion: number }>(
        'SELECT address, suspicion FROM questions WHERE provider = ? ORDER BY suspicion, asked_at DESC LIMIT ?',
        provider,
        most,
      )
      .toArray()
  }

  /** Pairs of an address and who wants to hear of it. */
  noteAskers(pairs: readonly (readonly [address: string, asker: string])[]): void {
    for (const part of jsonParts(pairs))
      this.#sql.exec(
        'INSERT OR IGNORE INTO askers (address, asker) SELECT value ->> 0, value ->> 1 FROM json_each(?)',
        part,
      )
  }

  askersOf(address: string): string[] {
    return this.#sql
      .exec<{ asker: string }>('SELECT asker FROM askers WHERE address = ?', address)
      .toArray()
      .map(({ asker }) => asker)
  }

  /** The questions of a service whose time has come, the most suspicious first. */
  due(provider: ProviderName, most: number, now: number): Question[] {
    return this.#sql
      .exec<{ address: string; suspicion: number; attempts: number }>(
        `SELECT address, suspicion, attempts FROM questions WHERE provider = ? AND due_at <= ?
         ORDER BY suspicion DESC, asked_at LIMIT ?`,
        provider,
        now,
        most,
      )
      .toArray()
      .map((row) => ({ ...row, provider }))
  }

  /** When a question of the service is due next; null when none waits. */
  nextDueAt(provider: ProviderName): number | null {
    return this.#sql
      .exec<{ at: number | null }>('SELECT min(due_at) AS at FROM questions WHERE provider = ?', provider)
      .one().at
  }

  postpone(provider: ProviderName, address: string, dueAt: number): void {
    this.#sql.exec(
      'UPDATE questions SET attempts = attempts + 1, due_at = ? WHERE provider = ? AND address = ?',
      dueAt,
      provider,
      address,
    )
  }

  remove(provider: ProviderName, address: string): void {
    this.#removeAll(provider, [address])
  }

  #removeAll(provider: ProviderName, addresses: readonly string[]): void {
    for (const part of jsonParts(addresses))
      this.#sql.exec(
        'DELETE FROM questions WHERE provider = ? AND address IN (SELECT value FROM json_each(?))',
        provider,
        part,
      )
    this.#forgetAskers(addresses)
  }

  /** Removes all questions of a service. */
  clear(provider: ProviderName): number {
    const gone = this.#sql
      .exec<{ address: string }>('DELETE FROM questions WHERE provider = ? RETURNING address', provider)
      .toArray()
    this.#forgetAskers(gone.map(({ address }) => address))
    return gone.length
  }

  /** Removes questions that have waited too long; how many, by service. */
  expire(now: number): Map<ProviderName, number> {
    const gone = this.#sql
      .exec<{ provider: ProviderName; address: string }>(
        'DELETE FROM questions WHERE asked_at <= ? RETURNING provider, address',
        now - WAITS_AT_MOST_MS,
      )
      .toArray()
    this.#forgetAskers(gone.map(({ address }) => address))
    const counts = new Map<ProviderName, number>()
    for (const { provider } of gone) counts.set(provider, (counts.get(provider) ?? 0) + 1)
    return counts
  }

  /** When the oldest question will have waited too long; null when none waits. */
  nextExpiryAt(): number | null {
    const { at } = this.#sql.exec<{ at: number | null }>('SELECT min(asked_at) AS at FROM questions').one()
    return at === null ? null : at + WAITS_AT_MOST_MS
  }

  /** Nobody hears of an address any more once no question on it waits. */
  #forgetAskers(addresses: readonly string[]): void {
    for (const part of jsonParts(addresses))
      this.#sql.exec(
        `DELETE FROM askers WHERE address IN (SELECT value FROM json_each(?))
         AND NOT EXISTS (SELECT 1 FROM questions WHERE questions.address = askers.address)`,
        part,
      )
  }
}
