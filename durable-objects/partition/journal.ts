import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ReadEvent } from '../../core/events/event.ts'
import type { EpochMs } from '../../core/time.ts'

/** SQLite rows end at 2 MB; a share that packs to more is written as several rows. */
const MOST_BYTES = 1_500_000
/** Level 1: the journal is written at the rate of ingest and seldom read. */
const LEVEL = { level: 1 }
/** Unpacked rows kept in memory, the newest: an incident's evidence is read soon after it came. */
const ROWS_AT_HAND = 32
const EVENTS_AT_HAND = 20_000

/** Where a journalled share came from. */
export interface ShareOrigin {
  batch: string
  sensor: string
  stream: string
  /** Window scope of its events. */
  scope: string
  /** Scope of events of site-local sources. */
  siteScope: string
  feed: string
  live: boolean
  receivedAt: EpochMs
}

export interface JournalRow {
  row: number
  origin: ShareOrigin
  events: ReadEvent[]
}

/**
 * The events of a partition as they were accepted: one row a batch, packed. Windows are made from it again after a
 * restart, and evidence is read from it.
 */
export class Journal {
  readonly #sql: SqlStorage
  readonly #atHand = new Map<number, { events: ReadEvent[]; origin: ShareOrigin }>()
  #eventsAtHand = 0
  #bytes: number | null = null
  #newestRow: number

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS journal (
      row INTEGER PRIMARY KEY, batch TEXT NOT NULL, origin TEXT NOT NULL, received_at INTEGER NOT NULL,
      count INTEGER NOT NULL, ids BLOB NOT NULL, packed BLOB NOT NULL)`)
    sql.exec(`CREATE TABLE IF NOT EXISTS batches (
      batch TEXT PRIMARY KEY, received_at INTEGER NOT NULL, accepted INTEGER NOT NULL, duplicates INTEGER NOT NULL
    ) WITHOUT ROWID`)
    sql.exec('CREATE INDEX IF NOT EXISTS batches_age ON batches (received_at)')
    this.#newestRow = sql.exec<{ row: number | null }>('SELECT max(row) AS row FROM journal').one().row ?? 0
  }

  /**
   * Rows written from now on are numbered after `row`. A number must not come again when its row has been pruned: a checkpoint
   * would count the new row as taken in, and evidence would cite another event.
   */
  continueAfter(row: number): void {
    this.#newestRow = Math.max(this.#newestRow, row)
  }

  /** What was answered to a share of this batch before, if it was. */
  answerTo(batch: string): { accepted: number; duplicates: number } | null {
    const [known] = this.#sql
      .exec<{ accepted: number; duplicates: number }>('SELECT accepted, duplicates FROM batches WHERE batch = ?', batch)
      .toArray()
    return known ?? null
  }

  /**
   * Writes the share and its answer; call within a transaction.
   * @param text the events as JSON array, when that is at hand
   * @param ids dedupe hashes of the events that name themselves
   * @returns the journal places of the events, in their order
   */
  append(
    origin: ShareOrigin,
    events: ReadEvent[],
    ids: Float64Array,
    duplicates: number,
    text = JSON.stringify(events),
  ): { row: number; index: number }[] {
    this.#sql.exec(
      'INSERT INTO batches VALUES (?, ?, ?, ?)',
      origin.batch,
      origin.receivedAt,
      events.length,
      duplicates,
    )
    if (events.length === 0) return []
    const places: { row: number; index: number }[] = []
    for (const part of this.#parts(events, text)) {
      const packed = part.packed
      const row = ++this.#newestRow
      this.#sql.exec(
        'INSERT INTO journal (row, batch, origin, received_at, count, ids, packed) VALUES (?, ?, ?, ?, ?, ?, ?)',
        row,
        origin.batch,
        JSON.stringify(origin),
        origin.receivedAt,
        part.events.length,
        places.length === 0 ? ids : new Float64Array(),
        packed,
      )
      for (let index = 0; index < part.events.length; index++) places.push({ row, index })
      this.#keepAtHand(row, { events: part.events, origin })
      if (this.#bytes !== null) this.#bytes += packed.byteLength
    }
    return places
  }

  /** Rows after `row`, oldest first, one at a time. */
  *after(row: number): Generator<JournalRow> {
    let last = row
    for (;;) {
      const [next] = this.#sql
        .exec<{ row: number; origin: string; packed: ArrayBuffer }>(
          'SELECT row, origin, packed FROM journal WHERE row > ? ORDER BY row LIMIT 1',
          last,
        )
        .toArray()
      if (!next) return
      last = next.row
      yield { row: next.row, origin: JSON.parse(next.origin), events: unpack(next.packed) }
    }
  }

  /** The events at some places, with where they came from; a place whose row was pruned is left out. */
  read(places: readonly { row: number; index: number }[]): { read: ReadEvent; origin: ShareOrigin }[] {
    const origins = new Map<number, { events: ReadEvent[]; origin: ShareOrigin } | null>()
    return places.flatMap(({ row, index }) => {
      let known = origins.get(row)
      if (known === undefined) {
        known = this.#rowOf(row)
        origins.set(row, known)
      }
      const read = known?.events[index]
      return known && read ? [{ read, origin: known.origin }] : []
    })
  }

  /** Dedupe hashes of the newest events, newest last, at most `most`. */
  newestIds(most: number): number[] {
    const ids: number[][] = []
    let count = 0
    for (const row of this.#sql.exec<{ ids: ArrayBuffer }>('SELECT ids FROM journal ORDER BY row DESC')) {
      if (count >= most) break
      const part = [...new Float64Array(row.ids)]
      ids.push(part)
      count += part.length
    }
    return ids.reverse().flat().slice(-most)
  }

  /** The last row that was written, pruned since or not. */
  get newestRow(): number {
    return this.#newestRow
  }

  /** Deletes rows up to `row` that are older than `before`, and the oldest of them beyond `mostBytes`. */
  prune(row: number, before: EpochMs, mostBytes: number): void {
    this.#sql.exec('DELETE FROM journal WHERE row <= ? AND received_at < ?', row, before)
    this.#sql.exec('DELETE FROM batches WHERE received_at < ?', before)
    this.#bytes =
      this.#sql.exec<{ bytes: number | null }>('SELECT sum(length(packed)) AS bytes FROM journal').one().bytes ?? 0
    while (this.#bytes > mostBytes) {
      const removed = this.#sql
        .exec<{ bytes: number }>(
          `DELETE FROM journal WHERE row IN (SELECT row FROM journal WHERE row <= ? ORDER BY row LIMIT 64)
           RETURNING length(packed) AS bytes`,
          row,
        )
        .toArray()
      if (removed.length === 0) return
      for (const { bytes } of removed) this.#bytes -= bytes
    }
  }

  #parts(events: ReadEvent[], text: string): { events: ReadEvent[]; packed: Uint8Array }[] {
    const packed = deflateRawSync(text, LEVEL)
    if (packed.byteLength <= MOST_BYTES || events.length === 1) return [{ events, packed }]
    const middle = events.length >> 1
    return [events.slice(0, middle), events.slice(middle)].flatMap((half) => this.#parts(half, JSON.stringify(half)))
  }

  #rowOf(row: number): { events: ReadEvent[]; origin: ShareOrigin } | null {
    const atHand = this.#atHand.get(row)
    if (atHand) return atHand
    const [stored] = this.#sql
      .exec<{ origin: string; packed: ArrayBuffer }>('SELECT origin, packed FROM journal WHERE row = ?', row)
      .toArray()
    if (!stored) return null
    const known = { events: unpack(stored.packed), origin: JSON.parse(stored.origin) as ShareOrigin }
    this.#keepAtHand(row, known)
    return known
  }

  #keepAtHand(row: number, kept: { events: ReadEvent[]; origin: ShareOrigin }): void {
    this.#forgetAtHand(row)
    this.#atHand.set(row, kept)
    this.#eventsAtHand += kept.events.length
    while (this.#atHand.size > ROWS_AT_HAND || (this.#eventsAtHand > EVENTS_AT_HAND && this.#atHand.size > 1))
      this.#forgetAtHand(this.#atHand.keys().next().value!)
  }

  #forgetAtHand(row: number): void {
    this.#eventsAtHand -= this.#atHand.get(row)?.events.length ?? 0
    this.#atHand.delete(row)
  }
}

const unpack = (packed: ArrayBuffer): ReadEvent[] => JSON.parse(inflateRawSync(packed).toString())
