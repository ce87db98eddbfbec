import { err, ok, type Result } from '../result.ts'
import { canonicalAddress } from './address.ts'
import type { Draft } from './normalise.ts'
import { excerpt } from './unreadable.ts'

/**
 * What OpenSSH's server says (OpenSSH 3 to 10: auth.c, packet.c, sshd.c, sshd-session.c, auth-pam.c), in Picket's terms.
 * Usernames, banners and the peer's parting words are the peer's own text. Where they stand before the address, the
 * last place that can be the address is read; where they may stand on both sides of it and two readings are possible,
 * the line is refused: a wrong reading would blame an address that the attacker chose.
 */
export type SshdReading = Result<Draft | null, string>

/** `null` for messages that name no source, or that tell again what another line of the same daemon tells. */
export function readSshdMessage(text: string): SshdReading {
  const message = text.replace(/^\[ID \d{1,9} [a-z]{1,20}\.[a-z]{1,20}\] /, '').replace(/^(?:error|fatal): /, '')
  // PAM's modules tell of the same attempt that sshd's own lines tell of.
  if (message.startsWith('pam_')) return ok(null)
  // The first word decides, so that most lines meet one or two patterns.
  const readers = READERS.get(message.slice(0, message.indexOf(' ')))
  if (readers) {
    for (const read of readers) {
      const reading = read(message)
      if (reading !== undefined) return reading
    }
  }
  // What holds no address can be nobody's event; of the rest, the owner should know that it was not understood.
  if (!ADDRESS_IN_TEXT.test(message)) return ok(null)
  return err(`sshd's message ${excerpt(message)} is of no known kind`)
}

const ADDRESS_IN_TEXT = /\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|[0-9a-f]{0,4}:[0-9a-f]{0,4}:[0-9a-f]/i

type Reader = (message: string) => SshdReading | undefined

/** A pattern with the named groups `ip`, `port`, `user`, `to`, `toPort`, and the type of event that it tells. */
const pattern =
  (event_type: string, regex: RegExp): Reader =>
  (message) => {
    const groups = regex.exec(message)?.groups
    return groups ? drafted(event_type, groups) : undefined
  }

function drafted(event_type: string, groups: { [name: string]: string | undefined }): SshdReading {
  const { ip = '', port, user, to, toPort } = groups
  if (canonicalAddress(ip) === null) {
    return err(`its source ${excerpt(ip)} is a name, not an address; "UseDNS no" lets sshd log addresses`)
  }
  return ok({
    event_type,
    src_ip: ip,
    src_port: port === undefined ? undefined : Number(port),
    dst_ip: to,
    dst_port: toPort === undefined ? undefined : Number(toPort),
    username: user,
  })
}

/** The peer's text may stand on both sides: every place that can be the source must name the same one. */
const certain =
  (reader: Reader, candidate: RegExp): Reader =>
  (message) => {
    const reading = reader(message)
    if (!reading?.ok) return reading
    const sources = new Set<string>()
    for (const { groups } of message.matchAll(candidate)) {
      const ip = canonicalAddress(groups?.ip ?? '')
      if (ip !== null) sources.add(ip)
    }
    return sources.size > 1 ? err(`it can be read with ${sources.size} different sources`) : reading
  }

const silent: Reader = () => ok(null)

const AUTHENTICATION =
  /^(?:Failed|Accepted) \S+ for (?:invalid user |illegal user )?(?<user>.*) from (?<ip>\S+)(?: port (?<port>\d{1,5}))?(?: ssh[12])?(?:: .*)?$/s
/** A place in an authentication message that can be its source: at the end, or before the details of a key. */
const AUTHENTICATION_SOURCE = / from (?=(?<ip>\S+)(?: port \d{1,5})?(?: ssh[12])?(?:: |$))/g

const authentication = (event_type: string): Reader =>
  certain(pattern(event_type, AUTHENTICATION), AUTHENTICATION_SOURCE)

const PEER = String.raw`(?<ip>\S+) port (?<port>\d{1,5})`
const END = String.raw`(?: \[preauth\])?$`

const closed: Reader[] = [
  pattern(
    'ssh.session.closed',
    new RegExp(`^Connection (?:closed|reset) by (?:(?:authenticating|invalid) user (?<user>.*) )?${PEER}${END}`, 's'),
  ),
  // OpenSSH before 7.2 named no port.
  pattern('ssh.session.closed', /^Connection (?:closed|reset) by (?<ip>\S+)(?: \[preauth\])?$/),
]

/** Readers by the first word of a message. */
const READERS = new Map<string, Reader[]>(
  Object.entries<Reader[]>({
    Failed: [
      // A client asks by "none" which methods there are (RFC 4252, 5.2); nobody was tried.
      (message) => (message.startsWith('Failed none for ') ? ok(null) : undefined),
      authentication('ssh.login.failed'),
    ],
    Accepted: [authentication('ssh.login.success')],
    'PAM:': [
      // With keyboard-interactive the first failures are told by this line only (auth.c, auth_log), the later ones by
      // "Failed keyboard-interactive/pam" too.
      pattern(
        'ssh.login.failed',
        /^PAM: .{0,80}? for (?:illegal user |invalid user )?(?<user>.*) from (?<ip>\S+)(?: via \S+)? ?$/s,
      ),
    ],
    Invalid: [invalidUser()],
    Illegal: [invalidUser()],
    Connection: [
      ...closed,
      pattern('ssh.connect', /^Connection from (?<ip>\S+) port (?<port>\d{1,5}) on (?<to>\S+) port (?<toPort>\d{1,5})/),
      pattern('ssh.connect', /^Connection from (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/),
    ],
    Disconnected: [
      pattern(
        'ssh.session.closed',
        new RegExp(`^Disconnected from (?:(?:(?:authenticating|invalid) )?user (?<user>.*) )?${PEER}${END}`, 's'),
      ),
      // Without a port (6.8 to 7.1) "Received disconnect" has told it.
      (message) => (/^Disconnected from \S+(?: \[preauth\])?$/.test(message) ? ok(null) : undefined),
    ],
    Received: [
      // Since 7.2 it names the port, and "Disconnected from" follows and tells it.
      (message) => (/^Received disconnect from \S+ port \d/.test(message) ? ok(null) : undefined),
      pattern('ssh.session.closed', /^Received disconnect from (?<ip>\S+): /),
    ],
    Disconnecting: [
      certain(
        pattern(
          'ssh.session.closed',
          new RegExp(`^Disconnecting (?:authenticating|invalid) user (?<user>.*) ${PEER}: `, 's'),
        ),
        / (?=(?<ip>\S+) port \d{1,5}: )/g,
      ),
      // "Disconnecting: Too many authentication failures for root" names no source.
      (message) => (message.startsWith('Disconnecting: ') ? ok(null) : undefined),
    ],
    maximum: [
      pattern(
        'ssh.attempts_exceeded',
        /^maximum authentication attempts exceeded for (?:invalid user )?(?<user>.*) from (?<ip>\S+) port (?<port>\d{1,5}) ssh2/s,
      ),
    ],
    Did: [
      pattern(
        'ssh.no_identification',
        /^Did not receive identification string from (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/,
      ),
    ],
    Bad: [
      pattern(
        'ssh.bad_protocol',
        /^Bad protocol version identification .* from (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/s,
      ),
    ],
    banner: [pattern('ssh.bad_protocol', new RegExp(`^banner exchange: Connection from ${PEER}: `))],
    Unable: [pattern('ssh.negotiation_failed', /^Unable to negotiate with (?<ip>\S+?)(?: port (?<port>\d{1,5}))?: /)],
    reverse: [pattern('ssh.rdns_mismatch', /^reverse mapping checking getaddrinfo for \S+ \[(?<ip>[^\]\s]+)\] failed/)],
    Address: [pattern('ssh.rdns_mismatch', /^Address (?<ip>\S+) maps to \S+, but this does not map back to /)],
    User: [
      pattern('ssh.user_not_allowed', /^User (?<user>.*) from (?<ip>\S+) not allowed because /s),
      // "User root not allowed because account is locked"
      (message) =>
        /^User \S+ not allowed because /.test(message) || / on pid \d/.test(message) ? ok(null) : undefined,
    ],
    ROOT: [pattern('ssh.user_not_allowed', /^ROOT LOGIN REFUSED FROM (?<ip>\S+)(?: port (?<port>\d{1,5}))?/)],
    refused: [pattern('ssh.connect.refused', /^refused connect from .{1,300} \((?<ip>[^()\s]+)\)$/)],
    Timeout: [
      pattern('ssh.login.timeout', /^Timeout before authentication for (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/),
      pattern('ssh.login.timeout', /^Timeout before authentication for connection from (?<ip>\S+) to (?<to>[^\s,]+)/),
    ],
    drop: [
      pattern(
        'ssh.connect.refused',
        /^drop connection #\d{1,9} from \[(?<ip>[^\]\s]+)\]:(?<port>\d{1,5}) on \[(?<to>[^\]\s]+)\]:(?<toPort>\d{1,5})/,
      ),
    ],
    'ssh_dispatch_run_fatal:': [
      pattern('ssh.session.closed', new RegExp(`^ssh_dispatch_run_fatal: Connection from ${PEER}: `)),
      certain(
        pattern(
          'ssh.session.closed',
          new RegExp(
            `^ssh_dispatch_run_fatal: Connection from (?:authenticating|invalid) user (?<user>.*) ${PEER}: `,
            's',
          ),
        ),
        / (?=(?<ip>\S+) port \d{1,5}: )/g,
      ),
    ],
    // One line for N more of the same: one event, since a line is one event; the original tells the number.
    message: [
      (message) => {
        const repeated = /^message repeated \d{1,6} times: \[ ?(.*)\]$/s.exec(message)
        return repeated && !repeated[1]!.startsWith('message repeated ') ? readSshdMessage(repeated[1]!) : undefined
      },
    ],
    // Told again by sshd's own lines, or inside a session that has begun.
    PAM: [silent],
    Postponed: [silent],
    Partial: [silent],
    Starting: [silent],
    Close: [silent],
    Server: [silent],
    'input_userauth_request:': [silent],
  }),
)

function invalidUser(): Reader {
  return pattern(
    'ssh.invalid_user',
    /^(?:Invalid|Illegal) user (?<user>.*) from (?<ip>\S+)(?: port (?<port>\d{1,5}))?$/s,
  )
}
