import { type ClassFamily, type ClassId, classOf } from '../taxonomy.ts'
import { hash32 } from '../window/hash.ts'
import { PANE_MS } from '../window/pane-times.ts'
import { TopTargets } from './top-targets.ts'

/** A thin, threatening window as its partition reports it to the sensor, which sees the target's side. */
export interface ThinReport {
  source: string
  threatClass: ClassId
  confidence: number
  anomaly: number
  /** Pane the judged window ends with. */
  pane: number
  firstTs: number
  lastTs: number
  /** Events judged for the first time. */
  events: number
  /** Its busiest target, by name. */
  host: string | null
  port: number | null
  uncertain: boolean
  /**
   * packDetail: the window's features, probabilities and votes. Null where a stronger report of the same pane and target goes
   * with it: only that of a campaign's strongest window is shown.
   */
  detail: string | null
}

/** A group of thin sources that do the same. Becomes an incident with the `CAMPAIGN_SOURCES`th distinct source. */
export interface Campaign {
  /** What it is grouped by; groups of one feed with the same are an hour of event time apart. */
  id: string
  /** Names its incident. */
  key: string
  family: ClassFamily
  threatClass: ClassId
  /** Busiest first. */
  targets: TopTargets
  /** Times that its incident was written. */
  revision: number
  firstTs: number
  lastTs: number
  events: number
  sources: Map<string, CampaignSource>
  /** Of the reports with their detail. */
  strongest: ThinReport
}

export interface CampaignSource {
  events: number
  confidence: number
  firstTs: number
  lastTs: number
}

/** This many distinct sources of one class on one target, or on one port across targets, are one campaign. */
export const CAMPAIGN_SOURCES = 10
/** A group that is silent for longer of event time is over; the next source begins a new one. */
export const CAMPAIGN_SILENCE_MS = 3_600_000
/** Groups followed at once by one timeline; the one silent longest makes place. */
const GROUPS = 2_000
/** Sources listed in one campaign; beyond, they are counted as events only. */
const SOURCES = 20_000

/** Whether a group has grown into an incident. */
export const isCampaign = ({ sources, strongest }: Pick<Campaign, 'sources' | 'strongest'>): boolean =>
  sources.size >= CAMPAIGN_SOURCES && strongest.detail !== null

/** What reports changed: every group they touched, with the sources that are new or changed in it. */
export interface CampaignChanges {
  touched: Map<Campaign, Set<string>>
  /** Those of them that are incidents. */
  changed: Campaign[]
}

/** The groups of thin sources of one feed. */
export class CampaignTable {
  /** By key, the one silent longest first. */
  readonly #groups = new Map<string, Campaign>()
  /** Groups of one id, one after another in event time. */
  readonly #byId = new Map<string, Campaign[]>()

  /** @param groups as stored, the one silent longest first */
  constructor(groups: readonly Campaign[] = []) {
    for (const group of groups) this.#keep(group)
  }

  /** Takes reports in. `scope` tells this feed's campaigns from those of others. */
  take(scope: string, reports: readonly ThinReport[]): CampaignChanges {
    const touched = new Map<Campaign, Set<string>>()
    for (const report of reports)
      for (const group of this.#join(scope, report)) {
        const sources = touched.get(group)
        if (sources) sources.add(report.source)
        else touched.set(group, new Set([report.source]))
      }
    return { touched, changed: [...touched.keys()].filter(isCampaign) }
  }

  /** Every group, the one silent longest first. */
  groups(): Campaign[] {
    return [...this.#groups.values()]
  }

  /** What its sources do next is another group. */
  forget(key: string): void {
    const group = this.#groups.get(key)
    if (!group) return
    this.#groups.delete(key)
    const others = this.#byId.get(group.id)?.filter((known) => known !== group) ?? []
    if (others.length > 0) this.#byId.set(group.id, others)
    else this.#byId.delete(group.id)
  }

  /**
   * Thin reconnaissance is one thing per sensor: whoever probes, probes all it has. Of the other classes a report counts for
   * its target first, and for its port across targets only while the target has no campaign. A log that names no target (of
   * sshd, of a web server) speaks of the sensor's own host.
   */
  #join(scope: string, report: ThinReport): Campaign[] {
    const { family } = classOf(report.threatClass)
    if (family === 'reconnaissance') return [this.#add(scope, family, report)]
    const { host, port } = report
    if (host === null && port === null) return [this.#add(scope, `${family}|itself`, report)]
    const joined: Campaign[] = []
    if (host !== null) joined.push(this.#add(scope, `${family}|host|${host}`, report))
    if (port !== null && !joined.some(isCampaign)) joined.push(this.#add(scope, `${family}|port|${port}`, report))
    return joined
  }

  #add(scope: string, id: string, report: ThinReport): Campaign {
    // Partitions report one after another, so that an earlier time may come later: each report finds the group of its time.
    let group = this.#byId.get(id)?.find((known) => isNear(known, report))
    if (!group) {
      group = {
        id,
        key: `campaign|${scope}|${id}|${Math.floor(report.firstTs / PANE_MS)}`,
        family: classOf(report.threatClass).family,
        threatClass: report.threatClass,
        targets: new TopTargets(),
        revision: 0,
        firstTs: report.firstTs,
        lastTs: report.lastTs,
        events: 0,
        sources: new Map(),
        strongest: report,
      }
    }
    this.#keep(group)
    if (this.#groups.size > GROUPS) this.forget(this.#groups.keys().next().value!)
    note(group, report)
    return group
  }

  /** Re-inserted: the first of the map is the one silent longest. */
  #keep(group: Campaign): void {
    if (!this.#groups.delete(group.key)) this.#byId.set(group.id, [...(this.#byId.get(group.id) ?? []), group])
    this.#groups.set(group.key, group)
  }
}

const isNear = (group: Campaign, report: ThinReport): boolean =>
  report.firstTs - group.lastTs <= CAMPAIGN_SILENCE_MS && group.firstTs - report.lastTs <= CAMPAIGN_SILENCE_MS

function note(group: Campaign, report: ThinReport): void {
  group.events += report.events
  group.targets.add(report.host, report.port, report.events)
  group.firstTs = Math.min(group.firstTs, report.firstTs)
  group.lastTs = Math.max(group.lastTs, report.lastTs)
  if (showsMore(report, group.strongest)) group.strongest = report
  const known = group.sources.get(report.source)
  if (known) {
    known.events += report.events
    known.confidence = Math.max(known.confidence, report.confidence)
    known.firstTs = Math.min(known.firstTs, report.firstTs)
    known.lastTs = Math.max(known.lastTs, report.lastTs)
  } else if (group.sources.size < SOURCES) {
    const { events, confidence, firstTs, lastTs } = report
    group.sources.set(report.source, { events, confidence, firstTs, lastTs })
  }
}

/** Of those with their detail the stronger one. */
const showsMore = (a: ThinReport, b: ThinReport): boolean =>
  a.detail === null ? false : b.detail === null || isStronger(a, b)

/** More certain, then more events, then by hash, so that the choice does not hang on the order of reports. */
export function isStronger(
  a: Pick<ThinReport, 'confidence' | 'events' | 'source'>,
  b: Pick<ThinReport, 'confidence' | 'events' | 'source'>,
): boolean {
  if (a.confidence !== b.confidence) return a.confidence > b.confidence
  if (a.events !== b.events) return a.events > b.events
  return hash32(a.source) < hash32(b.source)
}
