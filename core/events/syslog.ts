import type { EpochMs } from '../time.ts'
import { isoTime, syslogTime } from './timestamp.ts'

/** One syslog line: when, which program, what it said. */
export interface SyslogLine {
  ts: EpochMs
  program: string
  message: string
}

/**
 * Reads the header of RFC 5424 (`<38>1 2003-10-11T22:14:15.003Z host app 12 - - text`), of RFC 3164
 * (`<38>Oct 11 22:14:15 host app[12]: text`, priority and host optional), and of RFC 3164 with an ISO stamp as rsyslog
 * and systemd write files today. Null for a line that has none of these.
 */
export function readSyslog(line: string, receivedAt: EpochMs): SyslogLine | null {
  const start = afterPriority(line)
  if (start > 0 && line.startsWith('1 ', start)) return readRfc5424(line, start + 2)
  const first = line.charCodeAt(start)
  if (first >= 48 && first <= 57) {
    const end = line.indexOf(' ', start)
    const ts = end < 0 ? null : isoTime(line.slice(start, end))
    return ts === null ? null : readTag(line, end + 1, ts)
  }
  const stamp = syslogTime(start === 0 ? line : line.slice(start, start + 20), receivedAt)
  if (stamp === null) return null
  let at = start + stamp.length
  // Some daemons add milliseconds.
  if (line.charCodeAt(at) === 46) while (isDigit(line.charCodeAt(++at)));
  return line.charCodeAt(at) === 32 ? readTag(line, at + 1, stamp.ts) : null
}

/** Where `<0>` to `<191>` ends, or 0. */
function afterPriority(line: string): number {
  if (line.charCodeAt(0) !== 60) return 0
  const end = line.indexOf('>')
  return end >= 2 && end <= 4 && isDigit(line.charCodeAt(1)) ? end + 1 : 0
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** `host program[pid]: message`; without a host the first word is the program; `[program]` and no colon occur too. */
function readTag(line: string, at: number, ts: EpochMs): SyslogLine | null {
  const firstEnd = line.indexOf(' ', at)
  if (firstEnd < 0) return null
  const first = line.slice(at, firstEnd)
  if (isTag(first)) return { ts, program: programOf(first), message: line.slice(firstEnd + 1) }
  const tagEnd = line.indexOf(' ', firstEnd + 1)
  if (tagEnd < 0) return null
  const tag = line.slice(firstEnd + 1, tagEnd)
  return { ts, program: programOf(tag), message: line.slice(tagEnd + 1) }
}

const isTag = (word: string): boolean => word.endsWith(':') || (word.startsWith('[') && word.endsWith(']'))

/** `sshd[24200]:` and `[sshd]:` are sshd. */
function programOf(tag: string): string {
  const from = tag.charCodeAt(0) === 91 ? 1 : 0
  for (let at = from; at < tag.length; at++) {
    const code = tag.charCodeAt(at)
    if (code === 91 || code === 93 || (code === 58 && at === tag.length - 1)) return tag.slice(from, at)
  }
  return tag.slice(from)
}

/** After the version: TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG. */
function readRfc5424(line: string, start: number): SyslogLine | null {
  const words: string[] = []
  let at = start
  for (let i = 0; i < 5; i++) {
    const end = line.indexOf(' ', at)
    if (end < 0) return null
    words.push(line.slice(at, end))
    at = end + 1
  }
  const ts = isoTime(words[0]!)
  const message = afterStructuredData(line, at)
  if (ts === null || message === null) return null
  // A byte order mark says that the text is UTF-8.
  return { ts, program: words[2]!, message: line.slice(line.charCodeAt(message) === 0xfeff ? message + 1 : message) }
}

/** Where the message begins: after `-`, or after `[id name="value"]…`, in which a value may hold an escaped bracket. */
function afterStructuredData(line: string, start: number): number | null {
  let at = start
  if (line.charCodeAt(at) === 45) at++
  else {
    while (line.charCodeAt(at) === 91) {
      let quoted = false
      for (at++; at < line.length; at++) {
        const code = line.charCodeAt(at)
        if (code === 92) at++
        else if (code === 34) quoted = !quoted
        else if (code === 93 && !quoted) break
      }
      if (at >= line.length) return null
      at++
    }
    if (at === start) return null
  }
  if (at === line.length) return at
  return line.charCodeAt(at) === 32 ? at + 1 : null
}
