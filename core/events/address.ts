import ipaddr from 'ipaddr.js'

/**
 * The canonical text of an address: dotted IPv4 without leading zeros, or IPv6 by RFC 5952; IPv4-mapped IPv6
 * (`::ffff:192.0.2.1`) becomes IPv4, a zone (`%eth0`) is dropped because it means something on one host only.
 * Null for anything else, the short, octal and hexadecimal forms of IPv4 included: they read differently in
 * different programs, and an address that is read wrongly blames an innocent one.
 */
export function canonicalAddress(text: string): string | null {
  if (text.length > 64) return null
  if (isDottedQuad(text)) return text
  return text.includes(':') ? canonicalIpv6(text) : null
}

function isDottedQuad(text: string): boolean {
  const length = text.length
  if (length < 7 || length > 15) return false
  let octet = -1
  let dots = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code === 46) {
      if (octet < 0) return false
      dots++
      octet = -1
    } else if (code >= 48 && code <= 57) {
      if (octet === 0) return false
      octet = (octet < 0 ? 0 : octet * 10) + code - 48
      if (octet > 255) return false
    } else return false
  }
  return dots === 3 && octet >= 0
}

/** Parsing IPv6 takes 2 µs; sources repeat. A bound, and no order: an address is always written the same way. */
const knownIpv6 = new Map<string, string | null>()
const KNOWN_IPV6 = 4096

function canonicalIpv6(text: string): string | null {
  let canonical = knownIpv6.get(text)
  if (canonical === undefined) {
    canonical = parseIpv6(text)
    if (knownIpv6.size >= KNOWN_IPV6) knownIpv6.clear()
    knownIpv6.set(text, canonical)
  }
  return canonical
}

function parseIpv6(text: string): string | null {
  const zone = text.indexOf('%')
  const bare = zone < 0 ? text : text.slice(0, zone)
  const dotted = bare.includes('.')
  // ipaddr.js takes leading zeros in the dotted part, and ::192.0.2.1 (deprecated, RFC 4291) for a mapped address.
  if (dotted && !isDottedQuad(bare.slice(bare.lastIndexOf(':') + 1))) return null
  if (dotted && bare.startsWith('::') && !/ffff/i.test(bare)) return null
  try {
    const parsed = ipaddr.IPv6.parse(bare)
    return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.toRFC5952String()
  } catch {
    // The library's only way to say that it is no IPv6 address.
    return null
  }
}
