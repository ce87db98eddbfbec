import type { Result } from '../result.ts'
import type { EpochMs } from '../time.ts'

/**
 * One observation by a sensor, as the rest of Picket sees it. Absent input is an absent key, never a made-up value.
 * Directions: `out` is source to destination, `in` is destination to source. Bytes and packets are counts.
 */
export interface CanonicalEvent {
  /** Event time, ms since 1970 UTC, as the source logged it. */
  ts: EpochMs
  /** Canonical text of an IPv4 or IPv6 address (RFC 5952); an IPv4-mapped IPv6 address is written as IPv4. */
  src_ip: string
  /** Dotted lower-case name: `flow`, `http.request`, `dns.query`, `tls.handshake`, `alert`, `ssh.login.failed`, … */
  event_type: string
  /** Names this event within its sensor, where the format has a natural identity; two alike are one event. */
  event_id?: string
  src_port?: number
  dst_ip?: string
  dst_port?: number
  /** Lower case: tcp, udp, icmp, … */
  proto?: string
  /** Application protocol, lower case: http, ssh, dns, tls, smb, … */
  service?: string
  bytes_out?: number
  bytes_in?: number
  pkts_out?: number
  pkts_in?: number
  duration_s?: number
  /** Zeek's conn_state (S0, SF, REJ, …), or the exporter's own word. */
  tcp_state?: string
  session?: string
  username?: string
  password?: string
  command?: string
  url?: string
  sha256?: string
  http?: { method?: string; host?: string; path?: string; status?: number; user_agent?: string }
  dns?: { query?: string; qtype?: string; rcode?: string }
  tls?: { sni?: string; version?: string; ja3?: string }
  ssh?: { client?: string; hassh?: string }
  /** Severity as Suricata counts it: 1 is worst, 4 is least. */
  alert?: { signature?: string; category?: string; severity?: number }
  process?: { name?: string; command_line?: string; parent?: string; user?: string }
}

/** A canonical event with the line it was read from, unaltered, and the format that read it. */
export interface ReadEvent {
  event: CanonicalEvent
  format: FormatName
  /** The original line as text. Evidence: never edited. */
  original: string
}

export type FormatName = 'canonical' | 'cowrie' | 'suricata' | 'zeek-json' | 'zeek-tsv' | 'sshd' | 'access-log'

/** Why a line was not read. `why` is a short sentence for the sensor's owner; it holds no more than 80 characters of the line. */
export interface UnreadableLine {
  tag: 'unreadable-line'
  format: FormatName | null
  why: string
}

/** What a parser may know beside the line. */
export interface ParseContext {
  /** Arrival time. RFC 3164 stamps have no year: the latest year that does not lie more than a day ahead of it is taken. */
  receivedAt: EpochMs
}

/** Reads one format. Pure, never throws, linear in the length of the line. */
export interface Parser {
  format: FormatName
  /** True when the line looks like this format; cheap, looks at the first 4096 characters at most. */
  sniff(line: string): boolean
  /** The event, `null` for a line that is rightly no event (a header or comment), or why it cannot be read. */
  parse(line: string, context: ParseContext): Result<CanonicalEvent | null, UnreadableLine>
}
