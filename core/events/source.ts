import type { CanonicalEvent } from './event.ts'

/**
 * The entity that windows are kept for: the IPv4 address, or the IPv6 /64 network written as its first address.
 * A host commonly owns a whole /64 (RFC 6177), so the interface part does not separate sources.
 */
export function sourceOf(event: CanonicalEvent): string {
  return entityOf(event.src_ip)
}

/** The entity of an address; see `sourceOf`. Takes canonical address text. */
export function entityOf(address: string): string {
  if (!address.includes(':')) return address
  const groups = expandIpv6(address)
  const network = groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${network.join(':')}::/64`
}

function expandIpv6(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  if (tail === undefined) return left
  const right = tail === '' ? [] : tail.split(':')
  return [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right]
}

/** True for addresses that only mean something at one site (RFC 1918, RFC 6598, RFC 4193, link-local, loopback). */
export function isSiteLocal(address: string): boolean {
  if (address.includes(':')) return /^(f[cd]|fe[89ab]|::1?$|::1?\/)/i.test(address)
  const dot = address.indexOf('.')
  const first = Number(address.slice(0, dot))
  if (first === 10 || first === 127 || first === 0) return true
  if (first !== 172 && first !== 192 && first !== 169 && first !== 100) return false
  const second = Number(address.slice(dot + 1, address.indexOf('.', dot + 1)))
  if (first === 172) return second >= 16 && second < 32
  if (first === 192) return second === 168
  if (first === 169) return second === 254
  return second >= 64 && second < 128
}
