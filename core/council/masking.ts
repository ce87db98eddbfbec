import { canonicalAddress } from '../events/address.ts'
import type { CanonicalEvent } from '../events/event.ts'
import { sendableUnless } from '../intel/live/sendable.ts'
import type { EvidencePack, PackEvent } from './evidence-pack.ts'

/** What is hidden from a verifier. Passwords that were tried, user names, names and addresses of one's own. */
export interface Mask {
  token: string
  value: string
  kind: 'USER' | 'PASSWORD' | 'HOST' | 'ADDRESS' | 'SENSOR'
}

/** Ends of names that are used inside networks only (RFC 2606, RFC 6762, RFC 8375, and use). */
const INTERNAL_NAME = /(?:^[^.]+$|\.(?:local|internal|intranet|lan|corp|home|private|localdomain|test|home\.arpa)\.?$)/i
/** One group, so that `split` keeps what it matched. Times of day look like IPv6 and are told apart afterwards. */
const ADDRESS_IN_TEXT =
  /((?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\w)|(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:]))/i
/** The host in a syslog line, and names of machines in JSON logs. */
const SYSLOG_HOST = /^(?:<\d{1,3}>)?(?:1 )?(?:[A-Z][a-z]{2} +\d{1,2} [\d:]{8}|\d{4}-\d\d-\d\dT\S{5,30}) (\S{1,255}) /
const JSON_HOST = /"(?:sensor|host|hostname|sensor_name|agent|computer)"\s*:\s*"([^"\\]{1,255})"/gi
/** Passwords shorter than this are replaced as whole words only: elsewhere they would take a line apart. */
const SHORT = 4
const NAMED_FIELDS = new Set(['username', 'password', 'process.user', 'dst_ip', 'src_ip'])

/**
 * Replaces what must not leave by tokens, the same value always by the same token, and puts it back into what comes back.
 * Made once a case, so that a verifier can tell two users apart without knowing either.
 */
export class Masker {
  readonly #byValue = new Map<string, Mask>()
  readonly #isSendable: (address: string) => boolean
  readonly #shownAddresses: ReadonlySet<string>
  /** Every spelling of every value; null when a value has come since. */
  #pattern: RegExp | null = null
  readonly #bySpelling = new Map<string, Mask>()

  /**
   * @param known masks that were given out before, which keep their tokens
   * @param own one's own networks (CIDR): never shown to anybody outside
   */
  constructor(pack: EvidencePack, evidence: readonly PackEvent[], known: readonly Mask[], own: readonly string[]) {
    for (const mask of known) this.#put(mask)
    const sendable = sendableUnless(own)
    this.#isSendable = (address) => sendable(address).ok
    // A stranger's targets are ours, even where their addresses are public; our own host's targets are strangers.
    this.#shownAddresses = new Set(
      this.#isSendable(pack.source)
        ? [pack.source]
        : evidence.flatMap(({ event }) => (event.dst_ip && this.#isSendable(event.dst_ip) ? [event.dst_ip] : [])),
    )
    for (const packed of [...evidence, ...pack.shown]) this.#learn(packed)
    for (const { host } of pack.targets) if (host !== null) this.#learnHost(host, pack.source)
  }

  get masks(): Mask[] {
    return [...this.#byValue.values()]
  }

  /** A field's value as a verifier may see it. */
  value(field: string, text: string): string {
    const known = NAMED_FIELDS.has(field) ? this.#byValue.get(text) : undefined
    return known?.token ?? this.text(text)
  }

  /** A free text with every known value and every address of one's own replaced. */
  text(text: string): string {
    this.#pattern ??= patternOf([...this.#byValue.values()])
    const pattern = this.#pattern
    // Addresses first: no value may be read out of a part of one. One pass each, so that no token is taken for a value.
    return text
      .split(ADDRESS_IN_TEXT)
      .map((part, i) => (i % 2 === 1 ? this.address(part) : part.replace(pattern, (value) => this.#token(value))))
      .join('')
  }

  address(text: string): string {
    const address = canonicalAddress(text)
    if (address === null || this.#shownAddresses.has(address)) return text
    return this.#mask('ADDRESS', address)
  }

  /** What a verifier wrote, with the values back; `keep` says which stay hidden. */
  restore(text: string, keep: (mask: Mask) => boolean = () => false): string {
    return restoreMasks(text, this.masks, keep)
  }

  #learn({ event, original, sensor }: PackEvent): void {
    this.#mask('SENSOR', sensor)
    if (event.password) this.#mask('PASSWORD', event.password)
    if (event.username) this.#mask('USER', event.username)
    if (event.process?.user) this.#mask('USER', event.process.user)
    for (const address of [event.src_ip, event.dst_ip]) if (address) this.address(address)
    for (const name of namesIn(event)) this.#learnHost(name, event.src_ip)
    const syslog = SYSLOG_HOST.exec(original)?.[1]
    if (syslog && !this.#shownAddresses.has(syslog)) this.#mask('HOST', syslog)
    for (const [, name] of original.slice(0, 8_192).matchAll(JSON_HOST))
      if (name && !this.#shownAddresses.has(name)) this.#mask('HOST', name)
  }

  #learnHost(name: string, source: string): void {
    if (this.#shownAddresses.has(name)) return
    // What a stranger asked for by name is ours; what our host asks for is not, unless the name is an internal one.
    if (this.#isSendable(source) || INTERNAL_NAME.test(name)) this.#mask('HOST', name)
  }

  #mask(kind: Mask['kind'], value: string): string {
    if (value === '') return value
    const known = this.#byValue.get(value)
    if (known) return known.token
    let count = 1
    for (const mask of this.#byValue.values()) if (mask.kind === kind) count++
    const mask = { token: `${kind}_${count}`, value, kind }
    this.#put(mask)
    return mask.token
  }

  #put(mask: Mask): void {
    this.#byValue.set(mask.value, mask)
    for (const spelling of spellings(mask.value))
      if (!this.#bySpelling.has(spelling)) this.#bySpelling.set(spelling, mask)
    this.#pattern = null
  }

  #token(spelling: string): string {
    return this.#bySpelling.get(spelling)?.token ?? spelling
  }
}

/** Puts masked values back. A token that stands for nothing stays as it is. */
export function restoreMasks(
  text: string,
  masks: readonly Mask[],
  keep: (mask: Mask) => boolean = () => false,
): string {
  const byToken = new Map(masks.map((mask) => [mask.token, mask]))
  return text.replace(/\b(?:USER|PASSWORD|HOST|ADDRESS|SENSOR)_\d+\b/g, (token) => {
    const mask = byToken.get(token)
    return mask && !keep(mask) ? mask.value : token
  })
}

/** Passwords stay masked where not only analysts read. */
export const isPassword = ({ kind }: Mask): boolean => kind === 'PASSWORD'

function namesIn({ http, tls, dns }: CanonicalEvent): string[] {
  return [http?.host, tls?.sni, dns?.query].filter((name) => name !== undefined && name !== '') as string[]
}

/** A value as it is, as a JSON log and as a URL writes it. */
function spellings(value: string): string[] {
  const quoted = JSON.stringify(value).slice(1, -1)
  return [...new Set([value, quoted, percentEncoded(value)])]
}

function percentEncoded(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    // A lone surrogate has no such form.
    return value
  }
}

/** Longest first. A password is found anywhere, everything else as a whole word: /administrator is not the user admin. */
function patternOf(masks: readonly Mask[]): RegExp {
  const each = masks
    .flatMap(({ value, kind }) =>
      spellings(value).map((spelling) => ({ spelling, whole: kind !== 'PASSWORD' || spelling.length < SHORT })),
    )
    .sort((a, b) => b.spelling.length - a.spelling.length)
  // What may stand beside a word is said once for all words in a row: each time it costs the engine thousands of ranges.
  const rows: { whole: boolean; literals: string[] }[] = []
  for (const { spelling, whole } of each) {
    const literal = spelling.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    const row = rows.at(-1)
    if (row?.whole === whole) row.literals.push(literal)
    else rows.push({ whole, literals: [literal] })
  }
  const patterns = rows.map(({ whole, literals }) =>
    whole ? `(?<![\\p{L}\\p{N}_])(?:${literals.join('|')})(?![\\p{L}\\p{N}_])` : literals.join('|'),
  )
  return patterns.length === 0 ? /(?!)/g : new RegExp(patterns.join('|'), 'gu')
}
