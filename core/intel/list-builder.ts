import type { EpochMs } from '../time.ts'
import { hash32 } from '../window/hash.ts'
import { rangeOf } from './address-key.ts'
import { type Indicator, shown } from './indicator.ts'
import { type Carried, KeyColumns, type KeyRange, MOST_KEYS, rangeTable } from './key-columns.ts'
import { SCORE_STEPS } from './key-table.ts'
import type { ListTables } from './list-file.ts'
import { type Range, whyRefused } from './own-ranges.ts'

/** Ranges wait as objects until they are sorted; more than a routing table has is no list. */
const MOST_RANGES = 250_000
const EXAMPLES = 5

/** What became of a list's entries. */
export interface ListCounts {
  /** Distinct single IPv4 addresses, ranges (IPv6 included), domains and fingerprints that were taken. */
  addresses: number
  ranges: number
  domains: number
  ja3: number
  /** Validity is over. */
  expired: number
  /** Read and not taken: too wide, private, own. */
  refused: number
  unreadable: number
}

/** The key of a domain in a list's table. */
export const domainKey = (domain: string): [number, number] => [hash32(domain, 17), hash32(domain, 19)]

/** The key of a fingerprint in a list's table: its first 64 bits. */
export const ja3Key = (fingerprint: string): [number, number] => [
  Number.parseInt(fingerprint.slice(0, 8), 16),
  Number.parseInt(fingerprint.slice(8, 16), 16),
]

/** Gathers the entries of one list. */
export class ListBuilder {
  readonly refusedExamples: string[] = []
  readonly unreadableExamples: string[] = []
  entries = 0
  #refused = 0
  #unreadable = 0
  #expired = 0
  readonly #own: readonly Range[]
  readonly #isAllowList: boolean
  readonly #now: EpochMs
  readonly #v4 = new KeyColumns(1)
  readonly #domains = new KeyColumns(2)
  readonly #ja3 = new KeyColumns(2)
  readonly #v4Ranges: KeyRange[] = []
  readonly #v6Ranges: KeyRange[] = []

  constructor({ own, isAllowList, now }: { own: readonly Range[]; isAllowList: boolean; now: EpochMs }) {
    this.#own = own
    this.#isAllowList = isAllowList
    this.#now = now
  }

  get refused(): number {
    return this.#refused
  }

  get unreadable(): number {
    return this.#unreadable
  }

  isFull(): boolean {
    const most = Math.max(this.#v4.count, this.#domains.count, this.#ja3.count)
    return most >= MOST_KEYS || this.#v4Ranges.length + this.#v6Ranges.length >= MOST_RANGES
  }

  /** `where` names the place in the list, for the user. */
  noteUnreadable(why: string, where: string): void {
    this.entries++
    this.#unreadable++
    if (this.unreadableExamples.length < EXAMPLES) this.unreadableExamples.push(`${where}: ${why}`)
  }

  add({ type, text, score, from, until }: Indicator, where: string): void {
    if (until !== null && until < this.#now) {
      this.entries++
      this.#expired++
      return
    }
    const carried: Carried = {
      score: Math.round(score * SCORE_STEPS),
      from: from === null ? 0 : Math.ceil(from / 1000),
      until: until === null ? 0 : Math.floor(until / 1000),
    }
    if (type === 'domain') this.#domains.add(...domainKey(text), carried)
    else if (type === 'ja3') this.#ja3.add(...ja3Key(text), carried)
    else {
      const range = rangeOf(text)
      if (range === null) {
        this.noteUnreadable(`"${shown(text)}" is no address or CIDR`, where)
        return
      }
      const why = whyRefused(range, this.#own, this.#isAllowList)
      if (why === null) this.#addRange(range, carried)
      else this.#noteRefused(`${where}: ${shown(text)} (${why})`)
    }
    this.entries++
  }

  finish(): { tables: ListTables; counts: ListCounts } {
    const tables: ListTables = {
      v4: this.#v4.table(),
      v4Ranges: rangeTable(this.#v4Ranges, 1),
      v6Ranges: rangeTable(this.#v6Ranges, 2),
      domains: this.#domains.table(),
      ja3: this.#ja3.table(),
    }
    const count = (name: keyof ListTables) => tables[name]?.count ?? 0
    const counts = {
      addresses: count('v4'),
      ranges: count('v4Ranges') + count('v6Ranges'),
      domains: count('domains'),
      ja3: count('ja3'),
      expired: this.#expired,
      refused: this.#refused,
      unreadable: this.#unreadable,
    }
    return { tables, counts }
  }

  #noteRefused(example: string): void {
    this.#refused++
    if (this.refusedExamples.length < EXAMPLES) this.refusedExamples.push(example)
  }

  #addRange(range: Range, carried: Carried): void {
    if (range.version === 6) {
      const key = ([high, low]: [number, number]) => (BigInt(high) << 32n) | BigInt(low)
      this.#v6Ranges.push({ first: key(range.first), last: key(range.last), ...carried })
    } else if (range.first === range.last) this.#v4.add(range.first, 0, carried)
    else this.#v4Ranges.push({ first: BigInt(range.first), last: BigInt(range.last), ...carried })
  }
}
