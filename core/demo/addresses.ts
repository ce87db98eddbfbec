import type { Random } from '../learning/random.ts'
import { whole } from './scene.ts'

/**
 * Addresses of the scripted day. Nobody's: 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 are for documentation
 * (RFC 5737), 2001:db8::/32 too (RFC 3849), 198.18.0.0/15 is for benchmarks (RFC 2544). Inside is 10.20.0.0/16.
 *
 * | range | who |
 * |---|---|
 * | 192.0.2.0/28 | our servers as the world sees them |
 * | 198.18.0.0/16 | spoofed sources of the flood |
 * | 198.19.0.0/17 | one-packet probes |
 * | 198.19.128.0/17, 2001:db8::/32 | visitors, crawlers, monitors |
 * | 198.51.100.0/24, 203.0.113.0/24 | attackers, their servers; ordinary services outside |
 */
export const HONEYPOT = '192.0.2.10'
export const WEB_SERVER = '192.0.2.80'
export const PUBLIC_SERVERS = ['192.0.2.5', HONEYPOT, '192.0.2.12', '192.0.2.14', WEB_SERVER]

export const RESOLVER = '10.20.0.53'
export const DOMAIN_CONTROLLER = '10.20.8.2'
export const FILE_SERVER = '10.20.8.10'
export const BACKUP_SERVER = '10.20.9.5'

/** 40 desks. */
export const WORKSTATIONS = Array.from({ length: 40 }, (_, i) => `10.20.1.${20 + i}`)
export const SERVERS = Array.from({ length: 12 }, (_, i) => `10.20.8.${2 + i * 2}`)

/** Different addresses of a /16, by a walk that meets each once. */
export function distinctHosts(random: Random, prefix: string, count: number, from = 0, size = 65_536): string[] {
  // An odd step is coprime to a power of two.
  const step = whole(random, 1, size / 2 - 1) * 2 + 1
  let at = random.below(size)
  return Array.from({ length: count }, () => {
    at = (at + step) % size
    const host = from + at
    return `${prefix}.${host >> 8}.${host & 255}`
  })
}

/** Visitors of the web site: most by IPv4, every fifth by IPv6. */
export function visitors(random: Random, count: number): string[] {
  const hosts = distinctHosts(random, '198.19', count, 32_768, 32_768)
  return hosts.map((host, i) => (i % 5 === 4 ? ipv6(random) : host))
}

/** An address in a /64 of its own (RFC 5952 text). */
function ipv6(random: Random): string {
  const group = () => whole(random, 0x1000, 0xffff).toString(16)
  return `2001:db8:${group()}:${group()}:${group()}:${group()}:${group()}:${group()}`
}

export const ephemeralPort = (random: Random): number => whole(random, 32_768, 60_999)
