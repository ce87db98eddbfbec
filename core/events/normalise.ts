import { err, ok, type Result } from '../result.ts'
import type { EpochMs } from '../time.ts'
import { canonicalAddress } from './address.ts'
import { boundText, MAX_EVENT_ID, MAX_EVENT_TYPE } from './bounds.ts'
import type { CanonicalEvent } from './event.ts'

/**
 * What a parser found, still in the terms of the log: every value unchecked. Keys are those of a canonical event; null
 * and undefined both mean absent.
 */
export type Draft = { [Key in keyof CanonicalEvent]?: unknown }

/** Checks one value: what it becomes, or `undefined` when it is not what the field holds. */
type Check = (value: unknown) => string | number | undefined

const text: Check = (value) => (typeof value === 'string' ? boundText(value) : undefined)
const word: Check = (value) => (typeof value === 'string' ? boundText(value).toLowerCase() : undefined)
const address: Check = (value) => (typeof value === 'string' ? (canonicalAddress(value) ?? undefined) : undefined)
const whole =
  (max: number): Check =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max ? value + 0 : undefined
/** Never -0: it would be another number than 0 in a hash, and the same in JSON. */
const count: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value + 0 : undefined
const eventType: Check = (value) =>
  typeof value === 'string' && value.length <= MAX_EVENT_TYPE && EVENT_TYPE.test(value)
    ? value.toLowerCase()
    : undefined
const eventId: Check = (value) =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_EVENT_ID ? value : undefined
const sha256: Check = (value) => (typeof value === 'string' && SHA256.test(value) ? value.toLowerCase() : undefined)

export const EVENT_TYPE = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/i
export const SHA256 = /^[0-9a-f]{64}$/i

/**
 * Application protocols in Picket's words: lower case, and `tls` where exporters still say `ssl`. Zeek may name several,
 * joined by commas (`ssl,http`); they stay several.
 */
export const serviceName = (value: string): string => {
  const lower = boundText(value).toLowerCase()
  return lower.includes('ssl') ? lower.replace(/(^|,)ssl(?=,|$)/g, '$1tls') : lower
}
const service: Check = (value) => (typeof value === 'string' ? serviceName(value) : undefined)

const PORT = 'a whole number from 0 to 65535'
const COUNT = 'a number of 0 or more'
const TEXT = 'text'
const ADDRESS = 'an IPv4 or IPv6 address'

interface Field {
  name: string
  check: Check
  /** Ends the sentence "NAME is not …". */
  expected: string
}
const field = (name: keyof CanonicalEvent | string, check: Check, expected: string): Field => ({
  name,
  check,
  expected,
})
const texts = (...names: string[]): Field[] => names.map((name) => field(name, text, TEXT))

/** The fields of a canonical event in the order in which it is written, `ts` apart. Nested ones are in GROUPS. */
const FIELDS: Field[] = [
  field('src_ip', address, ADDRESS),
  field('event_type', eventType, `a dotted name of at most ${MAX_EVENT_TYPE} characters`),
  field('event_id', eventId, `text of 1 to ${MAX_EVENT_ID} characters`),
  field('src_port', whole(65_535), PORT),
  field('dst_ip', address, ADDRESS),
  field('dst_port', whole(65_535), PORT),
  field('proto', word, TEXT),
  field('service', service, TEXT),
  ...['bytes_out', 'bytes_in', 'pkts_out', 'pkts_in', 'duration_s'].map((name) => field(name, count, COUNT)),
  ...texts('tcp_state', 'session', 'username', 'password', 'command', 'url'),
  field('sha256', sha256, '64 hexadecimal digits'),
]

const GROUPS: { name: string; fields: Field[] }[] = [
  {
    name: 'http',
    fields: [...texts('method', 'host', 'path'), field('status', whole(999), 'a status code'), ...texts('user_agent')],
  },
  { name: 'dns', fields: texts('query', 'qtype', 'rcode') },
  { name: 'tls', fields: texts('sni', 'version', 'ja3') },
  { name: 'ssh', fields: texts('client', 'hassh') },
  {
    name: 'alert',
    fields: [...texts('signature', 'category'), field('severity', whole(255), 'a whole number from 0 to 255')],
  },
  { name: 'process', fields: texts('name', 'command_line', 'parent', 'user') },
]

type Values = Record<string, unknown>

/**
 * A canonical event from a draft: addresses canonical, text bounded, numbers in range, unknown keys left out, absent
 * ones absent. Refused, with the reason, when a field holds what it cannot hold or a required one is absent.
 * The same as `CanonicalWire` (canonical-schema.ts) and several times as fast; a property test holds the two equal.
 */
export function normaliseEvent(ts: EpochMs | null, draft: Draft): Result<CanonicalEvent, string> {
  if (ts === null) return err('its time cannot be read')
  const event: Values = { ts }
  const refused = copyChecked(FIELDS, draft as Values, event, '')
  if (refused !== null) return err(refused)
  for (const { name, fields } of GROUPS) {
    const value = (draft as Values)[name]
    if (value === undefined || value === null) continue
    if (typeof value !== 'object' || Array.isArray(value)) return err(`${name} is not an object`)
    const group: Values = {}
    const wrong = copyChecked(fields, value as Values, group, `${name}.`)
    if (wrong !== null) return err(wrong)
    for (const _ in group) {
      event[name] = group
      break
    }
  }
  if (event.src_ip === undefined) return err('it names no source address (src_ip)')
  if (event.event_type === undefined) return err('it names no event_type')
  return ok(event as unknown as CanonicalEvent)
}

/** Copies what is present and right; the reason when something is wrong. */
function copyChecked(fields: Field[], from: Values, to: Values, prefix: string): string | null {
  for (const { name, check, expected } of fields) {
    const value = from[name]
    if (value === undefined || value === null) continue
    const checked = check(value)
    if (checked === undefined) return `${prefix}${name} is not ${expected}`
    to[name] = checked
  }
  return null
}
