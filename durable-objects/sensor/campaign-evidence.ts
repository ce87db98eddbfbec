import type { CanonicalEvent, FormatName, ReadEvent } from '../../core/events/event.ts'
import type { Campaign } from '../../core/incidents/campaign.ts'
import { EVIDENCE_KEPT } from '../../core/incidents/messages.ts'
import type { ThinWindow } from '../names.ts'

/** An event of a campaign under its number, from 1. */
export interface NumberedEvent extends ReadEvent {
  n: number
  stream: string
}

/**
 * Events that stand for a campaign's sources: how many each campaign has been given, and those that D1 has not been told of.
 * A partition gives each once, so they are written down with the message that brings them.
 */
export class CampaignEvidence {
  readonly #sql: SqlStorage

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec('CREATE TABLE IF NOT EXISTS campaign_evidence (key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID')
    // The line in a column of its own: escaped as JSON it might be longer than a row may be.
    sql.exec(`CREATE TABLE IF NOT EXISTS campaign_evidence_untold (key TEXT NOT NULL, n INTEGER NOT NULL,
      stream TEXT NOT NULL, format TEXT NOT NULL, event TEXT NOT NULL, original TEXT NOT NULL, PRIMARY KEY (key, n))`)
  }

  /** Takes in an event each of some sources, until the campaign holds 500; call within the transaction that takes the windows. */
  keep({ key, sources }: Campaign, windows: readonly ThinWindow[]): void {
    const before = this.#given(key)
    let n = before
    for (const { source, example } of windows) {
      if (n >= EVIDENCE_KEPT) break
      if (!example || !sources.has(source)) continue
      const { stream, format, event, original } = example
      this.#sql.exec(
        'INSERT INTO campaign_evidence_untold VALUES (?, ?, ?, ?, ?, ?)',
        key,
        ++n,
        stream,
        format,
        JSON.stringify(event),
        original,
      )
    }
    if (n > before) this.#sql.exec('INSERT OR REPLACE INTO campaign_evidence VALUES (?, ?)', key, n)
  }

  /** Those that were not told, the first at least, and more while their lines hold no more than `characters`. */
  untold(key: string, characters: number): NumberedEvent[] {
    const rows: NumberedEvent[] = []
    let held = 0
    for (const row of this.#sql.exec<{ n: number; stream: string; format: string; event: string; original: string }>(
      'SELECT n, stream, format, event, original FROM campaign_evidence_untold WHERE key = ? ORDER BY n',
      key,
    )) {
      held += row.original.length
      if (rows.length > 0 && held > characters) break
      rows.push({ ...row, format: row.format as FormatName, event: JSON.parse(row.event) as CanonicalEvent })
    }
    return rows
  }

  noteTold(key: string, upTo: number): void {
    this.#sql.exec('DELETE FROM campaign_evidence_untold WHERE key = ? AND n <= ?', key, upTo)
  }

  /** Forgets what belongs to no group any more. */
  prune(): void {
    for (const table of ['campaign_evidence', 'campaign_evidence_untold'])
      this.#sql.exec(`DELETE FROM ${table} WHERE key NOT IN (SELECT key FROM campaign_groups)`)
  }

  #given(key: string): number {
    return this.#sql.exec<{ n: number }>('SELECT n FROM campaign_evidence WHERE key = ?', key).toArray()[0]?.n ?? 0
  }
}
