import type { Random } from '../learning/random.ts'
import type { EpochMs } from '../time.ts'
import { ephemeralPort, HONEYPOT } from './addresses.ts'
import { type DemoLine, hex } from './scene.ts'

/** One session at the honeypot, written as Cowrie writes it ("Output Event Code Reference"). */
export class CowrieSession {
  readonly lines: DemoLine[] = []
  readonly #session: string
  readonly #source: string
  #last: EpochMs
  #openedAt: EpochMs

  constructor(random: Random, source: string, ts: EpochMs) {
    this.#session = hex(random, 12)
    this.#source = source
    this.#last = ts
    this.#openedAt = ts
    this.#write(ts, 'session.connect', {
      src_port: ephemeralPort(random),
      dst_ip: HONEYPOT,
      dst_port: 2222,
      protocol: 'ssh',
      message: `New connection: ${source}`,
    })
  }

  client(ts: EpochMs, version: string, hassh: string): void {
    this.#write(ts, 'client.version', { version, message: `Remote SSH version: ${version}` })
    this.#write(this.#last + 40, 'client.kex', { hassh, message: `SSH client hassh fingerprint: ${hassh}` })
  }

  login(ts: EpochMs, outcome: 'failed' | 'success', username: string, password: string): void {
    const message = `login attempt [${username}/${password}] ${outcome === 'failed' ? 'failed' : 'succeeded'}`
    this.#write(ts, `login.${outcome}`, { username, password, message })
  }

  command(ts: EpochMs, input: string): void {
    this.#write(ts, 'command.input', { input, message: `CMD: ${input}` })
  }

  download(ts: EpochMs, url: string, shasum: string): void {
    const message = `Downloaded URL (${url}) with SHA-256 ${shasum}`
    this.#write(ts, 'session.file_download', { url, shasum, outfile: `var/lib/cowrie/downloads/${shasum}`, message })
  }

  close(ts: EpochMs): void {
    const duration = ((ts - this.#openedAt) / 1000).toFixed(1)
    this.#write(ts, 'session.closed', { duration, message: `Connection lost after ${duration} seconds` })
  }

  /** Cowrie names an event by session, kind and time, so no two lines of a session share a millisecond. */
  #write(ts: EpochMs, kind: string, fields: Record<string, unknown>): void {
    this.#last = this.lines.length === 0 ? Math.floor(ts) : Math.max(Math.floor(ts), this.#last + 1)
    const record = {
      eventid: `cowrie.${kind}`,
      ...fields,
      sensor: 'honeypot-1',
      timestamp: new Date(this.#last).toISOString().replace('Z', '000Z'),
      src_ip: this.#source,
      session: this.#session,
    }
    this.lines.push({ ts: this.#last, line: JSON.stringify(record) })
  }
}
