import type { Parser } from './event.ts'
import { type JsonRecord, parseRecord, textAt } from './json-record.ts'
import { type Draft, normaliseEvent } from './normalise.ts'
import { isoTime } from './timestamp.ts'
import { excerpt, unreadable } from './unreadable.ts'

/**
 * Cowrie's JSON log, one object a line (Cowrie documentation, "Output Event Code Reference").
 * The protocol word of a type is the session's: `ssh` here stands for `telnet` too.
 */
const EVENT_TYPES: Record<string, string> = {
  'session.connect': 'ssh.connect',
  'session.closed': 'ssh.session.closed',
  'client.version': 'ssh.client',
  'client.kex': 'ssh.kex',
  'client.fingerprint': 'ssh.key.offered',
  'login.failed': 'ssh.login.failed',
  'login.success': 'ssh.login.success',
  'command.input': 'ssh.command',
  'direct-tcpip.request': 'ssh.tunnel.request',
  'direct-tcpip.data': 'ssh.tunnel.data',
  'direct-tcpip.ja4': 'ssh.tunnel.data',
  'direct-tcpip.ja4h': 'ssh.tunnel.data',
  'tcpip-forward.request': 'ssh.tunnel.listen',
  'session.file_download': 'file.download',
  'session.file_download.failed': 'file.download.failed',
  'session.file_upload': 'file.upload',
}

/** The honeypot's own bookkeeping, or what it thought of a command that `command.input` already told. */
const NO_EVENTS = new Set([
  'client.size',
  'client.var',
  'command.failed',
  'command.success',
  'log.closed',
  'log.open',
  'session.params',
  'virustotal.scanfile',
  'virustotal.scanurl',
])

export const cowrie: Parser = {
  format: 'cowrie',
  sniff: (line) => /^\s*\{/.test(line.slice(0, 4096)) && /"eventid"\s*:\s*"cowrie\./.test(line.slice(0, 4096)),
  parse(line) {
    const read = parseRecord(line)
    if (!read.ok) return unreadable('cowrie', read.error)
    const record = read.value
    const name = textAt(record, 'eventid')
    if (name === undefined || !name.startsWith('cowrie.')) return unreadable('cowrie', 'it has no eventid of Cowrie')
    const kind = name.slice('cowrie.'.length)
    if (NO_EVENTS.has(kind)) return { ok: true, value: null }
    const eventType = Object.hasOwn(EVENT_TYPES, kind) ? EVENT_TYPES[kind] : undefined
    if (eventType === undefined) return unreadable('cowrie', `${excerpt(name)} is not a known event of Cowrie`)
    const event = normaliseEvent(isoTime(textAt(record, 'timestamp') ?? ''), draft(record, kind, eventType))
    return event.ok ? event : unreadable('cowrie', event.error)
  },
}

function draft(record: JsonRecord, kind: string, eventType: string): Draft {
  const protocol = protocolOf(record)
  const session = textAt(record, 'session')
  const common: Draft = {
    src_ip: record.src_ip,
    event_type: protocol === 'telnet' ? eventType.replace(/^ssh\./, 'telnet.') : eventType,
    event_id: session === undefined ? undefined : identity(session, kind, record),
    proto: 'tcp',
    service: protocol,
    session,
  }
  switch (kind) {
    case 'session.connect':
      return { ...common, src_port: record.src_port, dst_ip: record.dst_ip, dst_port: record.dst_port }
    case 'session.closed':
      return { ...common, duration_s: seconds(record.duration) }
    case 'client.version':
      return { ...common, ssh: { client: record.version } }
    case 'client.kex':
      return { ...common, ssh: { hassh: record.hassh } }
    case 'client.fingerprint':
      return { ...common, username: record.username }
    case 'login.failed':
    case 'login.success':
      return { ...common, username: record.username, password: record.password }
    case 'command.input':
      return { ...common, command: record.input }
    case 'session.file_download':
    case 'session.file_download.failed':
    case 'session.file_upload':
      return { ...common, url: record.url, sha256: record.shasum }
    default:
      // A tunnel's ports and addresses are those of its far end, not of this connection; the original line tells them.
      return common
  }
}

/** Old versions name the protocol only when a session begins; the transport's name tells it on the other lines. */
function protocolOf(record: JsonRecord): string {
  const protocol = textAt(record, 'protocol')
  if (protocol === 'ssh' || protocol === 'telnet') return protocol
  return textAt(record, 'system')?.includes('Telnet') ? 'telnet' : 'ssh'
}

/** Newer versions write the duration as text. */
const seconds = (duration: unknown): unknown =>
  typeof duration === 'string' && /^\d+(?:\.\d+)?$/.test(duration) ? Number(duration) : duration

const identity = (session: string, kind: string, record: JsonRecord): string =>
  `cowrie:${session}:${kind}:${textAt(record, 'timestamp') ?? ''}`
