import type { TrainingRun } from '../../core/learning/retraining/run.ts'

/** SQLite rows end at 2 MB. */
const PART_BYTES = 1_000_000

/** What a run has come to: `samples` by page, `synthetic` by class, `made` by unit, the others once. */
export type PartKind =
  | 'samples'
  | 'ids'
  | 'train'
  | 'synthetic'
  | 'balanced'
  | 'calibration'
  | 'validation'
  | 'made'
  | 'graph'
  | 'learnt'
  | 'manifest'

/** What the trainer keeps: the newest run, and while it goes on what it has made. */
export class RunStore {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS run (only_one INTEGER PRIMARY KEY CHECK (only_one = 0), state TEXT NOT NULL)')
    sql.exec(
      'CREATE TABLE IF NOT EXISTS parts (kind TEXT, n INTEGER, part INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (kind, n, part))',
    )
  }

  /** The newest run; null before the first. */
  run(): TrainingRun | null {
    const [row] = this.#sql.exec<{ state: string }>('SELECT state FROM run').toArray()
    return row ? JSON.parse(row.state) : null
  }

  writeRun(run: TrainingRun): void {
    this.#sql.exec('INSERT OR REPLACE INTO run VALUES (0, ?)', JSON.stringify(run))
  }

  write(kind: PartKind, n: number, bytes: Uint8Array): void {
    this.#sql.exec('DELETE FROM parts WHERE kind = ? AND n = ?', kind, n)
    for (let part = 0; part === 0 || part * PART_BYTES < bytes.length; part++)
      this.#sql.exec(
        'INSERT INTO parts VALUES (?, ?, ?, ?)',
        kind,
        n,
        part,
        bytes.slice(part * PART_BYTES, (part + 1) * PART_BYTES),
      )
  }

  /** Throws when there is none: the step before has made it. */
  read(kind: PartKind, n = 0): Uint8Array {
    const rows = this.#sql
      .exec<{ bytes: ArrayBuffer }>('SELECT bytes FROM parts WHERE kind = ? AND n = ? ORDER BY part', kind, n)
      .toArray()
    if (rows.length === 0) throw new Error(`the run has no ${kind} ${n}`)
    const whole = new Uint8Array(rows.reduce((sum, { bytes }) => sum + bytes.byteLength, 0))
    let at = 0
    for (const { bytes } of rows) {
      whole.set(new Uint8Array(bytes), at)
      at += bytes.byteLength
    }
    return whole
  }

  /** How many there are of a kind; they are numbered from 0. */
  count(kind: PartKind): number {
    return this.#sql.exec<{ n: number }>('SELECT count(DISTINCT n) AS n FROM parts WHERE kind = ?', kind).one().n
  }

  drop(...kinds: PartKind[]): void {
    for (const kind of kinds) this.#sql.exec('DELETE FROM parts WHERE kind = ?', kind)
  }

  dropAll(): void {
    this.#sql.exec('DELETE FROM parts')
  }
}
