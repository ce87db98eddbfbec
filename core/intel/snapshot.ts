import type { CanonicalEvent } from '../events/event.ts'
import { type IntelContext, NO_INTEL } from '../features/feature.ts'
import type { EpochMs } from '../time.ts'
import { v4Key, v6Key } from './address-key.ts'
import { contextOf, isUsableAt } from './context.ts'
import { type Consulted, type Finding, type IntelAnswer, NOTHING_KNOWN } from './finding.ts'
import { domainOf } from './indicator.ts'
import { find, isValidAt, type KeyTable, scoreAt } from './key-table.ts'
import { domainKey, ja3Key } from './list-builder.ts'
import type { ListTables } from './list-file.ts'
import type { ListKind } from './list-kinds.ts'
import type { NetworkTable } from './network-table.ts'
import { isPublic, type Range } from './own-ranges.ts'

/** A loaded list as judgement uses it. */
export interface SnapshotList {
  id: string
  name: string
  kind: ListKind
  /** Trust in the list, 0-1: a score of it counts for so much. */
  weight: number
  licence: string | null
  asOf: EpochMs
  expires: EpochMs | null
  /** Names the stored entries. */
  objectKey: string
  tables: ListTables
}

/** What a source contacted that a list holds. */
export interface Contact {
  kind: 'address' | 'domain' | 'ja3'
  subject: string
}

export const NETWORK_SOURCE = 'RouteViews and DB-IP'
export const NETWORK_LICENCE = 'CC BY 4.0'
export const COUNTRY_SOURCE = 'NRO (whois and geofeeds)'
export const COUNTRY_LICENCE = 'CC0 1.0, from data of the NRO (CC BY 4.0)'

/**
 * All local threat intelligence as it stands at one moment: immutable, shared by the partitions of an isolate. Asking with no
 * list loaded costs a comparison.
 */
export class IntelSnapshot {
  readonly lists: readonly SnapshotList[]
  readonly #claims: readonly SnapshotList[]
  readonly #allowLists: readonly SnapshotList[]
  readonly #watched: readonly SnapshotList[]
  readonly #consulted: Consulted[]
  readonly #own: readonly Range[]
  readonly #networks: NetworkTable | null
  readonly #listed: { counts: Uint32Array; share: Float64Array; lists: Consulted[] } | null

  /** @param networks null until the table is loaded: country and network are then absent */
  constructor(lists: readonly SnapshotList[], networks: NetworkTable | null, own: readonly Range[] = []) {
    this.lists = lists
    this.#own = own
    this.#networks = networks
    this.#claims = lists.filter(({ kind }) => kind !== 'allow-list')
    this.#allowLists = lists.filter(({ kind }) => kind === 'allow-list')
    this.#watched = this.#claims.filter(({ kind, tables }) => kind === 'c2' || tables.domains || tables.ja3)
    this.#consulted = this.#claims.map(({ kind, name, asOf, expires }) => ({ kind, source: name, asOf, expires }))
    this.#listed = networks === null ? null : listedByNetwork(this.#claims, networks)
  }

  get hasLists(): boolean {
    return this.#claims.length > 0
  }

  /** True where events are worth a look at what they contact. */
  get watchesContacts(): boolean {
    return this.#watched.length > 0
  }

  /** Name of the allow-list that holds the source; null where none does. */
  allowedBy(source: string): string | null {
    for (const { name, tables } of this.#allowLists) if (holds(tables, source) !== null) return name
    return null
  }

  /** The features of a window of this source; see `contextOf`. A window pays for it, so no text is made. */
  contextOf(
    source: string,
    ts: EpochMs,
    contacts: readonly Contact[] = [],
    told: IntelAnswer = NOTHING_KNOWN,
  ): IntelContext {
    if ((!this.hasLists && told.consulted.length === 0) || !isPublic(source, this.#own)) return NO_INTEL
    const findings = [...this.#listings(source, ts), ...this.#contacted(contacts, ts), ...told.findings]
    const consulted = told.consulted.length === 0 ? this.#consulted : [...this.#consulted, ...told.consulted]
    const context = contextOf({ findings, consulted }, source, ts)
    const network = this.#networks?.networkOf(source) ?? 0
    return { ...context, asnReputation: this.#scoreOfNetwork(network, ts) ?? Number.NaN }
  }

  /**
   * All that is known of a source for events of this time, for people to read. Nothing of private and own addresses.
   * @param told what live look-ups told of it
   */
  answer(
    source: string,
    ts: EpochMs,
    contacts: readonly Contact[] = [],
    told: IntelAnswer = NOTHING_KNOWN,
  ): IntelAnswer {
    const consulted = [...this.#consulted, ...told.consulted].filter((list) => isUsableAt(list, ts))
    const contacted = this.#contacted(contacts, ts)
    if (!isPublic(source, this.#own))
      return { findings: contacted.filter((finding) => isUsableAt(finding, ts)), consulted: [] }
    const about = [...this.#networkOf(source, ts), ...this.#listings(source, ts), ...told.findings]
    const findings = [...about, ...contacted].filter((finding) => isUsableAt(finding, ts))
    return { findings, consulted: [...consulted, ...this.#networkConsulted(ts)] }
  }

  /** What an event contacts that a list holds; at most three. */
  contactsOf({ dst_ip, http, dns, tls }: CanonicalEvent): Contact[] {
    const contacts: Contact[] = []
    for (const { kind, tables } of this.#watched) {
      if (kind === 'c2' && dst_ip !== undefined && isPublic(dst_ip, this.#own) && holds(tables, dst_ip))
        contacts.push({ kind: 'address', subject: dst_ip })
      if (tables.domains)
        for (const name of [dns?.query, tls?.sni, http?.host]) {
          const domain = name === undefined ? null : listedDomain(tables.domains, name)
          if (domain !== null) contacts.push({ kind: 'domain', subject: domain })
        }
      if (tables.ja3 && tls?.ja3 !== undefined && find(tables.ja3, ...ja3Key(tls.ja3)) >= 0)
        contacts.push({ kind: 'ja3', subject: tls.ja3.toLowerCase() })
    }
    return contacts.slice(0, 3)
  }

  #listings(source: string, ts: EpochMs): Finding[] {
    return this.#claims.flatMap((list) => {
      const held = holds(list.tables, source)
      return held !== null && isValidAt(held.table, held.at, ts) ? [finding(list, list.kind, source, held)] : []
    })
  }

  #contacted(contacts: readonly Contact[], ts: EpochMs): Finding[] {
    return contacts.flatMap(({ kind, subject }) =>
      this.#watched.flatMap((list) => {
        if (kind === 'address' && list.kind !== 'c2') return []
        const held =
          kind === 'address'
            ? holds(list.tables, subject)
            : inTable(
                list.tables[kind === 'ja3' ? 'ja3' : 'domains'],
                kind === 'ja3' ? ja3Key(subject) : domainKey(subject),
              )
        if (held === null || !isValidAt(held.table, held.at, ts)) return []
        return [finding(list, kind === 'ja3' && list.kind !== 'c2' ? 'ja3' : list.kind, subject, held)]
      }),
    )
  }

  #networkOf(source: string, ts: EpochMs): Finding[] {
    const networks = this.#networks
    if (networks === null) return []
    const { country, asn, name } = networks.of(source)
    const network = networks.networkOf(source)
    const score = this.#scoreOfNetwork(network, ts)
    const findings: Finding[] = []
    const common = { subject: source, asOf: networks.asOf, expires: null }
    if (asn !== null) {
      const detail = `${name ?? ''}${this.#listedOf(network, score)}`
      const [source, licence] = [NETWORK_SOURCE, NETWORK_LICENCE]
      findings.push({ ...common, kind: 'network', source, score, value: String(asn), detail, licence })
    }
    if (country !== null) {
      const [source, licence] = [COUNTRY_SOURCE, COUNTRY_LICENCE]
      findings.push({ ...common, kind: 'country', source, score: null, value: country, detail: '', licence })
    }
    return findings
  }

  /** What the score of a network rests on, in words. */
  #listedOf(network: number, score: number | null): string {
    if (score === null) return ''
    const announced = this.#networks!.announced(network).toLocaleString('en')
    return `; lists hold ${this.#listed!.counts[network]!.toLocaleString('en')} of its ${announced} IPv4 addresses`
  }

  /** Share of the network's addresses that the lists hold, on a log scale: 1 in 10,000 is 0, all of them 1. */
  #scoreOfNetwork(network: number, ts: EpochMs): number | null {
    if (this.#listed === null || network === 0 || !this.#listed.lists.every((list) => isUsableAt(list, ts))) return null
    return this.#listed.share[network]!
  }

  #networkConsulted(ts: EpochMs): Consulted[] {
    if (this.#networks === null) return []
    const { asOf } = this.#networks
    const sources: Consulted[] = [
      { kind: 'network', source: NETWORK_SOURCE, asOf, expires: null },
      { kind: 'country', source: COUNTRY_SOURCE, asOf, expires: null },
    ]
    return sources.filter((source) => isUsableAt(source, ts))
  }
}

interface Held {
  table: KeyTable
  at: number
}

/** The entry of an address or source entity with the highest score; null where there is none. */
function holds(tables: ListTables, address: string): Held | null {
  if (address.includes(':')) return tables.v6Ranges === null ? null : inTable(tables.v6Ranges, v6Key(address))
  if (tables.v4 === null && tables.v4Ranges === null) return null
  const key = v4Key(address)
  const single = inTable(tables.v4, [key, 0])
  const range = inTable(tables.v4Ranges, [key, 0])
  if (single === null || range === null) return single ?? range
  return scoreAt(range.table, range.at) > scoreAt(single.table, single.at) ? range : single
}

function inTable(table: KeyTable | null, [high, low]: [number, number]): Held | null {
  const at = table === null ? -1 : find(table, high, low)
  return at < 0 ? null : { table: table!, at }
}

/** The name or a parent of it that the table holds; null where none is. */
function listedDomain(table: KeyTable, name: string): string | null {
  let domain = domainOf(name.replace(/:\d+$/, ''))
  while (domain?.includes('.')) {
    if (find(table, ...domainKey(domain)) >= 0) return domain
    domain = domain.slice(domain.indexOf('.') + 1)
  }
  return null
}

function finding(list: SnapshotList, kind: Finding['kind'], subject: string, { table, at }: Held): Finding {
  const { name: source, asOf, expires, licence, weight } = list
  return { kind, source, subject, score: scoreAt(table, at) * weight, value: '', detail: '', asOf, licence, expires }
}

function listedByNetwork(lists: readonly SnapshotList[], networks: NetworkTable) {
  const feeds = lists.filter(({ kind, tables }) => (kind === 'blocklist' || kind === 'c2') && tables.v4 !== null)
  if (feeds.length === 0) return null
  const counts = new Uint32Array(networks.networks)
  for (const { tables } of feeds) networks.countByNetwork(tables.v4!.first, counts)
  const share = Float64Array.from(counts, (count, network) => {
    const announced = networks.announced(network)
    return announced === 0 ? 0 : Math.max(0, 1 + Math.log10(Math.min(1, count / announced) || 1e-9) / 4)
  })
  return {
    counts,
    share,
    lists: feeds.map(({ kind, name: source, asOf, expires }) => ({ kind, source, asOf, expires })),
  }
}
