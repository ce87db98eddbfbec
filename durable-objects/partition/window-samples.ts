import type { Judgement } from '../../core/incidents/judge.ts'
import { isSampled, sampleKeyOf, type WindowSample, windowSample } from '../../core/incidents/window-sample.ts'

/** At most so many of one partition in an hour of event time. */
export const SAMPLES_AN_HOUR = 20
const HOUR_MS = 3_600_000

/**
 * Which windows a partition has sampled, so that a source gives one a day and an hour no more than its share, over crashes
 * too. Forgotten after a while: the database takes no second sample of a source's day either.
 */
export class WindowSamples {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS sampled_windows (key TEXT PRIMARY KEY, hour INTEGER NOT NULL,
      at INTEGER NOT NULL) WITHOUT ROWID`)
    sql.exec('CREATE INDEX IF NOT EXISTS sampled_windows_hour ON sampled_windows (hour)')
  }

  /** The samples among judged windows, few or none; to be called within the transaction that puts them on their way. */
  take(judgements: readonly Judgement[], modelVersion: string, now: number): WindowSample[] {
    return judgements
      .filter((judgement) => isSampled(judgement) && this.#claim(judgement, now))
      .map((judgement) => windowSample(judgement, modelVersion, now))
  }

  /** To be called within a transaction. */
  prune(before: number): void {
    this.#sql.exec('DELETE FROM sampled_windows WHERE at < ?', before)
  }

  #claim(judgement: Judgement, now: number): boolean {
    const hour = Math.floor(judgement.window.lastTs / HOUR_MS)
    return (
      this.#sql
        .exec(
          `INSERT INTO sampled_windows (key, hour, at)
         SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM sampled_windows WHERE hour = ?2) < ?4
         ON CONFLICT (key) DO NOTHING RETURNING key`,
          sampleKeyOf(judgement),
          hour,
          now,
          SAMPLES_AN_HOUR,
        )
        .toArray().length > 0
    )
  }
}
