import { Beside, type StoredBeside } from '../../core/incidents/beside.ts'
import type { OpenIncident } from '../../core/incidents/standing.ts'
import { jsonParts } from '../../core/json-parts.ts'
import { type StoredSource, WindowTable } from '../../core/window/window-table.ts'

export interface FeedState {
  newestTs: number
  live: boolean
  sensor: string
  /** Arrival of its newest share, ms. */
  lastAt: number
}

export interface PartitionCounters {
  accepted: number
  duplicates: number
  late: number
  judged: number
  /** Of those, windows of sources that an allow-list holds; absent in what an older version stored. */
  allowed?: number
  evicted: number
  routes: { TRUST: number; VERIFY: number; INVESTIGATE: number }
  classes: number[]
  decisionBuckets: number[]
  decisionSum: number
  decisionCount: number
}

interface Meta {
  journalRow: number
  feeds: [string, FeedState][]
  counters: PartitionCounters
}

/** As `countedIn` and `countedTo` of an incident: events up to there were told, judged again they add nothing. */
export interface ThinTold {
  trackedAs: string
  countedTo: number
}

/** A row ends at 2 MB (Durable Objects), and a character may take three bytes. */
const ROW_CHARACTERS = 600_000
/** What the mark's own text has for a key where windows have theirs. */
const META = ''

/**
 * A partition's windows as they stood at a row of the journal. What came after is taken in again from the journal on
 * waking, so a checkpoint bounds the time of a restart, not what survives it.
 */
export class Checkpoint {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS windows (key TEXT PRIMARY KEY, stored TEXT NOT NULL) WITHOUT ROWID')
    // The rest of texts that are longer than a row may be: a source that waits for hours for a model, or thousands of feeds.
    sql.exec(`CREATE TABLE IF NOT EXISTS long_texts (key TEXT NOT NULL, part INTEGER NOT NULL, stored TEXT NOT NULL,
      PRIMARY KEY (key, part))`)
    sql.exec('CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), stored TEXT NOT NULL)')
    sql.exec(`CREATE TABLE IF NOT EXISTS open_incidents (id TEXT PRIMARY KEY, stored TEXT NOT NULL,
      updated_at INTEGER NOT NULL) WITHOUT ROWID`)
    sql.exec(`CREATE TABLE IF NOT EXISTS thin_told (key TEXT PRIMARY KEY, tracked_as TEXT NOT NULL,
      counted_to INTEGER NOT NULL) WITHOUT ROWID`)
  }

  /** Writes changed windows, forgets gone ones and moves the mark; call within a transaction. */
  write(changed: Iterable<string>, gone: Iterable<string>, table: WindowTable<Beside>, meta: Meta): void {
    for (const key of gone) {
      this.#sql.exec('DELETE FROM windows WHERE key = ?', key)
      this.#firstPart(key, '')
    }
    for (const key of changed) {
      const tracked = table.get(key)
      if (!tracked) continue
      const stored = JSON.stringify([WindowTable.store(tracked), tracked.beside])
      this.#sql.exec('INSERT OR REPLACE INTO windows VALUES (?, ?)', key, this.#firstPart(key, stored))
    }
    this.#sql.exec('INSERT OR REPLACE INTO meta VALUES (1, ?)', this.#firstPart(META, JSON.stringify(meta)))
  }

  /** Restores the windows into an empty table; null when no checkpoint was ever written. */
  load(table: WindowTable<Beside>): Meta | null {
    const [meta] = this.#sql.exec<{ stored: string }>('SELECT stored FROM meta').toArray()
    if (!meta) return null
    for (const { key, stored } of this.#sql.exec<{ key: string; stored: string }>('SELECT key, stored FROM windows')) {
      const [source, beside] = JSON.parse(this.#whole(key, stored)) as [StoredSource, StoredBeside]
      const restored = Beside.fromJSON(beside)
      // The incidents' own table is newer than the checkpoint.
      restored.standing.incidents = {}
      table.restore(source, restored)
    }
    return JSON.parse(this.#whole(META, meta.stored))
  }

  /** What of a text goes into its row; writes the rest, in place of an earlier one. */
  #firstPart(key: string, text: string): string {
    this.#sql.exec('DELETE FROM long_texts WHERE key = ?', key)
    if (text.length <= ROW_CHARACTERS) return text
    const [first, ...rest] = partsOf(text)
    for (const [part, stored] of rest.entries())
      this.#sql.exec('INSERT INTO long_texts VALUES (?, ?, ?)', key, part, stored)
    return first!
  }

  #whole(key: string, first: string): string {
    const rest = this.#sql.exec<{ stored: string }>('SELECT stored FROM long_texts WHERE key = ? ORDER BY part', key)
    return first + [...rest].map(({ stored }) => stored).join('')
  }

  /** Names of the incidents that are remembered. */
  openIncidentIds(): string[] {
    return this.#sql
      .exec<{ id: string }>('SELECT id FROM open_incidents')
      .toArray()
      .map(({ id }) => id)
  }

  openIncident(id: string): OpenIncident | undefined {
    const [known] = this.#sql.exec<{ stored: string }>('SELECT stored FROM open_incidents WHERE id = ?', id).toArray()
    return known && JSON.parse(known.stored)
  }

  putOpenIncidents(open: readonly (readonly [id: string, open: OpenIncident])[], now: number): void {
    for (const part of jsonParts(open))
      this.#sql.exec(
        `INSERT OR REPLACE INTO open_incidents
       SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), ? FROM json_each(?)`,
        now,
        part,
      )
  }

  /** Sources whose thin windows were told since the checkpoint, and to which of their events. */
  thinTold(): Map<string, ThinTold> {
    return new Map(
      this.#sql
        .exec<{ key: string; tracked_as: string; counted_to: number }>('SELECT * FROM thin_told')
        .toArray()
        .map(({ key, tracked_as, counted_to }) => [key, { trackedAs: tracked_as, countedTo: counted_to }]),
    )
  }

  putThinTold(told: Iterable<readonly [key: string, ThinTold]>): void {
    for (const part of jsonParts([...told].map(([key, { trackedAs, countedTo }]) => [key, trackedAs, countedTo])))
      this.#sql.exec(
        `INSERT OR REPLACE INTO thin_told
         SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]') FROM json_each(?)`,
        part,
      )
  }

  /** The windows as written hold all that was told of them, but for these. */
  keepThinTold(told: ReadonlyMap<string, ThinTold>): void {
    this.#sql.exec('DELETE FROM thin_told')
    this.putThinTold(told)
  }

  /** Forgets incidents that were not touched since; what their source does next is a new one without a link. Their names. */
  pruneIncidents(before: number): string[] {
    return this.#sql
      .exec<{ id: string }>('DELETE FROM open_incidents WHERE updated_at < ? RETURNING id', before)
      .toArray()
      .map(({ id }) => id)
  }
}

/** Cut where no surrogate pair is split. */
function partsOf(text: string): string[] {
  const parts: string[] = []
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + ROW_CHARACTERS)
    const last = text.charCodeAt(to - 1)
    if (to < text.length && last >= 0xd800 && last <= 0xdbff) to--
    parts.push(text.slice(from, to))
    from = to
  }
  return parts
}
