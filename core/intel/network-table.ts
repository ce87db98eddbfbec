import type { EpochMs } from '../time.ts'
import { v4Key, v6Key } from './address-key.ts'

/**
 * Country and network of every address, in one binary that is used as it lies (no parsing, so a fresh isolate answers
 * at once). All numbers little-endian 32-bit words; a range ends where the next begins. Sections in order:
 *
 *   header       16 words: magic, format, as-of (s), v4 ranges, v6 ranges, records, networks, bytes of names
 *   v4           first address [v4 ranges], record [v4 ranges]
 *   v6           high and low word of the first /64, by turns [2 × v6 ranges], record [v6 ranges]
 *   records      network's index [records], country as two ASCII characters in one word (0: unknown) [records]
 *   networks     AS number [networks], IPv4 addresses announced [networks], where its name begins [networks + 1]
 *   names        UTF-8
 *
 * Record 0 is "nothing known"; network 0 is "no network".
 */
export const NETWORK_MAGIC = 0x544e4b50
export const NETWORK_FORMAT = 1
export const NETWORK_HEADER = 16

export interface NetworkOf {
  /** ISO 3166-1 alpha-2; null where the table has none. */
  country: string | null
  asn: number | null
  name: string | null
}

export class NetworkTable {
  readonly asOf: EpochMs
  readonly bytes: number
  readonly #v4: Uint32Array
  readonly #v4Record: Uint32Array
  readonly #v6: Uint32Array
  readonly #v6Record: Uint32Array
  readonly #network: Uint32Array
  readonly #country: Uint32Array
  readonly #asn: Uint32Array
  readonly #announced: Uint32Array
  readonly #nameAt: Uint32Array
  readonly #names: Uint8Array

  /** Views, no copies. Throws on a buffer that is not such a table. */
  constructor(buffer: ArrayBuffer) {
    const header = new Uint32Array(buffer, 0, NETWORK_HEADER)
    const [magic, format, asOfS, v4 = 0, v6 = 0, records = 0, networks = 0, nameBytes = 0] = header
    if (magic !== NETWORK_MAGIC || format !== NETWORK_FORMAT) throw new Error('not a table of networks of this version')
    let at = NETWORK_HEADER * 4
    const words = (count: number): Uint32Array => {
      const section = new Uint32Array(buffer, at, count)
      at += count * 4
      return section
    }
    this.asOf = asOfS! * 1000
    this.#v4 = words(v4)
    this.#v4Record = words(v4)
    this.#v6 = words(2 * v6)
    this.#v6Record = words(v6)
    this.#network = words(records)
    this.#country = words(records)
    this.#asn = words(networks)
    this.#announced = words(networks)
    this.#nameAt = words(networks + 1)
    this.#names = new Uint8Array(buffer, at, nameBytes)
    this.bytes = buffer.byteLength
  }

  /** Of a canonical address or a source entity. */
  of(address: string): NetworkOf {
    const record = address.includes(':') ? this.#recordOfV6(v6Key(address)) : this.#recordOfV4(v4Key(address))
    const country = this.#country[record]!
    const network = this.#network[record]!
    return {
      country: country === 0 ? null : String.fromCharCode(country & 255, country >>> 8),
      asn: network === 0 ? null : this.#asn[network]!,
      name: network === 0 ? null : this.#nameOf(network),
    }
  }

  /** Index of the network of a canonical address or source entity, for tables beside this one; 0 where there is none. */
  networkOf(address: string): number {
    return this.#network[address.includes(':') ? this.#recordOfV6(v6Key(address)) : this.#recordOfV4(v4Key(address))]!
  }

  get networks(): number {
    return this.#asn.length
  }

  /** IPv4 addresses that the network announces. */
  announced(network: number): number {
    return this.#announced[network]!
  }

  /**
   * Adds to `counts` how many of the addresses lie in each network, by its index.
   * @param sorted IPv4 addresses in ascending order
   */
  countByNetwork(sorted: Uint32Array, counts: Uint32Array): void {
    let range = 0
    for (const address of sorted) {
      while (range + 1 < this.#v4.length && this.#v4[range + 1]! <= address) range++
      const isCovered = this.#v4.length > 0 && this.#v4[range]! <= address
      const network = isCovered ? this.#network[this.#v4Record[range]!]! : 0
      counts[network] = counts[network]! + 1
    }
  }

  #recordOfV4(key: number): number {
    let low = 0
    let high = this.#v4.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#v4[middle]! <= key) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : this.#v4Record[low - 1]!
  }

  #recordOfV6([keyHigh, keyLow]: [number, number]): number {
    let low = 0
    let high = this.#v6Record.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const first = this.#v6[2 * middle]!
      if (first < keyHigh || (first === keyHigh && this.#v6[2 * middle + 1]! <= keyLow)) low = middle + 1
      else high = middle
    }
    return low === 0 ? 0 : this.#v6Record[low - 1]!
  }

  #nameOf(network: number): string {
    return new TextDecoder().decode(this.#names.subarray(this.#nameAt[network], this.#nameAt[network + 1]))
  }
}
