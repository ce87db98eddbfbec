import ipaddr from 'ipaddr.js'
import { canonicalAddress } from '../events/address.ts'

/**
 * Addresses as table keys. IPv4: the address as an unsigned 32-bit number. IPv6: the upper 64 bits as two 32-bit words,
 * because a source is a /64 (core/events/source.ts): what is said of one address of it is said of all of it.
 */

export interface V4Range {
  version: 4
  first: number
  last: number
}

export interface V6Range {
  version: 6
  /** [high, low] word of the first and last /64. */
  first: [number, number]
  last: [number, number]
  prefix: number
}

/** The number of a canonical dotted quad. */
export function v4Key(address: string): number {
  let key = 0
  let octet = 0
  for (let i = 0; i < address.length; i++) {
    const code = address.charCodeAt(i)
    if (code === 46) {
      key = key * 256 + octet
      octet = 0
    } else octet = octet * 10 + code - 48
  }
  return key * 256 + octet
}

export const v4Text = (key: number): string => `${key >>> 24}.${(key >>> 16) & 255}.${(key >>> 8) & 255}.${key & 255}`

/** The words of a canonical IPv6 address or of a source entity (`2001:db8:0:1::/64`). */
export function v6Key(address: string): [number, number] {
  const { parts } = ipaddr.IPv6.parse(address.endsWith('/64') ? address.slice(0, -3) : address)
  return [((parts[0]! << 16) | parts[1]!) >>> 0, ((parts[2]! << 16) | parts[3]!) >>> 0]
}

/** An address or CIDR, host bits ignored; null for anything else (see `canonicalAddress` for the forms refused). */
export function rangeOf(text: string): V4Range | V6Range | null {
  const slash = text.indexOf('/')
  const address = canonicalAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === null) return null
  const isV4 = !address.includes(':')
  const most = isV4 ? 32 : 128
  const prefix = slash < 0 ? most : prefixOf(text.slice(slash + 1), most)
  if (prefix === null) return null
  if (isV4) {
    const size = 2 ** (32 - prefix)
    const first = v4Key(address) - (v4Key(address) % size)
    return { version: 4, first, last: first + size - 1 }
  }
  const [high, low] = v6Key(address)
  const highMask = mask(prefix)
  const lowMask = mask(prefix - 32)
  return {
    version: 6,
    first: [(high & highMask) >>> 0, (low & lowMask) >>> 0],
    last: [(high | ~highMask) >>> 0, (low | ~lowMask) >>> 0],
    prefix,
  }
}

/** The upper `bits` bits of a word; all of them from 32 on, none from 0 down. */
const mask = (bits: number): number => (bits >= 32 ? 0xffffffff : bits <= 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0)

function prefixOf(text: string, most: number): number | null {
  if (!/^\d{1,3}$/.test(text)) return null
  const prefix = Number(text)
  return prefix <= most ? prefix : null
}
