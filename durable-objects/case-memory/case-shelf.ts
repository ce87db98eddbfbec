import { FACT_BYTES, readFacts, writeFacts } from '../../core/council/memory/fact-block.ts'
import type { AnalystWord } from '../../core/council/memory/past-case.ts'
import type { CaseFacts } from '../../core/council/memory/reuse.ts'
import { type CaseScale, isOfToday } from '../../core/council/memory/scale.ts'
import { BLOCK_SLOTS, VectorBlock } from '../../core/council/memory/vector-block.ts'

/** What is kept of a case beside its vector and facts. */
export interface ShelvedCase {
  slot: number
  incidentKey: string
  incidentId: number
  round: number
  who: string
  confidence: number
}

interface Block {
  vectors: VectorBlock
  facts: DataView<ArrayBuffer>
}

type BlockRow = { vectors: ArrayBuffer; facts: ArrayBuffer }
type CaseRow = {
  slot: number
  incident_key: string
  incident_id: number
  round: number
  who: string
  confidence: number
}

/**
 * Past cases in an object's own database: a row each, and their vectors and facts in blocks, so that all of them are read
 * in a moment. 100,000 cases take 48 MB of memory, from the first search on. Written within the caller's
 * transaction; when that fails, `forget` must be called.
 */
export class CaseShelf {
  readonly scale: CaseScale
  readonly #sql: SqlStorage
  readonly #bound: number
  #blocks: Block[] | null = null
  #count: number

  /** @param scale for a shelf that is empty or of another schema; one that holds cases keeps the scale they were made with */
  constructor(sql: SqlStorage, scale: CaseScale, bound: number) {
    this.#sql = sql
    this.#bound = bound
    sql.exec('CREATE TABLE IF NOT EXISTS scale (one INTEGER PRIMARY KEY CHECK (one = 1), scale TEXT NOT NULL)')
    sql.exec(`CREATE TABLE IF NOT EXISTS cases (slot INTEGER PRIMARY KEY, incident_key TEXT NOT NULL UNIQUE,
      incident_id INTEGER NOT NULL, round INTEGER NOT NULL, who TEXT NOT NULL, confidence REAL NOT NULL,
      is_analyst INTEGER NOT NULL, at INTEGER NOT NULL, writing INTEGER NOT NULL, indexed_at INTEGER)`)
    sql.exec('CREATE INDEX IF NOT EXISTS cases_age ON cases (is_analyst, at)')
    sql.exec('CREATE INDEX IF NOT EXISTS cases_indexed ON cases (indexed_at)')
    sql.exec(
      'CREATE TABLE IF NOT EXISTS blocks (block INTEGER PRIMARY KEY, vectors BLOB NOT NULL, facts BLOB NOT NULL)',
    )
    const [row] = sql.exec<{ scale: string }>('SELECT scale FROM scale').toArray()
    const kept = row && (JSON.parse(row.scale) as CaseScale)
    if (kept && isOfToday(kept)) this.scale = kept
    else {
      // What was made of other features cannot be compared with anything that comes.
      for (const table of ['cases', 'blocks', 'scale']) sql.exec(`DELETE FROM ${table}`)
      sql.exec('INSERT INTO scale VALUES (1, ?)', JSON.stringify(scale))
      this.scale = scale
    }
    this.#count = sql.exec<{ n: number }>('SELECT count(*) AS n FROM cases').one().n
  }

  get count(): number {
    return this.#count
  }

  /** The case of an incident with its facts; null where there is none. */
  of(incidentKey: string): { kept: ShelvedCase; facts: CaseFacts } | null {
    const [row] = this.#sql.exec<CaseRow>('SELECT * FROM cases WHERE incident_key = ?', incidentKey).toArray()
    if (!row) return null
    return { kept: caseOf(row), facts: this.facts(row.slot)! }
  }

  at(slot: number): ShelvedCase {
    return caseOf(this.#sql.exec<CaseRow>('SELECT * FROM cases WHERE slot = ?', slot).one())
  }

  facts(slot: number): CaseFacts | null {
    const block = this.#block(Math.floor(slot / BLOCK_SLOTS))
    return block && readFacts(block.facts, slot % BLOCK_SLOTS)
  }

  /** Null where there is no such slot. */
  vector(slot: number): Float32Array | null {
    return this.#block(Math.floor(slot / BLOCK_SLOTS))?.vectors.at(slot % BLOCK_SLOTS) ?? null
  }

  /** All vectors in the order of their slots. */
  get vectors(): VectorBlock[] {
    this.#blocks ??= this.#sql.exec<BlockRow>('SELECT vectors, facts FROM blocks ORDER BY block').toArray().map(blockOf)
    return this.#blocks.map(({ vectors }) => vectors)
  }

  /** Writes a case in the place of the incident's earlier one; where all are taken, in that of the oldest, analysts' last. */
  write(one: Omit<ShelvedCase, 'slot'>, facts: CaseFacts, unit: Float32Array): void {
    const slot = this.#slotFor(one.incidentKey)
    this.#sql.exec(
      `INSERT OR REPLACE INTO cases VALUES (?, ?, ?, ?, ?, ?, ?, ?,
        coalesce((SELECT writing FROM cases WHERE slot = ?1), 0) + 1, NULL)`,
      slot,
      one.incidentKey,
      one.incidentId,
      one.round,
      one.who,
      one.confidence,
      facts.isAnalyst ? 1 : 0,
      facts.at,
    )
    this.#writeBlock(slot, facts, unit)
  }

  /** Puts an analyst's word in the place of a case's verdict; the vector stays. */
  override(slot: number, { who, verdict, threatClass, at }: AnalystWord): void {
    this.#sql.exec('UPDATE cases SET who = ?, confidence = 1, is_analyst = 1, at = ? WHERE slot = ?', who, at, slot)
    const facts = { ...this.facts(slot)!, verdict, threatClass, at, isAnalyst: true, isReused: false }
    this.#writeBlock(slot, facts, this.vector(slot)!)
  }

  /** Cases that an index may not find: those it was not told of, or after `since`. Null when they are more than `most`. */
  maybeNotIndexed(since: number, most: number): number[] | null {
    const slots = this.#sql
      .exec<{ slot: number }>(
        'SELECT slot FROM cases WHERE indexed_at IS NULL OR indexed_at > ? LIMIT ?',
        since,
        most + 1,
      )
      .toArray()
    return slots.length > most ? null : slots.map(({ slot }) => slot)
  }

  /** Cases that an index has not been told of. */
  notIndexed(most: number): { slot: number; writing: number; unit: Float32Array }[] {
    return this.#sql
      .exec<{ slot: number; writing: number }>('SELECT slot, writing FROM cases WHERE indexed_at IS NULL LIMIT ?', most)
      .toArray()
      .map(({ slot, writing }) => ({ slot, writing, unit: this.vector(slot)! }))
  }

  /** A slot that was written again meanwhile stays untold. */
  indexed(told: readonly { slot: number; writing: number }[], at: number): void {
    for (const { slot, writing } of told)
      this.#sql.exec('UPDATE cases SET indexed_at = ? WHERE slot = ? AND writing = ?', at, slot, writing)
  }

  /** What is in memory may be other than what is stored. */
  forget(): void {
    this.#blocks = null
    this.#count = this.#sql.exec<{ n: number }>('SELECT count(*) AS n FROM cases').one().n
  }

  #slotFor(incidentKey: string): number {
    const [own] = this.#sql
      .exec<{ slot: number }>('SELECT slot FROM cases WHERE incident_key = ?', incidentKey)
      .toArray()
    if (own) return own.slot
    if (this.#count < this.#bound) return this.#count++
    return this.#sql.exec<{ slot: number }>('SELECT slot FROM cases ORDER BY is_analyst, at LIMIT 1').one().slot
  }

  #block(index: number): Block | null {
    if (this.#blocks) return this.#blocks[index] ?? null
    const [row] = this.#sql.exec<BlockRow>('SELECT vectors, facts FROM blocks WHERE block = ?', index).toArray()
    return row ? blockOf(row) : null
  }

  /** Rewrites 57 kB. */
  #writeBlock(slot: number, facts: CaseFacts, unit: Float32Array): void {
    const index = Math.floor(slot / BLOCK_SLOTS)
    const block = this.#block(index) ?? {
      vectors: new VectorBlock(),
      facts: new DataView(new ArrayBuffer(BLOCK_SLOTS * FACT_BYTES)),
    }
    block.vectors.set(slot % BLOCK_SLOTS, unit)
    writeFacts(block.facts, slot % BLOCK_SLOTS, facts)
    const { buffer } = block.vectors.vectors
    this.#sql.exec('INSERT OR REPLACE INTO blocks VALUES (?, ?, ?)', index, buffer, block.facts.buffer)
    if (this.#blocks) this.#blocks[index] = block
  }
}

const blockOf = ({ vectors, facts }: BlockRow): Block => ({
  vectors: new VectorBlock(new Float32Array(vectors)),
  facts: new DataView(facts),
})

const caseOf = ({ slot, incident_key, incident_id, round, who, confidence }: CaseRow): ShelvedCase => ({
  slot,
  incidentKey: incident_key,
  incidentId: incident_id,
  round,
  who,
  confidence,
})
