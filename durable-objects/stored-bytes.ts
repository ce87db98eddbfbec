/** SQLite rows end at 2 MB. */
const PART_BYTES = 1_000_000

/**
 * Bytes of any length, by kind and number, in rows of a table `parts`. Written within the caller's transaction.
 */
export class StoredBytes {
  readonly #sql: SqlStorage
  readonly #number: string

  /** @param number what the table calls the number of a kind */
  constructor(sql: SqlStorage, number: 'round' | 'n') {
    this.#sql = sql
    this.#number = number
    sql.exec(
      `CREATE TABLE IF NOT EXISTS parts (kind TEXT, ${number} INTEGER, part INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (kind, ${number}, part))`,
    )
  }

  /** In place of what was there; no bytes are something as well. */
  write(kind: string, number: number, bytes: Uint8Array): void {
    this.#sql.exec(`DELETE FROM parts WHERE kind = ? AND ${this.#number} = ?`, kind, number)
    for (let part = 0; part === 0 || part * PART_BYTES < bytes.length; part++)
      this.#sql.exec(
        `INSERT INTO parts (kind, ${this.#number}, part, bytes) VALUES (?, ?, ?, ?)`,
        kind,
        number,
        part,
        bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES),
      )
  }

  /** Null when nothing was written. */
  read(kind: string, number: number): Uint8Array | null {
    const rows = this.#sql
      .exec<{ bytes: ArrayBuffer }>(
        `SELECT bytes FROM parts WHERE kind = ? AND ${this.#number} = ? ORDER BY part`,
        kind,
        number,
      )
      .toArray()
    if (rows.length === 0) return null
    const whole = new Uint8Array(rows.reduce((sum, { bytes }) => sum + bytes.byteLength, 0))
    let at = 0
    for (const { bytes } of rows) {
      whole.set(new Uint8Array(bytes), at)
      at += bytes.byteLength
    }
    return whole
  }

  /** How many numbers of a kind there are. */
  count(kind: string): number {
    return this.#sql
      .exec<{ n: number }>(`SELECT count(DISTINCT ${this.#number}) AS n FROM parts WHERE kind = ?`, kind)
      .one().n
  }

  drop(kind: string): void {
    this.#sql.exec('DELETE FROM parts WHERE kind = ?', kind)
  }

  dropAll(): void {
    this.#sql.exec('DELETE FROM parts')
  }
}
