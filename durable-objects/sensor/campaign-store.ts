import {
  type Campaign,
  type CampaignSource,
  CampaignTable,
  isCampaign,
  type ThinReport,
} from '../../core/incidents/campaign.ts'
import { TopTargets } from '../../core/incidents/top-targets.ts'
import { jsonParts } from '../../core/json-parts.ts'
import type { TargetCount } from '../../core/store/schema.ts'

/** A feed's campaigns, durable: a row a group and a row a source of it, so that a large one is not rewritten. */
export class CampaignStore {
  readonly #sql: SqlStorage
  readonly #tables = new Map<string, CampaignTable>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS campaign_groups (key TEXT PRIMARY KEY, feed TEXT NOT NULL, stored TEXT NOT NULL,
      touched_at INTEGER NOT NULL, is_told INTEGER NOT NULL) WITHOUT ROWID`)
    sql.exec('CREATE INDEX IF NOT EXISTS campaign_groups_untold ON campaign_groups (feed) WHERE is_told = 0')
    sql.exec(`CREATE TABLE IF NOT EXISTS campaign_sources (key TEXT NOT NULL, source TEXT NOT NULL, stored TEXT NOT NULL,
      PRIMARY KEY (key, source)) WITHOUT ROWID`)
    sql.exec('CREATE TABLE IF NOT EXISTS thin_messages (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID')
  }

  /** Takes reports in, once per message id; call within a transaction. The campaigns among the groups that changed. */
  take(feed: string, id: string, reports: readonly ThinReport[], now: number): Map<Campaign, Set<string>> {
    if (this.#sql.exec('SELECT 1 FROM thin_messages WHERE id = ?', id).toArray().length > 0) return new Map()
    this.#sql.exec('INSERT INTO thin_messages VALUES (?, ?)', id, now)
    const { touched } = this.#tableOf(feed).take(feed, reports)
    for (const [group, sources] of touched) {
      this.#writeHeader(feed, group, now, false)
      this.#writeSources(group, sources)
    }
    return new Map([...touched].filter(([group]) => isCampaign(group)))
  }

  /** Forgets groups, and messages' names, that were not touched since. */
  prune(before: number): void {
    this.#sql.exec('DELETE FROM thin_messages WHERE at < ?', before)
    this.#sql.exec('DELETE FROM campaign_groups WHERE touched_at < ?', before)
    this.#sql.exec('DELETE FROM campaign_sources WHERE key NOT IN (SELECT key FROM campaign_groups)')
  }

  /** Notes that a campaign's incident is written once more; call within the transaction that writes it. */
  noteTold(feed: string, campaign: Campaign, now: number): void {
    campaign.revision++
    this.#writeHeader(feed, campaign, now, true)
  }

  /** Campaigns whose last changes have not been told, which matters after a restart. */
  untold(): { feed: string; campaign: Campaign }[] {
    return this.#sql
      .exec<{ feed: string; keys: string }>(
        'SELECT feed, json_group_array(key) AS keys FROM campaign_groups WHERE is_told = 0 GROUP BY feed',
      )
      .toArray()
      .flatMap(({ feed, keys }) => {
        const untold = new Set(JSON.parse(keys) as string[])
        const groups = this.#tableOf(feed).groups()
        return groups
          .filter((group) => untold.has(group.key) && isCampaign(group))
          .map((campaign) => ({ feed, campaign }))
      })
  }

  /** One statement for many: each costs more than its row. A source beyond those that are listed has no row. */
  #writeSources({ key, sources }: Campaign, changed: Iterable<string>): void {
    const rows = [...changed].flatMap((source) => {
      const seen = sources.get(source)
      return seen ? [[source, seen]] : []
    })
    for (const part of jsonParts(rows))
      this.#sql.exec(
        `INSERT OR REPLACE INTO campaign_sources
         SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)`,
        key,
        part,
      )
  }

  #writeHeader(feed: string, { sources, ...header }: Campaign, now: number, isTold: boolean): void {
    this.#sql.exec(
      'INSERT OR REPLACE INTO campaign_groups VALUES (?, ?, ?, ?, ?)',
      header.key,
      feed,
      JSON.stringify(header),
      now,
      // A group that is no campaign has nothing to tell.
      isTold || !isCampaign({ sources, strongest: header.strongest }) ? 1 : 0,
    )
  }

  #tableOf(feed: string): CampaignTable {
    const known = this.#tables.get(feed)
    if (known) return known
    const groups = this.#sql
      .exec<{ stored: string }>('SELECT stored FROM campaign_groups WHERE feed = ? ORDER BY touched_at', feed)
      .toArray()
      .map(({ stored }) => {
        const header = JSON.parse(stored) as Omit<Campaign, 'sources' | 'targets'> & { targets: TargetCount[] }
        const sources = this.#sql
          .exec<{ source: string; stored: string }>(
            'SELECT source, stored FROM campaign_sources WHERE key = ?',
            header.key,
          )
          .toArray()
          .map((row): [string, CampaignSource] => [row.source, JSON.parse(row.stored)])
        return { ...header, targets: new TopTargets(header.targets), sources: new Map(sources) }
      })
    const table = new CampaignTable(groups)
    this.#tables.set(feed, table)
    return table
  }
}
