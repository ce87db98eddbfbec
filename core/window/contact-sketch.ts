import { mix32 } from './hash.ts'
import type { NumberPrinter, NumberReader } from './printed-numbers.ts'

/** Distinct host-port pairs up to this many are kept exactly, each with the time it was first seen. */
export const CONTACTS_EXACT = 64
/** Printed in place of the number of exact pairs. */
const SATURATED = CONTACTS_EXACT + 1
const GROUPS = 32
const WORDS = 4
const BITS = WORDS * 32
/** A full bitmap says no more than this: 128 · ln 128. */
export const CONTACTS_CEILING = Math.round(BITS * Math.log(BITS))

/**
 * Which (host, port) pairs a source touched: the most ports on one host (vertical scan) and the most hosts on
 * one port (horizontal scan). Exact up to 64 pairs. Beyond, hosts and ports fall into 32 groups with a 128-bit bitmap
 * each (linear counting, Whang et al., 1990): within 15 % up to 300 when one host or port stands out, never under the
 * truth by more than that, saturating at 621; groups shared by many small hosts read high.
 */
export class ContactSketch {
  #hosts: number[] = []
  #ports: number[] = []
  #firstTs: number[] = []
  #portsByHost: Uint32Array | null = null
  #hostsByPort: Uint32Array | null = null

  add(host: number, port: number, ts: number): void {
    if (this.#portsByHost) {
      this.#note(host, port)
      return
    }
    for (let i = 0; i < this.#hosts.length; i++)
      if (this.#hosts[i] === host && this.#ports[i] === port) {
        if (ts < this.#firstTs[i]!) this.#firstTs[i] = ts
        return
      }
    this.#hosts.push(host)
    this.#ports.push(port)
    this.#firstTs.push(ts)
    if (this.#hosts.length > CONTACTS_EXACT) this.#fold()
  }

  merge(other: ContactSketch): void {
    if (other.#portsByHost) {
      if (!this.#portsByHost) this.#fold()
      for (let i = 0; i < GROUPS * WORDS; i++) {
        this.#portsByHost![i]! |= other.#portsByHost[i]!
        this.#hostsByPort![i]! |= other.#hostsByPort![i]!
      }
    } else
      for (let i = 0; i < other.#hosts.length; i++) this.add(other.#hosts[i]!, other.#ports[i]!, other.#firstTs[i]!)
  }

  copy(): ContactSketch {
    const copy = new ContactSketch()
    copy.#hosts = this.#hosts.slice()
    copy.#ports = this.#ports.slice()
    copy.#firstTs = this.#firstTs.slice()
    copy.#portsByHost = this.#portsByHost?.slice() ?? null
    copy.#hostsByPort = this.#hostsByPort?.slice() ?? null
    return copy
  }

  maxPortsPerHost(): number {
    return this.#portsByHost ? largestGroup(this.#portsByHost) : mostAlike(this.#hosts)
  }

  maxHostsPerPort(): number {
    return this.#hostsByPort ? largestGroup(this.#hostsByPort) : mostAlike(this.#ports)
  }

  /** The exact pairs with first-seen times, or null once there were too many. */
  exactPairs(): { hosts: readonly number[]; ports: readonly number[]; firstTs: readonly number[] } | null {
    return this.#portsByHost ? null : { hosts: this.#hosts, ports: this.#ports, firstTs: this.#firstTs }
  }

  /** @param start times are printed as ms since then */
  print(out: NumberPrinter, start: number): void {
    if (this.#portsByHost) {
      out.number(SATURATED)
      out.sparse(this.#portsByHost)
      out.sparse(this.#hostsByPort!)
      return
    }
    out.number(this.#hosts.length)
    for (let i = 0; i < this.#hosts.length; i++) {
      out.hash(this.#hosts[i]!)
      // A contact without a port is of port -1.
      out.number(this.#ports[i]! + 1)
      out.number(this.#firstTs[i]! - start)
    }
  }

  /** Adds a sketch that `print` wrote. */
  mergePrinted(printed: NumberReader, start: number): void {
    const pairs = printed.number()
    if (pairs === SATURATED) {
      const other = new ContactSketch()
      other.#fold()
      printed.addSparse(other.#portsByHost!)
      printed.addSparse(other.#hostsByPort!)
      this.merge(other)
      return
    }
    for (let i = 0; i < pairs; i++) {
      const host = printed.hash()
      const port = printed.number() - 1
      this.add(host, port, start + printed.number())
    }
  }

  #note(host: number, port: number): void {
    const mixedHost = mix32(host)
    const mixedPort = mix32(port + 0x51ed27)
    setBit(this.#portsByHost!, mixedHost % GROUPS, mixedPort >>> 25)
    setBit(this.#hostsByPort!, mixedPort % GROUPS, mixedHost >>> 25)
  }

  #fold(): void {
    this.#portsByHost = new Uint32Array(GROUPS * WORDS)
    this.#hostsByPort = new Uint32Array(GROUPS * WORDS)
    for (let i = 0; i < this.#hosts.length; i++) this.#note(this.#hosts[i]!, this.#ports[i]!)
    this.#hosts = []
    this.#ports = []
    this.#firstTs = []
  }
}

function setBit(bitmaps: Uint32Array, group: number, bit: number): void {
  bitmaps[group * WORDS + (bit >>> 5)]! |= 1 << (bit & 31)
}

function largestGroup(bitmaps: Uint32Array): number {
  let most = 0
  for (let group = 0; group < GROUPS; group++) {
    let set = 0
    for (let word = 0; word < WORDS; word++) set += bitCount(bitmaps[group * WORDS + word]!)
    if (set > most) most = set
  }
  return most >= BITS ? CONTACTS_CEILING : Math.min(CONTACTS_CEILING, -BITS * Math.log(1 - most / BITS))
}

function bitCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** How often the most frequent value occurs. Pairs are distinct, so that is its number of partners. */
function mostAlike(values: readonly number[]): number {
  if (values.length < 2) return values.length
  const sorted = Float64Array.from(values).sort()
  let most = 1
  let run = 1
  for (let i = 1; i < sorted.length; i++) {
    run = sorted[i] === sorted[i - 1] ? run + 1 : 1
    if (run > most) most = run
  }
  return most
}
