import type { Parser } from './event.ts'
import { isRecord, type JsonRecord, numberAt, parseRecord, recordAt, textAt } from './json-record.ts'
import { type Draft, normaliseEvent } from './normalise.ts'
import { isoTime } from './timestamp.ts'
import { unreadable } from './unreadable.ts'

/** Suricata's EVE JSON (Suricata User Guide, "EVE JSON Format"), one object a line. */
export const suricata: Parser = {
  format: 'suricata',
  sniff(line) {
    const start = line.slice(0, 4096)
    if (!/^\s*\{/.test(start) || !/"timestamp"\s*:/.test(start)) return false
    return (
      /"event_type"\s*:\s*"stats"/.test(start) || (start.includes('"dest_ip"') && /"event_type"|"alert"/.test(start))
    )
  },
  parse(line) {
    const read = parseRecord(line)
    if (!read.ok) return unreadable('suricata', read.error)
    const record = read.value
    // Some writers keep alerts only and leave out the type.
    const type = textAt(record, 'event_type') ?? (isRecord(record.alert) ? 'alert' : undefined)
    if (type === undefined) return unreadable('suricata', 'it has no event_type')
    // The engine's own counters.
    if (type === 'stats') return { ok: true, value: null }
    const stamp = textAt(record, 'timestamp') ?? ''
    const { draft, start } = (DRAFTS.get(type) ?? other)(record, {
      ...common(record),
      event_type: EVENT_TYPES.get(type) ?? type,
    })
    draft.event_id = identity(record, type, stamp)
    const event = normaliseEvent(isoTime(start ?? stamp), draft)
    return event.ok ? event : unreadable('suricata', event.error)
  },
}

interface Drafted {
  draft: Draft
  /** When it began, for a record that is written at its end. */
  start?: string | undefined
}
type DraftOf = (record: JsonRecord, draft: Draft) => Drafted

/** Types without a reading of their own in DRAFTS keep source, target and session; these have a better name. */
const EVENT_TYPES = new Map(
  Object.entries({
    http: 'http.request',
    http2: 'http.request',
    tls: 'tls.handshake',
    quic: 'tls.handshake',
    ssh: 'ssh.client',
    fileinfo: 'file.transfer',
    drop: 'packet.drop',
    ftp: 'ftp.command',
    ftp_data: 'file.transfer',
    krb5: 'kerberos.request',
    mqtt: 'mqtt.message',
    rdp: 'rdp.connect',
    rfb: 'rfb.connect',
    smb: 'smb.request',
    smtp: 'smtp.message',
    snmp: 'snmp.request',
    tftp: 'tftp.request',
  }),
)

const DRAFTS = new Map<string, DraftOf>(
  Object.entries<DraftOf>({
    flow(record, draft) {
      const flow = recordAt(record, 'flow')
      const start = textAt(flow, 'start')
      const began = isoTime(start ?? '')
      const ended = isoTime(textAt(flow, 'end') ?? '')
      return {
        start,
        draft: {
          ...draft,
          bytes_out: flow.bytes_toserver,
          bytes_in: flow.bytes_toclient,
          pkts_out: flow.pkts_toserver,
          pkts_in: flow.pkts_toclient,
          duration_s: began !== null && ended !== null && ended >= began ? secondsBetween(began, ended) : undefined,
          tcp_state: flow.state,
        },
      }
    },
    alert(record, draft) {
      const { signature, category, severity } = recordAt(record, 'alert')
      return { draft: { ...draft, alert: { signature, category, severity } } }
    },
    http(record, draft) {
      const http = recordAt(record, 'http')
      const { http_method: method, hostname: host, url: path, status, http_user_agent: user_agent } = http
      return { draft: { ...draft, service: 'http', http: { method, host, path, status, user_agent } } }
    },
    dns: (record, draft) => ({ draft: dnsDraft(record, draft) }),
    tls(record, draft) {
      const tls = recordAt(record, 'tls')
      const { sni, version } = tls
      return { draft: { ...draft, service: 'tls', tls: { sni, version, ja3: textAt(recordAt(tls, 'ja3'), 'hash') } } }
    },
    ssh(record, draft) {
      const client = recordAt(recordAt(record, 'ssh'), 'client')
      const software = textAt(client, 'software_version')
      // As it went over the wire (RFC 4253, 4.2), so that it compares with what other sensors log.
      const banner = software === undefined ? undefined : `SSH-${textAt(client, 'proto_version') ?? '2.0'}-${software}`
      const hassh = textAt(recordAt(client, 'hassh'), 'hash')
      return { draft: { ...draft, service: 'ssh', ssh: { client: banner, hassh } } }
    },
    fileinfo(record, draft) {
      const file = recordAt(record, 'fileinfo')
      const url = textAt(file, 'filename')
      const whole = { ...draft, url, sha256: textAt(file, 'sha256') }
      // The record's source is who sent the file: for a download, the server.
      const serverPort = numberAt(recordAt(record, 'http'), 'http_port')
      return { draft: isServerPort(draft.src_port, draft.dst_port, serverPort) ? turned(whole) : whole }
    },
  }),
)

const other: DraftOf = (_record, draft) => ({ draft })

function common(record: JsonRecord): Draft {
  const service = textAt(record, 'app_proto')
  return {
    src_ip: record.src_ip,
    src_port: record.src_port,
    dst_ip: record.dest_ip,
    dst_port: record.dest_port,
    proto: protocolName(record.proto),
    // "failed": detection gave up; "unknown": it has not begun.
    service: service === 'failed' || service === 'unknown' ? undefined : service,
  }
}

/**
 * Version 1 wrote a record for every answer and gave it the packet's direction; version 2 one record for all answers;
 * version 3 (Suricata 8) calls them request and response and lists the questions. The asker is the source in all.
 */
function dnsDraft(record: JsonRecord, draft: Draft): Draft {
  const dns = recordAt(record, 'dns')
  const type = textAt(dns, 'type')
  const questions: unknown = dns.queries ?? dns.query
  const question = Array.isArray(questions) && isRecord(questions[0]) ? questions[0] : dns
  const answers = type === 'answer' || type === 'response'
  const { rrname: query, rrtype: qtype } = question
  const drafted: Draft = {
    ...draft,
    event_type: answers ? 'dns.answer' : 'dns.query',
    service: 'dns',
    // A question has no outcome; version 3 writes the header's zero there as NOERROR.
    dns: { query, qtype, rcode: answers ? dns.rcode : undefined },
  }
  return answers && isServerPort(draft.src_port, draft.dst_port, 53) ? turned(drafted) : drafted
}

/** True when only the source's port is one that servers listen on. */
const isServerPort = (source: unknown, target: unknown, known: number | undefined): boolean =>
  typeof source === 'number' && source !== target && (source === known || (source < 1024 && Number(target) >= 1024))

const turned = (draft: Draft): Draft => ({
  ...draft,
  src_ip: draft.dst_ip,
  src_port: draft.dst_port,
  dst_ip: draft.src_ip,
  dst_port: draft.src_port,
})

/** Suricata writes names, but numbers for protocols that it has no name for. One word for ICMP, as Zeek has it. */
const protocolName = (proto: unknown): unknown => {
  if (typeof proto === 'number') return String(proto)
  return proto === 'IPv6-ICMP' || proto === 'ICMPv6' ? 'icmp' : proto
}

const flowId = (record: JsonRecord): string | undefined => {
  const id = record.flow_id
  return typeof id === 'number' || (typeof id === 'string' && id.length <= 32) ? String(id) : undefined
}

/** Records of a flow may share a time: alerts differ by signature, transactions by number, answers by what they answer. */
function identity(record: JsonRecord, type: string, stamp: string): string | undefined {
  const flow = flowId(record)
  if (flow === undefined) return undefined
  const dns = recordAt(record, 'dns')
  const parts = [
    record.tx_id ?? dns.tx_id,
    recordAt(record, 'alert').signature_id,
    dns.type,
    dns.id,
    dns.version === undefined ? dns.rdata : undefined,
    recordAt(record, 'fileinfo').filename,
  ]
  const detail = parts.filter((part) => part !== undefined).map((part) => `:${String(part).slice(0, 40)}`)
  return `suricata:${type.slice(0, 40)}:${flow}:${stamp.slice(0, 40)}${detail.join('')}`.slice(0, 256)
}

const secondsBetween = (from: number, to: number): number => Math.round((to - from) * 1000) / 1e6
