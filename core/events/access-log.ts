import { err, ok, type Result } from '../result.ts'
import { canonicalAddress } from './address.ts'
import type { ParseContext, Parser } from './event.ts'
import { type Draft, normaliseEvent } from './normalise.ts'
import { readSyslog } from './syslog.ts'
import { clfTime } from './timestamp.ts'
import { excerpt, unreadable } from './unreadable.ts'

/**
 * Access logs of nginx and Apache: common, combined and vhost_combined (Apache "mod_log_config", nginx
 * "ngx_http_log_module"), in a file or behind a syslog header. Both escape quotes inside a field (`\"`, `\x22`), so a
 * request cannot end its own field; fields after the user agent are left to the original line.
 */
export const accessLog: Parser = {
  format: 'access-log',
  sniff: (line) => STAMP.test(line.length > 4096 ? line.slice(0, 4096) : line),
  parse(line, context) {
    const stamp = STAMP.exec(line)
    if (stamp === null) return unreadable('access-log', 'it has no [day/month/year:time zone] before a quoted request')
    const client = readClient(line.slice(0, stamp.index), context)
    if (!client.ok) return unreadable('access-log', client.error)
    const response = readResponse(line, stamp.index + stamp[0].length)
    if (!response.ok) return unreadable('access-log', response.error)
    const { address, user, host, port } = client.value
    const { proto, bytes, http } = response.value
    const event = normaliseEvent(clfTime(stamp[1]!), {
      src_ip: address,
      event_type: 'http.request',
      dst_port: port,
      proto,
      service: 'http',
      bytes_in: bytes,
      username: user,
      http: { host, ...http },
    })
    return event.ok ? event : unreadable('access-log', event.error)
  },
}

const STAMP = / \[(\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "/

interface Client {
  address: string
  user: string | undefined
  host?: string
  port?: number
}

/** `[vhost:port ]address ident user` before the time. A stray quote in front, of a line quoted whole, is let pass. */
function readClient(text: string, { receivedAt }: ParseContext): Result<Client, string> {
  const words = (text.startsWith('"') ? text.slice(1) : text).split(' ')
  const direct = clientFrom(words)
  if (direct !== null) return ok(direct)
  // A header of syslog in front: the message after it is the log line's beginning.
  const syslog = readSyslog(text, receivedAt)
  const wrapped = syslog && SERVER.test(syslog.program) ? clientFrom(syslog.message.split(' ')) : null
  if (wrapped !== null) return ok(wrapped)
  return err(`its client ${excerpt(words[0]!)} is not an address; log %a or $remote_addr`)
}

const SERVER = /^(?:nginx|httpd|apache2?|access)/i

function clientFrom(words: string[]): Client | null {
  const [first = '', second = ''] = words
  if (canonicalAddress(first) !== null) return { address: first, user: userOf(words, 2) }
  if (canonicalAddress(second) === null || !VHOST.test(first)) return null
  const colon = first.lastIndexOf(':')
  const client = { address: second, user: userOf(words, 3) }
  return colon < 0
    ? { ...client, host: first }
    : { ...client, host: first.slice(0, colon), port: Number(first.slice(colon + 1)) }
}

const VHOST = /^[A-Za-z0-9._*-]{1,255}(?::\d{1,5})?$/

/** The user may hold spaces; what stands before it does not. */
function userOf(words: string[], from: number): string | undefined {
  const user = words.slice(from).join(' ')
  return user === '-' || user === '' || user === '""' ? undefined : user
}

interface Response {
  proto: string
  bytes: number
  http: Draft['http'] & object
}

/** `METHOD target HTTP/1.1" status bytes ["referrer" "user agent"]` */
function readResponse(line: string, from: number): Result<Response, string> {
  const end = closingQuote(line, from)
  if (end < 0) return err('its quoted request does not end')
  const numbers = /^ (\d{3}) (\d{1,15}|-)(?= |"|$)/.exec(line.slice(end + 1, end + 25))
  if (numbers === null) return err('no status and size follow its request')
  const [matched, status, bytes] = numbers
  const request = readRequest(line.slice(from, end))
  return ok({
    proto: request.http3 ? 'udp' : 'tcp',
    // "-" is Apache's way to say that no body was sent.
    bytes: bytes === '-' ? 0 : Number(bytes),
    http: {
      method: request.method,
      path: request.path,
      status: Number(status),
      user_agent: userAgent(line, end + 1 + matched.length),
    },
  })
}

interface RequestLine {
  method?: string
  path?: string
  http3: boolean
}

/** What is no request line (a TLS handshake on a plain port, noise) has neither method nor path. */
function readRequest(text: string): RequestLine {
  const methodEnd = text.indexOf(' ')
  if (methodEnd < 1 || !METHOD.test(text.slice(0, Math.min(methodEnd, 40)))) return { http3: false }
  const versionStart = text.lastIndexOf(' ')
  const version = /^ HTTP\/(\d)/.exec(text.slice(versionStart, versionStart + 10))
  const path = text.slice(methodEnd + 1, version && versionStart > methodEnd ? versionStart : text.length)
  return { method: text.slice(0, methodEnd), http3: version?.[1] === '3', ...(path === '' ? {} : { path }) }
}

const METHOD = /^[A-Za-z][A-Za-z_-]{0,30}$/

function userAgent(line: string, from: number): string | undefined {
  if (!line.startsWith(' "', from)) return undefined
  const referrerEnd = closingQuote(line, from + 2)
  if (referrerEnd < 0 || !line.startsWith(' "', referrerEnd + 1)) return undefined
  const start = referrerEnd + 3
  const end = closingQuote(line, start)
  const agent = end < 0 ? undefined : line.slice(start, end)
  return agent === '-' ? undefined : agent
}

/** Where the quoted field that began before `from` ends: at the first quote with an even number of backslashes before it. */
function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 1)) {
    let backslashes = 0
    while (at - 1 - backslashes >= from && line.charCodeAt(at - 1 - backslashes) === 92) backslashes++
    if (backslashes % 2 === 0) return at
  }
  return -1
}
