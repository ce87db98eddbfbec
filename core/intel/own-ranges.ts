import { isSiteLocal } from '../events/source.ts'
import { err, ok, type Result } from '../result.ts'
import { rangeOf, type V4Range, type V6Range } from './address-key.ts'

/** A list that holds more than this much at once is broken: IPv4 /8, IPv6 /16. */
const WIDEST_V4 = 2 ** 24
const WIDEST_V6_PREFIX = 16

/** IPv4 that no public host has (RFC 1918, 6598, 1122, 3927), as [first, last]; 0/8 and 127/8 by their first octet. */
const PRIVATE_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
].map((cidr) => rangeOf(cidr) as V4Range)

export type Range = V4Range | V6Range

/** Reads the setting OWN_RANGES: CIDRs and addresses of the user's own networks, divided by commas or spaces. */
export function parseOwnRanges(text: string | undefined): Result<Range[], string> {
  const ranges: Range[] = []
  for (const part of (text ?? '').split(/[\s,]+/)) {
    if (part === '') continue
    const range = rangeOf(part)
    if (range === null) return err(`OWN_RANGES: "${part}" is no address or CIDR`)
    ranges.push(range)
  }
  return ok(ranges)
}

/** Why no list may hold this range; null where it may. Private and own ranges may stand in an allow-list. */
export function whyRefused(range: Range, own: readonly Range[], isAllowList: boolean): string | null {
  const isWide = range.version === 4 ? range.last - range.first + 1 > WIDEST_V4 : range.prefix < WIDEST_V6_PREFIX
  if (isWide) return `wider than ${range.version === 4 ? '/8' : '/16'}`
  if (isAllowList) return null
  if (range.version === 4 ? PRIVATE_V4.some((other) => overlaps(range, other)) : isPrivateV6(range))
    return 'private addresses'
  return own.some((other) => overlaps(range, other)) ? 'your own addresses (OWN_RANGES)' : null
}

function isPrivateV6({ first: [high, low] }: V6Range): boolean {
  // fc00::/7, fe80::/10; :: and ::1 lie in ::/64.
  return high >>> 25 === 0x7e || high >>> 22 === 0x3fa || (high === 0 && low === 0)
}

function overlaps(a: Range, b: Range): boolean {
  if (a.version === 4) return b.version === 4 && a.first <= b.last && b.first <= a.last
  return b.version === 6 && notAfter(a.first, b.last) && notAfter(b.first, a.last)
}

const notAfter = (a: [number, number], b: [number, number]): boolean => a[0] < b[0] || (a[0] === b[0] && a[1] <= b[1])

/** True where an address or source entity may be looked up or told to others: it is public and not the user's own. */
export function isPublic(address: string, own: readonly Range[]): boolean {
  if (isSiteLocal(address)) return false
  if (own.length === 0) return true
  const range = rangeOf(address)
  return range !== null && !own.some((other) => overlaps(range, other))
}
