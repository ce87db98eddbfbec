import { type Campaign, type CampaignSource, CampaignTable, type ThinReport } from '../../core/incidents/campaign.ts'

/** A feed's campaigns, durable: a row a group and a row a source of it, so that a large one is not rewritten. */
export class CampaignStore {
  readonly #sql: SqlStorage
  readonly #tables = new Map<string, CampaignTable>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS campaigns (feed TEXT NOT NULL, id TEXT NOT NULL, stored TEXT NOT NULL,
      touched_at INTEGER NOT NULL, PRIMARY KEY (feed, id)) WITHOUT ROWID`)
    sql.exec(`CREATE TABLE IF NOT EXISTS campaign_sources (key TEXT NOT NULL, source TEXT NOT NULL, stored TEXT NOT NULL,
      PRIMARY KEY (key, source)) WITHOUT ROWID`)
    sql.exec('CREATE TABLE IF NOT EXISTS thin_messages (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID')
  }

  /** Takes reports in, once per message id; call within a transaction. The campaigns that are incidents and changed. */
  take(feed: string, id: string, reports: readonly ThinReport[], now: number): Campaign[] {
    if (this.#sql.exec('SELECT 1 FROM thin_messages WHERE id = ?', id).toArray().length > 0) return []
    this.#sql.exec('INSERT INTO thin_messages VALUES (?, ?)', id, now)
    const { touched, changed } = this.#tableOf(feed).take(feed, reports)
    for (const [group, sources] of touched) {
      const { sources: _listed, ...header } = group
      this.#sql.exec(
        'INSERT OR REPLACE INTO campaigns VALUES (?, ?, ?, ?)',
        feed,
        group.id,
        JSON.stringify(header),
        now,
      )
      for (const source of sources)
        this.#sql.exec(
          'INSERT OR REPLACE INTO campaign_sources VALUES (?, ?, ?)',
          group.key,
          source,
          JSON.stringify(group.sources.get(source)),
        )
    }
    return changed
  }

  /** Forgets groups, and messages' names, that were not touched since. */
  prune(before: number): void {
    this.#sql.exec('DELETE FROM thin_messages WHERE at < ?', before)
    this.#sql.exec('DELETE FROM campaigns WHERE touched_at < ?', before)
    this.#sql.exec(
      "DELETE FROM campaign_sources WHERE key NOT IN (SELECT json_extract(stored, '$.key') FROM campaigns)",
    )
  }

  #tableOf(feed: string): CampaignTable {
    const known = this.#tables.get(feed)
    if (known) return known
    const groups = this.#sql
      .exec<{ stored: string }>('SELECT stored FROM campaigns WHERE feed = ? ORDER BY touched_at', feed)
      .toArray()
      .map(({ stored }) => {
        const header = JSON.parse(stored) as Omit<Campaign, 'sources'>
        const sources = this.#sql
          .exec<{ source: string; stored: string }>(
            'SELECT source, stored FROM campaign_sources WHERE key = ?',
            header.key,
          )
          .toArray()
          .map((row): [string, CampaignSource] => [row.source, JSON.parse(row.stored)])
        return { ...header, sources: new Map(sources) }
      })
    const table = new CampaignTable(groups)
    this.#tables.set(feed, table)
    return table
  }
}
