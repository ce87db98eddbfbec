import type { EpochMs } from '../time.ts'
import { NETWORK_FORMAT, NETWORK_HEADER, NETWORK_MAGIC } from './network-table.ts'

/** A range of keys with what is said of it. Keys: IPv4 numbers, or the upper 64 bits of IPv6. */
export interface NetworkRange<Key extends number | bigint> {
  first: Key
  last: Key
  asn: number
  name: string
}

export interface CountryRange<Key extends number | bigint> {
  first: Key
  last: Key
  country: string
}

export interface NetworkSources {
  asOf: EpochMs
  v4: { networks: NetworkRange<number>[]; countries: CountryRange<number>[] }
  v6: { networks: NetworkRange<bigint>[]; countries: CountryRange<bigint>[] }
}

/**
 * Lays networks and countries over one another and writes the table that `NetworkTable` reads. Ranges of each kind are
 * sorted and do not overlap; where they do (ranges under /64), the later begins after the earlier.
 */
export function buildNetworkTable({ asOf, v4, v6 }: NetworkSources): Uint8Array<ArrayBuffer> {
  const networks = new Networks()
  const records = new Records(networks)
  for (const { asn, first, last } of v4.networks) networks.announce(asn, last - first + 1)
  const four = overlay(v4.networks, v4.countries, 1, 2 ** 32 - 1, records)
  const six = overlay(v6.networks, v6.countries, 1n, 2n ** 64n - 1n, records)
  const names = networks.names()
  const words = [
    header(asOf, four.length, six.length, records.rows.length, networks.numbers.length, names.bytes.length),
    Uint32Array.from(four, ({ first }) => first),
    Uint32Array.from(four, ({ record }) => record),
    Uint32Array.from(six.flatMap(({ first }) => [Number(first >> 32n), Number(first & 0xffffffffn)])),
    Uint32Array.from(six, ({ record }) => record),
    Uint32Array.from(records.rows, ({ network }) => network),
    Uint32Array.from(records.rows, ({ country }) => country),
    Uint32Array.from(networks.numbers),
    Uint32Array.from(networks.announced, (count) => Math.min(count, 0xffffffff)),
    names.at,
  ]
  const size = words.reduce((sum, section) => sum + section.byteLength, 0)
  const table = new Uint8Array(size + names.bytes.length)
  let at = 0
  for (const section of words) {
    table.set(new Uint8Array(section.buffer), at)
    at += section.byteLength
  }
  table.set(names.bytes, at)
  return table
}

function header(asOf: EpochMs, ...counts: number[]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(NETWORK_HEADER)
  words.set([NETWORK_MAGIC, NETWORK_FORMAT, Math.floor(asOf / 1000), ...counts])
  return words
}

/** One ascending list of range starts; neighbours differ in what is known. */
function overlay<Key extends number | bigint>(
  networks: NetworkRange<Key>[],
  countries: CountryRange<Key>[],
  one: Key,
  most: Key,
  records: Records,
): { first: Key; record: number }[] {
  const after = (key: Key): Key => ((key as number) + (one as number)) as Key
  const starts = [...new Set([...networks, ...countries].flatMap(({ first, last }) => [first, after(last)]))]
  starts.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const out: { first: Key; record: number }[] = []
  let network = 0
  let country = 0
  for (const first of starts) {
    // After the last key of all nothing begins.
    if (first > most) break
    while (network < networks.length && networks[network]!.last < first) network++
    while (country < countries.length && countries[country]!.last < first) country++
    const inNetwork = networks[network]
    const inCountry = countries[country]
    const record = records.of(
      inNetwork !== undefined && inNetwork.first <= first ? inNetwork : null,
      inCountry !== undefined && inCountry.first <= first ? inCountry.country : null,
    )
    if ((out.at(-1)?.record ?? 0) !== record) out.push({ first, record })
  }
  return out
}

/** Distinct pairs of network and country. */
class Records {
  readonly rows = [{ network: 0, country: 0 }]
  readonly #known = new Map<string, number>([['0 0', 0]])
  readonly #networks: Networks

  constructor(networks: Networks) {
    this.#networks = networks
  }

  of(range: { asn: number; name: string } | null, country: string | null): number {
    const row = {
      network: range === null ? 0 : this.#networks.indexOf(range.asn, range.name),
      country: country === null ? 0 : country.charCodeAt(0) | (country.charCodeAt(1) << 8),
    }
    const key = `${row.network} ${row.country}`
    let index = this.#known.get(key)
    if (index === undefined) {
      index = this.rows.push(row) - 1
      this.#known.set(key, index)
    }
    return index
  }
}

class Networks {
  readonly numbers = [0]
  readonly announced = [0]
  readonly #names = ['']
  readonly #known = new Map<number, number>()

  indexOf(asn: number, name: string): number {
    const index = this.#indexOf(asn)
    if (this.#names[index] === '') this.#names[index] = name
    return index
  }

  announce(asn: number, addresses: number): void {
    const index = this.#indexOf(asn)
    this.announced[index] = this.announced[index]! + addresses
  }

  /** UTF-8 of all names one after another, and where each begins; one more than there are names. */
  names(): { at: Uint32Array<ArrayBuffer>; bytes: Uint8Array } {
    const encoded = this.#names.map((name) => new TextEncoder().encode(name))
    const at = new Uint32Array(encoded.length + 1)
    encoded.forEach(({ length }, i) => {
      at[i + 1] = at[i]! + length
    })
    const bytes = new Uint8Array(at[encoded.length]!)
    encoded.forEach((name, i) => {
      bytes.set(name, at[i])
    })
    return { at, bytes }
  }

  #indexOf(asn: number): number {
    let index = this.#known.get(asn)
    if (index === undefined) {
      index = this.numbers.push(asn) - 1
      this.announced.push(0)
      this.#names.push('')
      this.#known.set(asn, index)
    }
    return index
  }
}
