import ipaddr from 'ipaddr.js'
import { canonicalAddress } from '../../events/address.ts'
import { withinRanges } from '../../events/source-ranges.ts'
import type { AddressFamily } from './providers.ts'

/** An address that may be told to a stranger, or why it may not. */
export type Sendable = { ok: true; family: AddressFamily } | { ok: false; why: 'no-address' | 'not-public' | 'own' }

/**
 * Whether an address may be sent to somebody outside. Only public unicast ones: what is private, reserved, for
 * documentation, link-local, shared (RFC 6598) or a translation that hides another address says something of the
 * network that it was seen in, and nothing to the service. Of IPv6 only 2000::/3, which alone is allocated.
 * @param own networks in CIDR form; one that cannot be read lets nothing pass
 */
export function sendableUnless(own: readonly string[]): (address: string) => Sendable {
  const isReadable = own.every((network) => ipaddr.isValidCIDR(network))
  const isOwn = withinRanges([...own])
  return (text) => {
    if (canonicalAddress(text) !== text) return { ok: false, why: 'no-address' }
    const address = ipaddr.parse(text)
    if (address.range() !== 'unicast') return { ok: false, why: 'not-public' }
    if (address.kind() === 'ipv6' && !address.match(GLOBAL_UNICAST)) return { ok: false, why: 'not-public' }
    if (!isReadable || isOwn(text)) return { ok: false, why: 'own' }
    return { ok: true, family: address.kind() }
  }
}

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')
