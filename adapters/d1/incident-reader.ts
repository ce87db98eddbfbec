import { and, asc, count, desc, eq, getTableColumns, gt, gte, inArray, lt, or, type SQL, sql, sum } from 'drizzle-orm'
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core'
import type { Verdict } from '../../core/council/verifier.ts'
import type { EvidenceRow } from '../../core/incidents/evidence-view.ts'
import { type Cursor, type IncidentFilter, type IncidentOrder, writeCursor } from '../../core/incidents/query.ts'
import { OPEN_STATUSES } from '../../core/incidents/triage.ts'
import type { IncidentRow, IncidentSummary } from '../../core/incidents/view.ts'
import { incidentEvidence, incidentSources, incidents } from '../../core/store/schema.ts'
import { CLASSES, type ClassId, type Severity } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** A part of a list, and where the next one begins; null at the end. */
export interface Page<Item> {
  items: Item[]
  next: string | null
}

/** Counting stops here: a queue says "1,000 and more". */
export const MOST_COUNTED = 1_000

const {
  features: _features,
  contributions: _contributions,
  probabilities: _probabilities,
  ...SUMMARY
} = getTableColumns(incidents)

const ORDERS: Record<IncidentOrder, { key: SQLiteColumn; direction: typeof asc; after: typeof gt }> = {
  newest: { key: incidents.created_at, direction: desc, after: lt },
  oldest: { key: incidents.created_at, direction: asc, after: gt },
  risk: { key: incidents.risk_score, direction: desc, after: lt },
  active: { key: incidents.last_seen, direction: desc, after: lt },
  events: { key: incidents.events_count, direction: desc, after: lt },
}

/** Reads incidents, their evidence and their sources. The write side is the partitions' outbox. */
export class IncidentReader {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Keyset page: incidents that appear between two pages move nothing. `limit` is 1 or more. */
  async page(
    filter: IncidentFilter,
    order: IncidentOrder,
    cursor: Cursor | undefined,
    limit: number,
  ): Promise<Page<IncidentSummary>> {
    const { key, direction, after } = ORDERS[order]
    const beyond = cursor && or(after(key, cursor.key), and(eq(key, cursor.key), after(incidents.id, cursor.id)))
    const rows = await this.#db
      .select(SUMMARY)
      .from(incidents)
      .where(and(matching(filter), beyond))
      .orderBy(direction(key), direction(incidents.id))
      .limit(limit + 1)
    const items = rows.slice(0, limit)
    const last = items.at(-1)
    if (rows.length <= limit || last === undefined) return { items, next: null }
    return { items, next: writeCursor({ order, key: Number(last[key.name as keyof IncidentSummary]), id: last.id }) }
  }

  /** How many match, up to MOST_COUNTED + 1. */
  async count(filter: IncidentFilter): Promise<number> {
    const some = this.#db
      .select({ id: incidents.id })
      .from(incidents)
      .where(matching(filter))
      .limit(MOST_COUNTED + 1)
      .as('some')
    const [row] = await this.#db.select({ n: count() }).from(some)
    return row?.n ?? 0
  }

  async byId(id: number): Promise<IncidentRow | null> {
    const [row] = await this.#db.select().from(incidents).where(eq(incidents.id, id))
    return row ?? null
  }

  async byKey(key: string): Promise<IncidentRow | null> {
    const [row] = await this.#db.select().from(incidents).where(eq(incidents.incident_key, key))
    return row ?? null
  }

  /** The id of an incident by its key, for links; null when it is gone. */
  async idOf(key: string): Promise<number | null> {
    const [row] = await this.#db.select({ id: incidents.id }).from(incidents).where(eq(incidents.incident_key, key))
    return row?.id ?? null
  }

  /** In order of `n`; all of it (500 at most), or the first `limit`. */
  async evidence(incidentKey: string, limit = 500): Promise<EvidenceRow[]> {
    return this.#db
      .select()
      .from(incidentEvidence)
      .where(eq(incidentEvidence.incident_key, incidentKey))
      .orderBy(asc(incidentEvidence.n))
      .limit(limit)
  }

  async evidenceEvent(incidentKey: string, n: number): Promise<EvidenceRow | null> {
    const [row] = await this.#db
      .select()
      .from(incidentEvidence)
      .where(and(eq(incidentEvidence.incident_key, incidentKey), eq(incidentEvidence.n, n)))
    return row ?? null
  }

  async evidenceCount(incidentKey: string): Promise<number> {
    return this.#db.$count(incidentEvidence, eq(incidentEvidence.incident_key, incidentKey))
  }

  /** A campaign's sources, most events first; with `text`, those whose address holds it. */
  async sources(incidentKey: string, text: string, limit: number): Promise<(typeof incidentSources.$inferSelect)[]> {
    return this.#db
      .select()
      .from(incidentSources)
      .where(and(eq(incidentSources.incident_key, incidentKey), text ? holds(incidentSources.src_ip, text) : undefined))
      .orderBy(desc(incidentSources.events), asc(incidentSources.src_ip))
      .limit(limit)
  }

  /** Open incidents by severity; a severity without any is absent. */
  async openBySeverity(): Promise<Partial<Record<Severity, number>>> {
    const rows = await this.#db
      .select({ severity: incidents.severity, n: count() })
      .from(incidents)
      .where(inArray(incidents.status, [...OPEN_STATUSES]))
      .groupBy(incidents.severity)
    return Object.fromEntries(rows.map(({ severity, n }) => [severity, n]))
  }

  /** All incidents ever by class id, length 7. */
  async byClass(): Promise<number[]> {
    const rows = await this.#db
      .select({ id: incidents.threat_class, n: count() })
      .from(incidents)
      .groupBy(incidents.threat_class)
    return CLASSES.map(({ id }) => rows.find((row) => (row.id as ClassId) === id)?.n ?? 0)
  }

  /** Incidents by what the council came to; `failed` counts cases that ended without a verdict. */
  async byCouncilVerdict(): Promise<Record<Verdict | 'failed', number>> {
    const state = sql<string | null>`json_extract(${incidents.triage_note}, '$.council.state')`
    const rows = await this.#db
      .select({ verdict: incidents.council_verdict, state, n: count() })
      .from(incidents)
      .where(sql`${state} is not null`)
      .groupBy(incidents.council_verdict, state)
    const of = (wanted: (row: (typeof rows)[number]) => boolean) =>
      rows.filter(wanted).reduce((total, { n }) => total + n, 0)
    return {
      THREAT: of(({ verdict }) => verdict === 'THREAT'),
      FALSE_POSITIVE: of(({ verdict }) => verdict === 'FALSE_POSITIVE'),
      INVESTIGATE: of(({ verdict }) => verdict === 'INVESTIGATE'),
      failed: of(({ verdict }) => verdict === null),
    }
  }

  /** Incidents created in each hour of [from, to), by the hour's number from `from`; an hour without any is absent. */
  async createdPerHour(from: EpochMs, to: EpochMs): Promise<Map<number, number>> {
    const hour = sql<number>`cast((${incidents.created_at} - ${from}) / 3600000 as integer)`
    const rows = await this.#db
      .select({ hour, n: count() })
      .from(incidents)
      .where(and(gte(incidents.created_at, from), lt(incidents.created_at, to)))
      .groupBy(hour)
    return new Map(rows.map((row) => [row.hour, row.n]))
  }

  /** Events that all incidents together were opened for. */
  async eventsInIncidents(): Promise<number> {
    const [row] = await this.#db.select({ n: sum(incidents.events_count).mapWith(Number) }).from(incidents)
    return row?.n ?? 0
  }
}

function matching(filter: IncidentFilter): SQL | undefined {
  return and(
    filter.status && inArray(incidents.status, filter.status),
    filter.classes && inArray(incidents.threat_class, filter.classes),
    filter.severity && inArray(incidents.severity, filter.severity),
    filter.sources && ofSource(filter.sources),
    filter.text ? or(...SEARCHED.map((column) => holds(column, filter.text!))) : undefined,
    filter.from === undefined ? undefined : gte(incidents.created_at, filter.from),
    filter.to === undefined ? undefined : lt(incidents.created_at, filter.to),
  )
}

const SEARCHED = [
  incidents.src_ip,
  incidents.threat_category,
  incidents.targets,
  incidents.sensors,
  incidents.assignee,
] as SQLiteColumn[]

/** `instr` in place of LIKE: no wildcard to escape, and D1 takes LIKE patterns of 50 bytes only. */
const holds = (column: SQLiteColumn, text: string): SQL => sql`instr(lower(${column}), lower(${text})) > 0`

/** Its own incidents, and campaigns that it takes part in. */
const ofSource = (sources: string[]): SQL | undefined =>
  or(
    inArray(incidents.src_ip, sources),
    and(
      eq(incidents.kind, 'campaign'),
      sql`exists (select 1 from ${incidentSources} where ${and(
        eq(incidentSources.incident_key, incidents.incident_key),
        inArray(incidentSources.src_ip, sources),
      )})`,
    ),
  )
