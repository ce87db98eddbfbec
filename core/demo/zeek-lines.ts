import type { Random } from '../learning/random.ts'
import type { EpochMs } from '../time.ts'
import { ephemeralPort, RESOLVER } from './addresses.ts'
import { type DemoLine, whole } from './scene.ts'

/** One connection for Zeek's conn.log. Without `state` it was established and closed (SF). */
export interface Connection {
  from: string
  fromPort?: number
  to: string
  port: number
  proto?: 'tcp' | 'udp' | 'icmp'
  service?: string
  /** S0 unanswered, REJ refused, SF ended well, S1 still open, RSTO reset by the source. */
  state?: 'S0' | 'REJ' | 'SF' | 'S1' | 'RSTO'
  seconds?: number
  sent?: number
  received?: number
}

const HISTORY = { S0: 'S', REJ: 'Sr', SF: 'ShADadFf', S1: 'ShADad', RSTO: 'ShADadR' }
/** Bytes of one full segment, and of a packet's headers. */
const SEGMENT = 1_400
const HEADERS = 40

/** A record of conn.log as JSON, as Zeek writes it with `LogAscii::use_json` and a shipper's `_path`. */
export function connLine(random: Random, ts: EpochMs, connection: Connection): DemoLine {
  const { from, to, port, proto = 'tcp', service, state = 'SF', sent = 0, received = 0 } = connection
  const opened = state === 'SF' || state === 'S1' || state === 'RSTO'
  const sentPackets = Math.ceil(sent / SEGMENT) + (proto === 'tcp' && opened ? 3 : sent > 0 ? 0 : 1)
  const receivedPackets = Math.ceil(received / SEGMENT) + (proto === 'tcp' && opened ? 2 : state === 'REJ' ? 1 : 0)
  const record = {
    _path: 'conn',
    ts: seconds(ts),
    uid: uid(random),
    'id.orig_h': from,
    'id.orig_p': connection.fromPort ?? ephemeralPort(random),
    'id.resp_h': to,
    'id.resp_p': port,
    proto,
    ...(service !== undefined && { service }),
    ...(opened && { duration: micros(connection.seconds ?? 0.2), orig_bytes: sent, resp_bytes: received }),
    conn_state: state,
    ...(proto === 'tcp' && { history: HISTORY[state] }),
    orig_pkts: sentPackets,
    orig_ip_bytes: sent + sentPackets * HEADERS,
    resp_pkts: receivedPackets,
    resp_ip_bytes: received + receivedPackets * HEADERS,
  }
  return { ts, line: JSON.stringify(record) }
}

/** A query to the resolver, as a record of dns.log. */
export function dnsLine(random: Random, ts: EpochMs, from: string, query: string, rcode = 'NOERROR'): DemoLine {
  const record = {
    _path: 'dns',
    ts: seconds(ts),
    uid: uid(random),
    'id.orig_h': from,
    'id.orig_p': ephemeralPort(random),
    'id.resp_h': RESOLVER,
    'id.resp_p': 53,
    proto: 'udp',
    trans_id: random.below(65_536),
    rtt: micros(0.002 + random.unit() * 0.04),
    query,
    qclass_name: 'C_INTERNET',
    qtype_name: random.below(4) === 0 ? 'AAAA' : 'A',
    rcode_name: rcode,
    AA: false,
    TC: false,
    RD: true,
    RA: true,
    rejected: false,
  }
  return { ts, line: JSON.stringify(record) }
}

/** A record of one of Zeek's logs of Windows protocols: kerberos, ntlm, smb_mapping, dce_rpc, rdp. */
export function windowsLine(
  random: Random,
  ts: EpochMs,
  log: string,
  from: string,
  to: string,
  port: number,
  fields: Record<string, unknown>,
): DemoLine {
  const ends = { 'id.orig_h': from, 'id.orig_p': ephemeralPort(random), 'id.resp_h': to, 'id.resp_p': port }
  return { ts, line: JSON.stringify({ _path: log, ts: seconds(ts), uid: uid(random), ...ends, ...fields }) }
}

const seconds = (ts: EpochMs): number => Math.floor(ts * 1000) / 1e6
const micros = (value: number): number => Math.round(value * 1e6) / 1e6

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const uid = (random: Random): string =>
  `C${Array.from({ length: 16 }, () => LETTERS[whole(random, 0, LETTERS.length - 1)]).join('')}`
