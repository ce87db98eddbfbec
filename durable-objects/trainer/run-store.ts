import type { TrainingRun } from '../../core/learning/retraining/run.ts'
import { StoredBytes } from '../stored-bytes.ts'

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
  readonly #parts: StoredBytes

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS run (only_one INTEGER PRIMARY KEY CHECK (only_one = 0), state TEXT NOT NULL)')
    this.#parts = new StoredBytes(sql, 'n')
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
    this.#parts.write(kind, n, bytes)
  }

  /** Throws when there is none: the step before has made it. */
  read(kind: PartKind, n = 0): Uint8Array {
    const bytes = this.#parts.read(kind, n)
    if (!bytes) throw new Error(`the run has no ${kind} ${n}`)
    return bytes
  }

  /** How many there are of a kind; they are numbered from 0. */
  count(kind: PartKind): number {
    return this.#parts.count(kind)
  }

  drop(...kinds: PartKind[]): void {
    for (const kind of kinds) this.#parts.drop(kind)
  }

  dropAll(): void {
    this.#parts.dropAll()
  }
}
