import { err, type Result } from '../result.ts'
import { hash32 } from '../window/hash.ts'
import type { CanonicalEvent } from './event.ts'
import { type Draft, normaliseEvent } from './normalise.ts'
import { epochSeconds, isoTime } from './timestamp.ts'
import { excerpt } from './unreadable.ts'

/**
 * What Zeek's logs mean, whichever way they are written (Zeek documentation, "Zeek Log Formats and Inspection").
 * The originator of a connection is the source.
 */

/** One record's fields by Zeek's names. An unset field is undefined; NaN is a number that cannot be read. */
export interface ZeekFields {
  has(name: string): boolean
  text(name: string): string | undefined
  number(name: string): number | undefined
  flag(name: string): boolean | undefined
}

interface ZeekLog {
  /** Fields that, present together, tell this log from the others; JSON records do not name their log. */
  known: string[]
  /** Fields beside time, connection and identity. */
  draft(fields: ZeekFields): Draft
  /** What makes two records of one connection at one time different. */
  detail?(fields: ZeekFields): string
}

/** Logs by name (`#path`, `_path`), the likelier first: the first whose fields are there names a JSON record. */
const LOGS = new Map<string, ZeekLog>(
  Object.entries<ZeekLog>({
    conn: {
      known: ['conn_state'],
      draft: (f) => ({
        event_type: 'flow',
        service: f.text('service'),
        bytes_out: f.number('orig_bytes'),
        bytes_in: f.number('resp_bytes'),
        pkts_out: f.number('orig_pkts'),
        pkts_in: f.number('resp_pkts'),
        duration_s: f.number('duration'),
        tcp_state: f.text('conn_state'),
      }),
    },
    dns: {
      known: ['AA', 'rejected'],
      draft: (f) => ({
        event_type: 'dns.query',
        service: 'dns',
        dns: { query: f.text('query'), qtype: f.text('qtype_name'), rcode: f.text('rcode_name') },
      }),
      detail: (f) => `${f.number('trans_id') ?? ''}:${f.text('qtype_name') ?? ''}:${hash32(f.text('query') ?? '')}`,
    },
    http: {
      known: ['trans_depth', 'request_body_len'],
      draft: (f) => ({
        event_type: 'http.request',
        proto: 'tcp',
        service: 'http',
        bytes_out: f.number('request_body_len'),
        bytes_in: f.number('response_body_len'),
        username: f.text('username'),
        password: f.text('password'),
        http: {
          method: f.text('method'),
          host: f.text('host'),
          path: f.text('uri'),
          status: f.number('status_code'),
          user_agent: f.text('user_agent'),
        },
      }),
      detail: (f) => String(f.number('trans_depth') ?? ''),
    },
    ssl: {
      known: ['established', 'resumed'],
      draft: (f) => ({
        event_type: 'tls.handshake',
        proto: 'tcp',
        service: 'tls',
        tls: { sni: f.text('server_name'), version: f.text('version'), ja3: f.text('ja3') },
      }),
    },
    ssh: {
      known: ['auth_attempts'],
      draft: (f) => ({
        event_type: SSH_OUTCOMES[String(f.flag('auth_success')) as 'true' | 'false' | 'undefined'],
        proto: 'tcp',
        service: 'ssh',
        ssh: { client: f.text('client'), hassh: f.text('hassh') },
      }),
    },
    notice: {
      known: ['note', 'actions'],
      draft: (f) => ({
        event_type: 'alert',
        src_ip: f.text('src') ?? f.text('id.orig_h'),
        dst_ip: f.text('dst') ?? f.text('id.resp_h'),
        dst_port: f.number('p') ?? f.number('id.resp_p'),
        alert: { signature: f.text('note') },
      }),
      detail: (f) => `${f.text('note') ?? ''}:${hash32(f.text('msg') ?? '')}`,
    },
    smtp: { known: ['trans_depth', 'tls'], draft: () => session('smtp.message', 'smtp'), detail: depth },
    ftp: {
      known: ['user', 'command'],
      draft: (f) => ({
        ...session('ftp.command', 'ftp'),
        username: f.text('user'),
        password: f.text('password'),
        command: f.text('command'),
        url: f.text('arg'),
      }),
      detail: (f) => `${f.text('command') ?? ''}:${hash32(f.text('arg') ?? '')}`,
    },
    rdp: {
      known: ['cert_count'],
      draft: (f) => ({ ...session('rdp.connect', 'rdp'), username: f.text('cookie') }),
    },
    ntlm: {
      known: ['domainname', 'hostname'],
      draft: (f) => ({ ...session(outcome('ntlm', f.flag('success')), 'ntlm'), username: f.text('username') }),
    },
    kerberos: {
      known: ['request_type'],
      draft: (f) => ({
        ...session(outcome('kerberos', f.flag('success')), 'kerberos'),
        username: f.text('client'),
      }),
    },
    smb_mapping: { known: ['share_type'], draft: (f) => ({ ...session('smb.share', 'smb'), url: f.text('path') }) },
    smb_files: {
      known: ['action', 'name'],
      draft: (f) => ({ ...session('smb.file', 'smb'), url: f.text('name') }),
      detail: (f) => `${f.text('action') ?? ''}:${hash32(f.text('name') ?? '')}`,
    },
    dce_rpc: {
      known: ['endpoint', 'operation'],
      draft: (f) => ({ ...session('rpc.request', 'dce_rpc'), command: f.text('operation') }),
      detail: (f) => f.text('operation') ?? '',
    },
  }),
)

const SSH_OUTCOMES = { true: 'ssh.login.success', false: 'ssh.login.failed', undefined: 'ssh.connect' }

/** For logs that name no transport: Zeek's analysers of these protocols follow TCP. */
function session(event_type: string, service: string): Draft {
  return { event_type, proto: 'tcp', service }
}
function outcome(protocol: string, success: boolean | undefined): string {
  return success === undefined ? `${protocol}.login` : `${protocol}.login.${success ? 'success' : 'failed'}`
}
function depth(fields: ZeekFields): string {
  return String(fields.number('trans_depth') ?? '')
}

/** The log that a record belongs to by its fields, or null. */
export function logOf(fields: Pick<ZeekFields, 'has'>): string | null {
  for (const [name, log] of LOGS) if (log.known.every((field) => fields.has(field))) return name
  return null
}

/** The event that one record of a log tells. `log` is Zeek's name for the log; null when nothing names it. */
export function readZeekRecord(log: string | null, fields: ZeekFields): Result<CanonicalEvent, string> {
  if (log === null) return err('its fields are those of no log of Zeek that Picket reads')
  const known = LOGS.get(log)
  if (known === undefined) {
    return err(`Picket reads no events from Zeek's log ${excerpt(log)}, only from ${[...LOGS.keys()].join(', ')}`)
  }
  const draft: Draft = {
    src_ip: fields.text('id.orig_h'),
    src_port: fields.number('id.orig_p'),
    dst_ip: fields.text('id.resp_h'),
    dst_port: fields.number('id.resp_p'),
    proto: fields.text('proto'),
    ...known.draft(fields),
  }
  draft.event_id = identity(log, draft.src_ip, fields, known)
  return normaliseEvent(timeOf(fields), draft)
}

function timeOf(fields: ZeekFields): number | null {
  const seconds = fields.number('ts')
  if (seconds !== undefined && !Number.isNaN(seconds)) return epochSeconds(seconds)
  // LogAscii::json_timestamps = JSON::TS_ISO8601
  return isoTime(fields.text('ts') ?? '')
}

/** A connection's uid names it once per log and time; notices may have no connection. */
function identity(log: string, source: unknown, fields: ZeekFields, known: ZeekLog): string {
  const when = fields.text('ts') ?? fields.number('ts')
  const detail = known.detail ? `:${known.detail(fields)}` : ''
  return `zeek:${log}:${fields.text('uid') ?? String(source)}:${when}${detail}`.slice(0, 256)
}

/** Column counts of logs written without a header, by Zeek's defaults: 3.0, 4.x, 5.x and later differ at the end. */
export const DEFAULT_COLUMNS: { log: string; columns: string[] }[] = [
  {
    log: 'conn',
    columns: columns(
      'proto service duration orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history orig_pkts ' +
        'orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents',
    ),
  },
  {
    log: 'dns',
    columns: columns(
      'proto trans_id rtt query qclass qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected',
    ),
  },
  {
    log: 'http',
    columns: columns(
      'trans_depth method host uri referrer version user_agent origin request_body_len response_body_len status_code ' +
        'status_msg info_code info_msg tags username password proxied orig_fuids orig_filenames orig_mime_types ' +
        'resp_fuids resp_filenames resp_mime_types',
    ),
  },
  {
    log: 'ssl',
    columns: columns(
      'version cipher curve server_name resumed last_alert next_protocol established ssl_history cert_chain_fps ' +
        'client_cert_chain_fps sni_matches_cert',
    ),
  },
  {
    log: 'ssl',
    columns: columns(
      'version cipher curve server_name resumed last_alert next_protocol established cert_chain_fuids ' +
        'client_cert_chain_fuids subject issuer client_subject client_issuer',
    ),
  },
  {
    log: 'ssh',
    columns: columns(
      'version auth_success auth_attempts direction client server cipher_alg mac_alg compression_alg kex_alg ' +
        'host_key_alg host_key',
    ),
  },
]

function columns(afterConnection: string): string[] {
  return ['ts', 'uid', 'id.orig_h', 'id.orig_p', 'id.resp_h', 'id.resp_p', ...afterConnection.split(' ')]
}
