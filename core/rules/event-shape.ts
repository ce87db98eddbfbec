import type { CanonicalEvent } from '../events/event.ts'
import { EVENT_FIELDS } from './event-fields.ts'

/**
 * The shape of an event: its words of few kinds, and which fields it has. Events of one shape are told apart by their other
 * values only, so what a rule asks of words and of absent fields is decided once for all of them.
 */

/** Fields whose values are part of the shape. */
const WORDS = ['event_type', 'proto', 'service', 'tcp_state'] as const
/** Fields that are read from another one: absent where that is. */
const READ_FROM: Readonly<Record<string, string>> = {
  event_kind: 'event_type',
  src_scope: 'src_ip',
  dst_scope: 'dst_ip',
  'dns.parent': 'dns.query',
  'http.decoded_path': 'http.path',
}
/** Decided by the shape whatever the event's other values are. */
const DECIDED: ReadonlySet<string> = new Set([...WORDS, 'event_kind'])

const STORED = [...EVENT_FIELDS].filter(([name]) => !(name in READ_FROM)).map(([, field]) => field)
/** A bit a field, in numbers that hold 30 each. */
const BITS = 30

/** Equal for events of one shape, and for no others. */
export function shapeOf(event: CanonicalEvent): string {
  let key = ''
  for (let from = 0; from < STORED.length; from += BITS) {
    let mask = 0
    const end = Math.min(STORED.length, from + BITS)
    for (let i = from; i < end; i++) if (STORED[i]!.of(event) !== undefined) mask |= 1 << (i - from)
    key += `${mask},`
  }
  const { event_type: type, proto = '', service = '', tcp_state = '' } = event
  // With their lengths, so that no choice of words can look like another one.
  return `${key}${type.length},${proto.length},${service.length} ${type}${proto}${service}${tcp_state}`
}

/** Whether the field has the same value in all events of this one's shape: it is a word of it, or absent. */
export const isOfShape = (name: string, event: CanonicalEvent): boolean =>
  DECIDED.has(name) || EVENT_FIELDS.get(READ_FROM[name] ?? name)!.of(event) === undefined
