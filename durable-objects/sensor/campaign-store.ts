import { type Campaign, type CampaignSource, CampaignTable, isCampaign } from '../../core/incidents/campaign.ts'
import { campaignSourceRow } from '../../core/incidents/campaign-record.ts'
import type { CampaignSourceRow } from '../../core/incidents/messages.ts'
import { TopTargets } from '../../core/incidents/top-targets.ts'
import { jsonParts } from '../../core/json-parts.ts'
import type { TargetCount } from '../../core/store/schema.ts'
import type { ThinMessage, ThinWindow } from '../names.ts'

/** A feed's campaigns, durable: a row a group and a row a source of it, so that a large one is not rewritten. */
export class CampaignStore {
  readonly #sql: SqlStorage
  readonly #tables = new Map<string, CampaignTable>()

  constructor(sql: SqlStorage) {
    this.#sql = sql
    sql.exec(`CREATE TABLE IF NOT EXISTS campaign_groups (key TEXT PRIMARY KEY, feed TEXT NOT NULL, stored TEXT NOT NULL,
      touched_at INTEGER NOT NULL, is_told INTEGER NOT NULL) WITHOUT ROWID`)
    sql.exec('CREATE INDEX IF NOT EXISTS campaign_groups_untold ON campaign_groups (feed) WHERE is_told = 0')
    // n rises with every change of a source: what D1 has been told of reaches up to one n.
    sql.exec(`CREATE TABLE IF NOT EXISTS campaign_members (n INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL,
      source TEXT NOT NULL, stored TEXT NOT NULL, UNIQUE (key, source))`)
    sql.exec('CREATE INDEX IF NOT EXISTS campaign_members_changed ON campaign_members (key, n)')
    sql.exec(
      'CREATE TABLE IF NOT EXISTS campaign_members_told (key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID',
    )
    sql.exec('CREATE TABLE IF NOT EXISTS thin_messages (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID')
  }

  /**
   * Takes messages' reports in, each message once; call within a transaction. The campaigns among the groups that changed,
   * and the windows that were new.
   */
  take(
    feed: string,
    messages: readonly ThinMessage[],
    now: number,
  ): { changed: Campaign[]; windows: readonly ThinWindow[] } {
    const taken: ThinWindow[] = []
    for (const { id, windows } of messages) {
      if (this.#sql.exec('SELECT 1 FROM thin_messages WHERE id = ?', id).toArray().length > 0) continue
      this.#sql.exec('INSERT INTO thin_messages VALUES (?, ?)', id, now)
      taken.push(...windows)
    }
    // Without the lines: the strongest report stays with its group.
    const reports = taken.map(({ example: _, ...report }) => report)
    const { touched } = this.#tableOf(feed).take(feed, reports)
    for (const [group, sources] of touched) {
      this.#writeHeader(feed, group, now, false)
      this.#writeSources(group, sources)
    }
    return { changed: [...touched.keys()].filter(isCampaign), windows: taken }
  }

  /** Sources of a campaign that changed since `noteSourcesTold`, at most `most`, with the mark that they end at. */
  changedSources(key: string, most: number): { rows: CampaignSourceRow[]; upTo: number } {
    const changed = this.#sql
      .exec<{ n: number; source: string; stored: string }>(
        `SELECT n, source, stored FROM campaign_members WHERE key = ?
          AND n > coalesce((SELECT n FROM campaign_members_told WHERE key = ?), 0) ORDER BY n LIMIT ?`,
        key,
        key,
        most,
      )
      .toArray()
    const rows = changed.map(({ source, stored }) => campaignSourceRow(key, source, JSON.parse(stored)))
    return { rows, upTo: changed.at(-1)?.n ?? 0 }
  }

  noteSourcesTold(key: string, upTo: number): void {
    this.#sql.exec('INSERT OR REPLACE INTO campaign_members_told VALUES (?, ?)', key, upTo)
  }

  /** Forgets groups, and messages' names, that were not touched since; not what is still to be told. */
  prune(before: number): void {
    this.#sql.exec('DELETE FROM thin_messages WHERE at < ?', before)
    for (const { feed, key } of this.#sql.exec<{ feed: string; key: string }>(
      'DELETE FROM campaign_groups WHERE touched_at < ? AND is_told = 1 RETURNING feed, key',
      before,
    ))
      this.#tables.get(feed)?.forget(key)
    for (const table of ['campaign_members', 'campaign_members_told'])
      this.#sql.exec(`DELETE FROM ${table} WHERE key NOT IN (SELECT key FROM campaign_groups)`)
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
        `INSERT OR REPLACE INTO campaign_members (key, source, stored)
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
            'SELECT source, stored FROM campaign_members WHERE key = ?',
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
