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

/**
 * A partition's windows as they stood at a row of the journal. What came after is taken in again from the journal on
 * waking, so a checkpoint bounds the time of a restart, not what survives it.
 */
export class Checkpoint {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS windows (key TEXT PRIMARY KEY, stored TEXT NOT NULL) WITHOUT ROWID')
    sql.exec('CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), stored TEXT NOT NULL)')
    sql.exec(`CREATE TABLE IF NOT EXISTS open_incidents (id TEXT PRIMARY KEY, stored TEXT NOT NULL,
      updated_at INTEGER NOT NULL) WITHOUT ROWID`)
    sql.exec(`CREATE TABLE IF NOT EXISTS thin_told (key TEXT PRIMARY KEY, tracked_as TEXT NOT NULL,
      counted_to INTEGER NOT NULL) WITHOUT ROWID`)
  }

  /** Writes changed windows, forgets gone ones and moves the mark; call within a transaction. */
  write(changed: Iterable<string>, gone: Iterable<string>, table: WindowTable<Beside>, meta: Meta): void {
    for (const key of gone) this.#sql.exec('DELETE FROM windows WHERE key = ?', key)
    for (const key of changed) {
      const tracked = table.get(key)
      if (!tracked) continue
      const stored = JSON.stringify([WindowTable.store(tracked), tracked.beside])
      this.#sql.exec('INSERT OR REPLACE INTO windows VALUES (?, ?)', key, stored)
    }
    this.#sql.exec('INSERT OR REPLACE INTO meta VALUES (1, ?)', JSON.stringify(meta))
  }

  /** Restores the windows into an empty table; null when no checkpoint was ever written. */
  load(table: WindowTable<Beside>): Meta | null {
    const [meta] = this.#sql.exec<{ stored: string }>('SELECT stored FROM meta').toArray()
    if (!meta) return null
    for (const { stored } of this.#sql.exec<{ stored: string }>('SELECT stored FROM windows')) {
      const [source, beside] = JSON.parse(stored) as [StoredSource, StoredBeside]
      const restored = Beside.fromJSON(beside)
      // The incidents' own table is newer than the checkpoint.
      restored.standing.incidents = {}
      table.restore(source, restored)
    }
    return JSON.parse(meta.stored)
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
