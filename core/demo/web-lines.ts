import { MONTH_NAMES } from '../events/timestamp.ts'
import type { EpochMs } from '../time.ts'
import type { DemoLine } from './scene.ts'

export interface Request {
  source: string
  method?: string
  path: string
  status: number
  bytes: number
  referrer?: string
  agent: string
}

const two = (n: number) => String(n).padStart(2, '0')

/** nginx's "combined" format, whole seconds. */
export function accessLine(ts: EpochMs, request: Request): DemoLine {
  const at = new Date(ts)
  const day = `${two(at.getUTCDate())}/${MONTH_NAMES[at.getUTCMonth()]}/${at.getUTCFullYear()}`
  const stamp = `${day}:${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())} +0000`
  const { source, method = 'GET', path, status, bytes, referrer = '-', agent } = request
  const line = `${source} - - [${stamp}] "${method} ${path} HTTP/1.1" ${status} ${bytes} "${referrer}" "${agent}"`
  return { ts: Math.floor(ts / 1000) * 1000, line }
}

/** A line of auth.log in rsyslog's file format with an ISO stamp (Debian 12 and later), UTC. */
export function sshdLine(ts: EpochMs, pid: number, message: string): DemoLine {
  const ms = Math.floor(ts)
  const stamp = new Date(ms).toISOString().replace('Z', '000+00:00')
  return { ts: ms, line: `${stamp} web-1 sshd[${pid}]: ${message}` }
}
