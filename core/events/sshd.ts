import { ok } from '../result.ts'
import type { Parser } from './event.ts'
import { normaliseEvent } from './normalise.ts'
import { readSshdMessage } from './sshd-messages.ts'
import { readSyslog } from './syslog.ts'
import { excerpt, unreadable } from './unreadable.ts'

/** OpenSSH's server in auth.log or syslog (RFC 3164, RFC 5424, or RFC 3164 with ISO stamps as rsyslog writes them). */
export const sshd: Parser = {
  format: 'sshd',
  sniff: (line) => TAG.test(line.length > 4096 ? line.slice(0, 4096) : line),
  parse(line, { receivedAt }) {
    const syslog = readSyslog(line, receivedAt)
    if (syslog === null) return unreadable('sshd', 'it has no syslog header (RFC 3164 or 5424)')
    const { ts, program, message } = syslog
    if (!PROGRAM.test(program)) return unreadable('sshd', `it is a line of ${excerpt(program)}, not of sshd`)
    const reading = readSshdMessage(message)
    if (!reading.ok) return unreadable('sshd', reading.error)
    if (reading.value === null) return ok(null)
    const event = normaliseEvent(ts, { ...reading.value, proto: 'tcp', service: 'ssh' })
    return event.ok ? event : unreadable('sshd', event.error)
  },
}

/** Since OpenSSH 9.8 a session has a program of its own, and so has log-in since 10. */
const PROGRAM = /^sshd(?:-session|-auth)?$/

/** The daemon's name where a syslog header has it; one pass, each part of bounded length. */
const TAG =
  /^(?:<\d{1,3}>1 \S{1,40} \S{1,255} sshd(?:-session|-auth)? |(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} {1,2}\d{1,2} [\d:.]{8,15}|\d{4}-\d\d-\d\dT[\d:.,+Z-]{8,30}) (?:[^\s:]{1,255} )?\[?sshd(?:-session|-auth)?(?:\[\d{1,10}\]|\])?:? )/
