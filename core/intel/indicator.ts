import type { EpochMs } from '../time.ts'

/** One entry of a list, as its format says it. */
export interface Indicator {
  tag: 'indicator'
  /** An address or CIDR, a domain, or a JA3 fingerprint (32 hex digits). */
  type: 'address' | 'domain' | 'ja3'
  text: string
  /** How sure the list is, 0-1; 1 where it gives no number. */
  score: number
  from: EpochMs | null
  until: EpochMs | null
}

/** What a format makes of a line or element. `null`: nothing is said there (a comment, a heading). */
export type Reading = Indicator | { tag: 'unreadable'; why: string } | null

/** How scores of a CSV are to be read: probabilities, percentages, or by how many lists hold the address. */
export const SCALES = ['0-1', '0-100', 'count'] as const
export type Scale = (typeof SCALES)[number]

export type ListFormat =
  | { form: 'lines'; reader(scale: Scale): (line: string) => Reading }
  /** Read as a whole; an error says what is missing. */
  | { form: 'document'; read(document: unknown): Reading[] | string }

export const unreadable = (why: string): Reading => ({ tag: 'unreadable', why })

export const indicator = (
  type: Indicator['type'],
  text: string,
  { score = 1, from = null, until = null }: Partial<Pick<Indicator, 'score' | 'from' | 'until'>> = {},
): Indicator => ({ tag: 'indicator', type, text, score, from, until })

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/
const JA3 = /^[0-9a-f]{32}$/i

/** A domain in lower case without the closing dot; null for what is none (a single label, an address, a URL). */
export function domainOf(text: string): string | null {
  if (text.length > 254) return null
  const domain = text.toLowerCase().replace(/\.$/, '')
  const labels = domain.split('.')
  if (labels.length < 2 || /^\d+$/.test(labels.at(-1)!)) return null
  return labels.every((label) => LABEL.test(label)) ? domain : null
}

/** In lower case; null for what is no MD5 in hex. */
export const ja3Of = (text: string): string | null => (JA3.test(text) ? text.toLowerCase() : null)

/** An address, CIDR or domain by its looks; addresses are checked where they are put into a table. */
export function hostIndicator(text: string, given: Partial<Pick<Indicator, 'score' | 'from' | 'until'>> = {}): Reading {
  if (/^[0-9.]+(\/\d+)?$/.test(text) || text.includes(':')) return indicator('address', text, given)
  const domain = domainOf(text)
  return domain === null
    ? unreadable(`"${shown(text)}" is no address, CIDR or domain`)
    : indicator('domain', domain, given)
}

/** The host of a URL; null where it has none. */
export function hostOfUrl(text: string): string | null {
  try {
    const { hostname } = new URL(text)
    return hostname.replace(/^\[|\]$/g, '') || null
  } catch {
    // The only way it says that it is no URL.
    return null
  }
}

/** Text of a list in an answer to the user: bounded, in one line. */
export const shown = (text: string): string => {
  const line = text.replace(/\p{Cc}+/gu, ' ').trim()
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}
