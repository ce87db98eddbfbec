import type { StoreSize } from '../../core/features/store/port.ts'
import type { EpochMs } from '../../core/time.ts'

export interface ShelfBounds {
  /** Values kept at most. */
  entries: number
  /** Characters in one value at most; a vector has about 1,000. */
  characters: number
}

/** About 22 MB of vectors. */
const BOUNDS: ShelfBounds = { entries: 20_000, characters: 8_192 }
/** Beyond the bound by this share before some are dropped: the least recent are found by looking through all. */
const SLACK = 0.02
/** A value's last use is written down no oftener: look-ups should not cost a write each. */
const USE_NOTED_EVERY_MS = 60_000
const SWEEP_EVERY_MS = 60_000

/** Text under keys for a time, in an object's own database: an idle object is stopped after seconds, and keeps them. */
export class VectorShelf {
  readonly #sql: SqlStorage
  readonly #bounds: ShelfBounds
  #entries: number
  #bytes: number
  #sweptAt: EpochMs = Number.NEGATIVE_INFINITY

  constructor(sql: SqlStorage, bounds = BOUNDS) {
    this.#sql = sql
    this.#bounds = bounds
    sql.exec(`CREATE TABLE IF NOT EXISTS vectors (key TEXT PRIMARY KEY, value TEXT NOT NULL, bytes INTEGER NOT NULL,
      expires_at INTEGER NOT NULL, used_at INTEGER NOT NULL) WITHOUT ROWID`)
    const held = sql
      .exec<{ n: number; bytes: number }>('SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM vectors')
      .one()
    this.#entries = held.n
    this.#bytes = held.bytes
  }

  /** In the order of the keys; null for what is not there or has expired. */
  get(keys: readonly string[], now: EpochMs): (string | null)[] {
    return keys.map((key) => {
      const [found] = this.#sql
        .exec<{ value: string; used_at: number }>(
          'SELECT value, used_at FROM vectors WHERE key = ? AND expires_at > ?',
          key,
          now,
        )
        .toArray()
      if (!found) return null
      if (now - found.used_at >= USE_NOTED_EVERY_MS)
        this.#sql.exec('UPDATE vectors SET used_at = ? WHERE key = ?', now, key)
      return found.value
    })
  }

  /** Throws for a value that is too long; nothing of the call is then kept. */
  set(entries: readonly { key: string; value: string }[], ttlMs: number, now: EpochMs): void {
    for (const { key, value } of entries) {
      if (value.length > this.#bounds.characters) throw new Error(`a value of ${value.length} characters is no vector`)
      this.#remove('key = ?', key)
      const bytes = key.length + value.length
      this.#sql.exec('INSERT INTO vectors VALUES (?, ?, ?, ?, ?)', key, value, bytes, now + ttlMs, now)
      this.#entries++
      this.#bytes += bytes
    }
    if (now - this.#sweptAt >= SWEEP_EVERY_MS) this.#sweep(now)
    if (this.#entries > this.#bounds.entries * (1 + SLACK))
      this.#remove(
        'key IN (SELECT key FROM vectors ORDER BY used_at, expires_at LIMIT ?)',
        this.#entries - this.#bounds.entries,
      )
  }

  /** Bytes of keys and values, which are plain ASCII. */
  size(now: EpochMs): StoreSize {
    this.#sweep(now)
    return { entries: this.#entries, memoryBytes: this.#bytes }
  }

  #sweep(now: EpochMs): void {
    this.#sweptAt = now
    this.#remove('expires_at <= ?', now)
  }

  #remove(where: string, value: string | number): void {
    const gone = this.#sql
      .exec<{ bytes: number }>(`DELETE FROM vectors WHERE ${where} RETURNING bytes`, value)
      .toArray()
    this.#entries -= gone.length
    for (const { bytes } of gone) this.#bytes -= bytes
  }
}
