import { MAX_TEXT } from '../events/bounds.ts'
import type { CanonicalEvent } from '../events/event.ts'
import { isSiteLocal } from '../events/source.ts'
import { EVENT_KINDS, eventKind } from '../window/signals/event-kind.ts'
import { percentDecoded } from '../window/signals/web-attack.ts'

/** Fields that a rule may name: those of a canonical event, and a few that are read from them. */
export interface EventField {
  kind: 'text' | 'number' | 'address'
  of(event: CanonicalEvent): string | number | undefined
}

const field = (kind: EventField['kind'], of: EventField['of']): EventField => ({ kind, of })

/** Twice, as a server behind a proxy may see it; lower case, `+` as space. Remembered: a dozen rules ask for it. */
const decodedPaths = new WeakMap<CanonicalEvent, string>()
function decodedPath(event: CanonicalEvent): string | undefined {
  const path = event.http?.path
  if (path === undefined) return undefined
  const known = decodedPaths.get(event)
  if (known !== undefined) return known
  let text = path.slice(0, MAX_TEXT)
  for (let round = 0; round < 2 && text.includes('%'); round++) text = percentDecoded(text)
  text = text.toLowerCase().replaceAll('+', ' ')
  decodedPaths.set(event, text)
  return text
}

/** The domain that somebody registered, near enough: two labels, three below such as `co.uk`. */
function parentDomain(query: string | undefined): string | undefined {
  const labels = query?.toLowerCase().replace(/\.$/, '').split('.')
  if (!labels || labels.length < 2) return undefined
  const isShort = labels.at(-1)!.length === 2 && labels.at(-2)!.length <= 3 && labels.length > 2
  return labels.slice(isShort ? -3 : -2).join('.')
}

/** `private` is what only means something at one site, multicast and broadcast too; the rest is `public`. */
const scope = (address: string | undefined): string | undefined =>
  address === undefined ? undefined : isSiteLocal(address) || MULTICAST.test(address) ? 'private' : 'public'
const MULTICAST = /^(?:22[4-9]|2[34]\d|25[0-5])\.|^ff/

export const EVENT_FIELDS: ReadonlyMap<string, EventField> = new Map(
  Object.entries<EventField>({
    event_type: field('text', (e) => e.event_type),
    src_ip: field('address', (e) => e.src_ip),
    src_port: field('number', (e) => e.src_port),
    dst_ip: field('address', (e) => e.dst_ip),
    dst_port: field('number', (e) => e.dst_port),
    proto: field('text', (e) => e.proto),
    service: field('text', (e) => e.service),
    bytes_out: field('number', (e) => e.bytes_out),
    bytes_in: field('number', (e) => e.bytes_in),
    pkts_out: field('number', (e) => e.pkts_out),
    pkts_in: field('number', (e) => e.pkts_in),
    duration_s: field('number', (e) => e.duration_s),
    tcp_state: field('text', (e) => e.tcp_state),
    session: field('text', (e) => e.session),
    username: field('text', (e) => e.username),
    password: field('text', (e) => e.password),
    command: field('text', (e) => e.command),
    url: field('text', (e) => e.url),
    sha256: field('text', (e) => e.sha256),
    'http.method': field('text', (e) => e.http?.method),
    'http.host': field('text', (e) => e.http?.host),
    'http.path': field('text', (e) => e.http?.path),
    'http.status': field('number', (e) => e.http?.status),
    'http.user_agent': field('text', (e) => e.http?.user_agent),
    'dns.query': field('text', (e) => e.dns?.query),
    'dns.qtype': field('text', (e) => e.dns?.qtype),
    'dns.rcode': field('text', (e) => e.dns?.rcode),
    'tls.sni': field('text', (e) => e.tls?.sni),
    'tls.version': field('text', (e) => e.tls?.version),
    'tls.ja3': field('text', (e) => e.tls?.ja3),
    'ssh.client': field('text', (e) => e.ssh?.client),
    'ssh.hassh': field('text', (e) => e.ssh?.hassh),
    'alert.signature': field('text', (e) => e.alert?.signature),
    'alert.category': field('text', (e) => e.alert?.category),
    'alert.severity': field('number', (e) => e.alert?.severity),
    'process.name': field('text', (e) => e.process?.name),
    'process.command_line': field('text', (e) => e.process?.command_line),
    'process.parent': field('text', (e) => e.process?.parent),
    'process.user': field('text', (e) => e.process?.user),
    // Read from the others.
    event_kind: field('text', (e) => EVENT_KINDS[eventKind(e.event_type)]),
    src_scope: field('text', (e) => scope(e.src_ip)),
    dst_scope: field('text', (e) => scope(e.dst_ip)),
    'dns.parent': field('text', (e) => parentDomain(e.dns?.query)),
    'http.decoded_path': field('text', decodedPath),
  }),
)

/** The field, or the reason why a rule cannot name it, with the nearest known names. */
export function eventField(name: string): EventField | string {
  const known = EVENT_FIELDS.get(name)
  if (known !== undefined) return known
  const last = name.split('.').at(-1)!
  const near = [...EVENT_FIELDS.keys()].filter((one) => one.split('.').at(-1)!.startsWith(last.slice(0, 3)))
  const hint = near.length > 0 ? near.slice(0, 4).join(', ') : 'docs/rules.md lists them'
  return `${name} is no field of an event (${hint})`
}
