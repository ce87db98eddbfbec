import { and, countDistinct, desc, eq, type SQL, sql } from 'drizzle-orm'
import { backgroundSources } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** A thin source: all that its scopes (partitions, sensors) counted of it in one class. */
export interface BackgroundSource {
  src_ip: string
  threat_class: number
  windows: number
  events: number
  /** Of the most confident window. */
  confidence: number
  first_seen: EpochMs
  last_seen: EpochMs
}

export class BackgroundReader {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** How many addresses are counted as background. */
  async countSources(): Promise<number> {
    const [row] = await this.#db.select({ n: countDistinct(backgroundSources.src_ip) }).from(backgroundSources)
    return row?.n ?? 0
  }

  /** Newest first; `text` is looked for in the address; `threatClass` null is all. */
  async newest(text: string, threatClass: number | null, limit: number): Promise<BackgroundSource[]> {
    return this.#db
      .select({
        src_ip: backgroundSources.src_ip,
        threat_class: backgroundSources.threat_class,
        windows: sumOf(backgroundSources.windows),
        events: sumOf(backgroundSources.events),
        confidence: sql<number>`max(${backgroundSources.confidence})`,
        first_seen: sql<number>`min(${backgroundSources.first_seen})`,
        last_seen: sql<number>`max(${backgroundSources.last_seen})`,
      })
      .from(backgroundSources)
      .where(
        and(
          text ? sql`instr(${backgroundSources.src_ip}, lower(${text})) > 0` : undefined,
          threatClass === null ? undefined : eq(backgroundSources.threat_class, threatClass),
        ),
      )
      .groupBy(backgroundSources.src_ip, backgroundSources.threat_class)
      .orderBy(desc(sql`max(${backgroundSources.last_seen})`), backgroundSources.src_ip)
      .limit(limit)
  }
}

const sumOf = (column: typeof backgroundSources.windows | typeof backgroundSources.events): SQL<number> =>
  sql<number>`sum(${column})`
