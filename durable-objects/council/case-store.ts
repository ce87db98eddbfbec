import type { CouncilCase } from '../../core/council/case.ts'
import type { EvidencePack } from '../../core/council/evidence-pack.ts'
import type { Mask } from '../../core/council/masking.ts'
import type { AskRecord } from '../../core/council/view.ts'
import { StoredBytes } from '../stored-bytes.ts'

/** A case of before persons could ask again has none of these. */
const caseFrom = (text: string): CouncilCase => ({ askedBy: null, stoppedBy: null, ...JSON.parse(text) })

/** What a Council object keeps: its case, the pack, what was masked, and every prompt and answer. */
export class CaseStore {
  readonly #storage: DurableObjectStorage
  readonly #sql: SqlStorage
  readonly #parts: StoredBytes

  constructor(storage: DurableObjectStorage) {
    const { sql } = storage
    this.#storage = storage
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS cases (round INTEGER PRIMARY KEY, state TEXT NOT NULL)')
    this.#parts = new StoredBytes(sql, 'round')
    sql.exec(
      'CREATE TABLE IF NOT EXISTS records (round INTEGER, ask TEXT, prompt TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (round, ask))',
    )
  }

  /** The newest case; null when there is none. */
  newest(): { round: number; one: CouncilCase } | null {
    const [row] = this.#sql
      .exec<{ round: number; state: string }>('SELECT round, state FROM cases ORDER BY round DESC LIMIT 1')
      .toArray()
    return row ? { round: row.round, one: caseFrom(row.state) } : null
  }

  /** The case of a round that is there; a later one may have been opened since. */
  of(round: number): CouncilCase {
    return caseFrom(this.#sql.exec<{ state: string }>('SELECT state FROM cases WHERE round = ?', round).one().state)
  }

  write(round: number, one: CouncilCase): void {
    this.#sql.exec('INSERT OR REPLACE INTO cases VALUES (?, ?)', round, JSON.stringify(one))
  }

  /** Stores what follows, unless a person stopped the case while it was worked out. */
  put(round: number, one: CouncilCase, also: () => void = () => {}): void {
    this.#storage.transactionSync(() => {
      if (this.of(round).stoppedBy !== null) return
      this.write(round, one)
      also()
    })
  }

  /** Changes the case as it is stored now: asks that run side by side each add their own. */
  change(round: number, change: (one: CouncilCase) => CouncilCase, also: () => void = () => {}): void {
    this.#storage.transactionSync(() => {
      this.write(round, change(this.of(round)))
      also()
    })
  }

  /** Of a case past its first step. */
  packOf(round: number): EvidencePack {
    const pack = this.pack(round)
    if (!pack) throw new Error('a case past its first step has no pack')
    return pack
  }

  pack(round: number): EvidencePack | null {
    return this.#part(round, 'pack')
  }

  writePack(round: number, pack: EvidencePack): void {
    this.#writePart(round, 'pack', pack)
  }

  masks(round: number): Mask[] {
    return this.#part(round, 'masks') ?? []
  }

  writeMasks(round: number, masks: readonly Mask[]): void {
    this.#writePart(round, 'masks', masks)
  }

  writeRecord(round: number, { askId, prompt, answer }: AskRecord): void {
    this.#sql.exec('INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)', round, askId, prompt, answer)
  }

  records(round: number): AskRecord[] {
    return this.#sql
      .exec<{ ask: string; prompt: string; answer: string }>(
        'SELECT ask, prompt, answer FROM records WHERE round = ? ORDER BY ask',
        round,
      )
      .toArray()
      .map(({ ask, prompt, answer }) => ({ askId: ask, prompt, answer }))
  }

  #part<Value>(round: number, kind: string): Value | null {
    const bytes = this.#parts.read(kind, round)
    return bytes && JSON.parse(new TextDecoder().decode(bytes))
  }

  #writePart(round: number, kind: string, value: unknown): void {
    this.#parts.write(kind, round, new TextEncoder().encode(JSON.stringify(value)))
  }
}
