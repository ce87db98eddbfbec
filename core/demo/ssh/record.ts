import { MONTH_NAMES } from '../../events/timestamp.ts'
import type { Random } from '../../learning/random.ts'
import type { EpochMs } from '../../time.ts'
import { ephemeralPort } from '../addresses.ts'
import { type DemoLine, hex, pick, whole } from '../scene.ts'

/** A server that takes SSH log-ins. */
export interface SshHost {
  name: string
  address: string
}

/** One connection: whose it is, where it leads, and the numbers that its lines carry. */
export interface Peer {
  source: string
  port: number
  pid: number
  host: SshHost
}

export type Method = 'publickey' | 'password' | 'keyboard-interactive/pam'

/** Who is named at a log-in; `known` where the server has such an account. */
export interface Account {
  user: string
  known: boolean
}

/** Writes down what happens at SSH servers, as some sensor tells it. Times in ms; what a sensor does not tell is left out. */
export interface SshRecorder {
  readonly lines: DemoLine[]
  connected(ts: EpochMs, peer: Peer): void
  failed(ts: EpochMs, peer: Peer, account: Account, method: Method): void
  /** The first try for a name that the server does not know. */
  unknownName(ts: EpochMs, peer: Peer, user: string): void
  accepted(ts: EpochMs, peer: Peer, user: string, method: Method): void
  /** The end of a session that began with a log-in. */
  ended(ts: EpochMs, peer: Peer, user: string, startedAt: EpochMs): void
  /** The end of a connection that never logged in; no account where none was named. */
  left(ts: EpochMs, peer: Peer, account: Account | null): void
  /** Something ordinary that the source does beside SSH, where the sensor sees that too. */
  beside(ts: EpochMs, peer: Peer): void
}

/** How one site's syslog is kept: the stamp decides whether times are whole seconds. */
export interface SshdSite {
  stamp: 'iso' | 'rfc3164' | 'rfc5424'
  program: 'sshd' | 'sshd-session'
  /** LogLevel VERBOSE tells connections and refused keys too. */
  verbose: boolean
  /** Ends of sessions are shipped too, not log-ins only. */
  ends: boolean
}

/** Lines of OpenSSH's server (9 and 10) in syslog. */
export class SshdRecorder implements SshRecorder {
  readonly lines: DemoLine[] = []
  readonly #random: Random
  readonly #site: SshdSite

  constructor(random: Random, site: SshdSite) {
    this.#random = random
    this.#site = site
  }

  connected(ts: EpochMs, peer: Peer): void {
    if (!this.#site.verbose) return
    const { source, port, host } = peer
    this.#write(ts, peer, `Connection from ${source} port ${port} on ${host.address} port 22 rdomain ""`)
  }

  failed(ts: EpochMs, peer: Peer, { user, known }: Account, method: Method): void {
    // A refused key is told by LogLevel VERBOSE only: the client may have another.
    if (method === 'publickey' && !this.#site.verbose) return
    const named = known ? user : `invalid user ${user}`
    this.#write(
      ts,
      peer,
      `Failed ${method} for ${named} from ${peer.source} port ${peer.port} ssh2${this.#key(method)}`,
    )
  }

  unknownName(ts: EpochMs, peer: Peer, user: string): void {
    this.#write(ts, peer, `Invalid user ${user} from ${peer.source} port ${peer.port}`)
  }

  accepted(ts: EpochMs, peer: Peer, user: string, method: Method): void {
    this.#write(
      ts,
      peer,
      `Accepted ${method} for ${user} from ${peer.source} port ${peer.port} ssh2${this.#key(method)}`,
    )
    this.#write(ts + 9, peer, `pam_unix(sshd:session): session opened for user ${user}(uid=1000) by ${user}(uid=0)`)
  }

  ended(ts: EpochMs, peer: Peer, user: string): void {
    if (!this.#site.ends) return
    const { source, port } = peer
    this.#write(ts, peer, `Received disconnect from ${source} port ${port}:11: disconnected by user`)
    this.#write(ts + 1, peer, `Disconnected from user ${user} ${source} port ${port}`)
    this.#write(ts + 4, peer, `pam_unix(sshd:session): session closed for user ${user}`)
  }

  left(ts: EpochMs, peer: Peer, account: Account | null): void {
    const { source, port } = peer
    const named = account === null ? '' : `${account.known ? 'authenticating' : 'invalid'} user ${account.user} `
    this.#write(ts, peer, `Connection closed by ${named}${source} port ${port} [preauth]`)
  }

  beside(): void {
    // sshd sees SSH only.
  }

  #key(method: Method): string {
    return method === 'publickey' ? `: ED25519 SHA256:${hex(this.#random, 43)}` : ''
  }

  #write(ts: EpochMs, { pid, host }: Peer, message: string): void {
    const at = new Date(ts)
    const { stamp, program } = this.#site
    if (stamp === 'rfc3164') {
      const day = `${MONTH_NAMES[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)} ${at.toISOString().slice(11, 19)}`
      this.lines.push({ ts: Math.floor(ts / 1000) * 1000, line: `${day} ${host.name} ${program}[${pid}]: ${message}` })
    } else if (stamp === 'rfc5424') {
      const line = `<38>1 ${at.toISOString()} ${host.name} ${program} ${pid} - - ${message}`
      this.lines.push({ ts: at.getTime(), line })
    } else {
      const line = `${at.toISOString().replace('Z', '000+00:00')} ${host.name} ${program}[${pid}]: ${message}`
      this.lines.push({ ts: at.getTime(), line })
    }
  }
}

/** Which of the fields that an event may have this sensor sends. */
export interface CanonicalSite {
  target: boolean
  sourcePort: boolean
  proto: boolean
  service: boolean
  /** Flow records of the same connections come beside the log-ins. */
  flows: boolean
  ends: boolean
  connections: boolean
}

/** Canonical events of a sensor that tells log-ins by itself. */
export class CanonicalRecorder implements SshRecorder {
  readonly lines: DemoLine[] = []
  readonly #random: Random
  readonly #site: CanonicalSite

  constructor(random: Random, site: CanonicalSite) {
    this.#random = random
    this.#site = site
  }

  connected(ts: EpochMs, peer: Peer): void {
    if (this.#site.connections) this.#write(ts, peer, 'ssh.connect', {})
  }

  failed(ts: EpochMs, peer: Peer, { user }: Account): void {
    this.#write(ts, peer, 'ssh.login.failed', { username: user })
  }

  unknownName(): void {
    // The failed log-in that follows names it too.
  }

  accepted(ts: EpochMs, peer: Peer, user: string): void {
    this.#write(ts, peer, 'ssh.login.success', { username: user })
  }

  ended(ts: EpochMs, peer: Peer, user: string, startedAt: EpochMs): void {
    const duration_s = Math.round(ts - startedAt) / 1000
    if (this.#site.ends) this.#write(ts, peer, 'ssh.session.closed', { username: user, duration_s })
    this.#flow(ts + 1, peer, duration_s, whole(this.#random, 3_000, 60_000))
  }

  left(ts: EpochMs, peer: Peer, account: Account | null): void {
    if (this.#site.ends) this.#write(ts, peer, 'ssh.session.closed', account === null ? {} : { username: account.user })
    this.#flow(ts + 1, peer, whole(this.#random, 20, 4_000) / 1000, whole(this.#random, 1_200, 3_400))
  }

  beside(ts: EpochMs, { source, host }: Peer): void {
    if (!this.#site.flows) return
    const random = this.#random
    const src_port = ephemeralPort(random)
    const event =
      random.below(3) === 0
        ? { ...{ event_type: 'http.request', proto: 'tcp', service: 'http', dst_port: 443 }, http: this.#request() }
        : { event_type: 'flow', ...this.#visit() }
    const told = { ts: new Date(ts).toISOString(), src_ip: source, src_port, dst_ip: host.address, ...event }
    this.lines.push({ ts: Math.floor(ts), line: JSON.stringify(told) })
  }

  #request() {
    const status = pick(this.#random, [200, 200, 200, 200, 302, 304, 404])
    return { method: 'GET', path: `/projects/${whole(this.#random, 1, 400)}`, status, user_agent: 'git/2.47.1' }
  }

  #visit() {
    const random = this.#random
    const dst_port = pick(random, [443, 443, 80, 53, 993, 8443])
    const [bytes_out, bytes_in] = [whole(random, 150, 9_000), whole(random, 300, 120_000)]
    return {
      ...{ proto: dst_port === 53 ? 'udp' : 'tcp', dst_port, bytes_out, bytes_in, tcp_state: 'SF' },
      ...{ pkts_out: 2 + Math.ceil(bytes_out / 500), pkts_in: 2 + Math.ceil(bytes_in / 1_100) },
      duration_s: whole(random, 10, 40_000) / 1000,
    }
  }

  #flow(ts: EpochMs, peer: Peer, duration_s: number, bytes_out: number): void {
    if (!this.#site.flows) return
    const bytes_in = Math.round(bytes_out * (0.6 + this.#random.unit() * 3))
    this.#write(ts, peer, 'flow', {
      ...{ dst_ip: peer.host.address, dst_port: 22, src_port: peer.port, proto: 'tcp', service: 'ssh', duration_s },
      ...{ bytes_out, bytes_in, pkts_out: 8 + Math.ceil(bytes_out / 400), pkts_in: 7 + Math.ceil(bytes_in / 900) },
      tcp_state: pick(this.#random, ['SF', 'SF', 'SF', 'RSTO']),
    })
  }

  #write(ts: EpochMs, peer: Peer, event_type: string, fields: Record<string, unknown>): void {
    const { target, sourcePort, proto, service } = this.#site
    const event = {
      ts: new Date(ts).toISOString(),
      src_ip: peer.source,
      event_type,
      ...(target && { dst_ip: peer.host.address, dst_port: 22 }),
      ...(sourcePort && { src_port: peer.port }),
      ...(proto && { proto: 'tcp' }),
      ...(service && { service: 'ssh' }),
      ...fields,
    }
    this.lines.push({ ts: Math.floor(ts), line: JSON.stringify(event) })
  }
}
