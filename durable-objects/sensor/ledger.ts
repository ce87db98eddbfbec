import type { SensorBatch } from '../../core/events/batch.ts'
import type { SensorHealth } from '../../core/health.ts'
import type { StreamState } from '../../core/window/timeline.ts'

interface Answer {
  accepted: number
  duplicates: number
}

const REJECTIONS = 20

/** What a sensor has sent: answers by batch, counts, the newest rejections, and where each stream stands in time. */
export class SensorLedger {
  readonly #sql: SqlStorage
  /** Accepted events by second of arrival, the last minute. In memory: it means nothing after a restart. */
  readonly #lastMinute = new Map<number, number>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, at INTEGER NOT NULL, accepted INTEGER NOT NULL,
      duplicates INTEGER NOT NULL) WITHOUT ROWID`)
    sql.exec('CREATE INDEX IF NOT EXISTS batches_age ON batches (at)')
    sql.exec(`CREATE TABLE IF NOT EXISTS counts (one INTEGER PRIMARY KEY CHECK (one = 1), accepted INTEGER NOT NULL,
      duplicates INTEGER NOT NULL, rejected INTEGER NOT NULL, dropped INTEGER NOT NULL, batch_at INTEGER, event_ts REAL)`)
    sql.exec('INSERT OR IGNORE INTO counts VALUES (1, 0, 0, 0, 0, NULL, NULL)')
    sql.exec('CREATE TABLE IF NOT EXISTS rejections (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, reason TEXT NOT NULL)')
    sql.exec(`CREATE TABLE IF NOT EXISTS streams (name TEXT PRIMARY KEY, stored TEXT NOT NULL, at INTEGER NOT NULL)
      WITHOUT ROWID`)
    sql.exec('CREATE TABLE IF NOT EXISTS timelines (one INTEGER PRIMARY KEY CHECK (one = 1), first INTEGER NOT NULL)')
    sql.exec('INSERT OR IGNORE INTO timelines VALUES (1, 0)')
  }

  answerTo(batch: string): Answer | null {
    const [known] = this.#sql
      .exec<{ accepted: number; duplicates: number }>('SELECT accepted, duplicates FROM batches WHERE id = ?', batch)
      .toArray()
    return known ?? null
  }

  /** Writes an answered batch down; call within a transaction. */
  note(batch: SensorBatch, answer: Answer, place: StreamState | null): void {
    this.#sql.exec(
      'INSERT OR IGNORE INTO batches VALUES (?, ?, ?, ?)',
      batch.id,
      batch.receivedAt,
      answer.accepted,
      answer.duplicates,
    )
    this.#sql.exec(
      `UPDATE counts SET accepted = accepted + ?, duplicates = duplicates + ?, rejected = rejected + ?, batch_at = ?,
         event_ts = max(coalesce(event_ts, ?), ?)`,
      answer.accepted,
      answer.duplicates,
      batch.rejected,
      batch.receivedAt,
      place?.newestTs ?? null,
      place?.newestTs ?? null,
    )
    for (const reason of batch.rejections)
      this.#sql.exec('INSERT INTO rejections (at, reason) VALUES (?, ?)', batch.receivedAt, reason)
    if (batch.rejections.length > 0)
      this.#sql.exec('DELETE FROM rejections WHERE n <= (SELECT max(n) FROM rejections) - ?', REJECTIONS)
    if (place)
      this.#sql.exec(
        'INSERT OR REPLACE INTO streams VALUES (?, ?, ?)',
        batch.stream,
        JSON.stringify(place),
        batch.receivedAt,
      )
    const second = Math.floor(batch.receivedAt / 1000)
    this.#lastMinute.set(second, (this.#lastMinute.get(second) ?? 0) + answer.accepted)
    for (const old of this.#lastMinute.keys()) if (old <= second - 60) this.#lastMinute.delete(old)
  }

  noteRepeat(batch: SensorBatch, duplicates: number): void {
    this.#sql.exec('UPDATE counts SET duplicates = duplicates + ?, batch_at = ?', duplicates, batch.receivedAt)
  }

  stream(name: string): StreamState | undefined {
    const [known] = this.#sql.exec<{ stored: string }>('SELECT stored FROM streams WHERE name = ?', name).toArray()
    return known && JSON.parse(known.stored)
  }

  /**
   * Number of the first time line of a stream that is not known. Partitions may still hold windows of one that was forgotten:
   * its time lines must not come again.
   */
  get firstTimeline(): number {
    return this.#sql.exec<{ first: number }>('SELECT first FROM timelines').one().first
  }

  health(sensor: string, now: number): SensorHealth {
    const counts = this.#sql
      .exec<{
        accepted: number
        duplicates: number
        rejected: number
        dropped: number
        batch_at: number | null
        event_ts: number | null
      }>('SELECT * FROM counts')
      .one()
    const since = Math.floor(now / 1000) - 60
    let eventsLastMinute = 0
    for (const [second, events] of this.#lastMinute) if (second > since) eventsLastMinute += events
    return {
      sensor,
      accepted: counts.accepted,
      duplicates: counts.duplicates,
      rejected: counts.rejected,
      dropped: counts.dropped,
      lastBatchAt: counts.batch_at,
      lastEventTs: counts.event_ts,
      eventsLastMinute,
      recentRejections: this.#sql
        .exec<{ at: number; reason: string }>('SELECT at, reason FROM rejections ORDER BY n DESC LIMIT ?', REJECTIONS)
        .toArray(),
    }
  }

  /** Forgets what is older; call within a transaction. */
  prune(before: number): void {
    this.#sql.exec(
      `UPDATE timelines SET first = max(first, coalesce(
         (SELECT max(json_extract(stored, '$.jumps')) + 1 FROM streams WHERE at < ?), 0))`,
      before,
    )
    this.#sql.exec('DELETE FROM batches WHERE at < ?', before)
    this.#sql.exec('DELETE FROM streams WHERE at < ?', before)
  }
}
