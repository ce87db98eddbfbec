import type { EpochMs } from '../time.ts'

/**
 * Times as logs write them, to ms since 1970 UTC with microseconds kept in the fraction. Each returns null for text
 * that is not such a time. Written by hand: `Date.parse` takes much that is no ISO-8601 and drops the microseconds.
 */

/** As syslog and web servers write them, January first. */
export const MONTH_NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTHS: Record<string, number> = Object.fromEntries(MONTH_NAMES.map((name, i) => [name, i + 1]))

/** Greatest time that a Date can hold. */
const MAX_TS = 8.64e15

/** `2018-05-20T00:05:32.496124Z`; offset `Z`, `+02:00`, `+0200`, `+02` or none, which is read as UTC (RFC 3339, ISO 8601). */
export function isoTime(text: string): EpochMs | null {
  if (text.length < 19 || text.length > 40) return null
  const separator = text.charCodeAt(10)
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return null
  if (separator !== 84 && separator !== 116 && separator !== 32) return null
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return null
  const base = utc(
    two(text, 0) * 100 + two(text, 2),
    two(text, 5),
    two(text, 8),
    two(text, 11),
    two(text, 14),
    two(text, 17),
  )
  if (base === null) return null
  let at = 19
  let micros = 0
  const point = text.charCodeAt(at)
  if (point === 46 || point === 44) {
    let scale = 100_000
    const first = ++at
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) break
      micros += digit * scale
      scale /= 10
    }
    if (at === first || at - first > 12) return null
  }
  const offset = offsetMinutes(text, at)
  if (offset === null) return null
  const whole = base - offset * 60_000 + Math.floor(micros / 1000)
  const rest = Math.floor(micros % 1000)
  // One division, so that the same microsecond is the same number however it was written.
  return rest === 0 ? whole : (whole * 1000 + rest) / 1000
}

/** `22/Dec/2016:16:30:52 +0300`: nginx and Apache access logs ("%t"). */
export function clfTime(text: string): EpochMs | null {
  if (text.length !== 26 || text.charCodeAt(2) !== 47 || text.charCodeAt(6) !== 47) return null
  if (text.charCodeAt(11) !== 58 || text.charCodeAt(14) !== 58 || text.charCodeAt(17) !== 58) return null
  const month = MONTHS[text.slice(3, 6)]
  if (month === undefined || text.charCodeAt(20) !== 32) return null
  const base = utc(two(text, 7) * 100 + two(text, 9), month, two(text, 0), two(text, 12), two(text, 15), two(text, 18))
  const offset = offsetMinutes(text, 21)
  return base === null || offset === null ? null : base - offset * 60_000
}

/** A stamp of RFC 3164 and how many characters it took. */
export interface SyslogStamp {
  ts: EpochMs
  length: number
}

/**
 * `Dec 10 06:55:46` at the start of the text (RFC 3164; day also as `7` or `07`). It names no year and no zone: UTC is
 * read, and the latest year that does not lie more than a day ahead of `receivedAt`.
 */
export function syslogTime(text: string, receivedAt: EpochMs): SyslogStamp | null {
  const month = MONTHS[text.slice(0, 3)]
  if (month === undefined || text.charCodeAt(3) !== 32) return null
  let at = text.charCodeAt(4) === 32 ? 5 : 4
  let day = text.charCodeAt(at++) - 48
  const second = text.charCodeAt(at) - 48
  if (second >= 0 && second <= 9) {
    day = day * 10 + second
    at++
  }
  if (!(day >= 1 && day <= 31) || text.charCodeAt(at) !== 32) return null
  if (text.charCodeAt(at + 3) !== 58 || text.charCodeAt(at + 6) !== 58) return null
  const hours = two(text, at + 1)
  const minutes = two(text, at + 4)
  const seconds = two(text, at + 7)
  const latest = receivedAt + 86_400_000
  const newest = new Date(Math.min(latest, MAX_TS)).getUTCFullYear()
  // 29 February exists every fourth year, or after eight across a century.
  for (let year = newest; year >= newest - 8; year--) {
    const ts = utc(year, month, day, hours, minutes, seconds)
    if (ts !== null && ts <= latest) return { ts, length: at + 9 }
  }
  return null
}

/** Seconds since 1970 as Zeek logs them, kept to the microsecond; null unless 0 or more and in a Date's range. */
export function epochSeconds(seconds: number): EpochMs | null {
  return inRange(Math.round(seconds * 1e6) / 1000)
}

/** A number that is seconds or milliseconds since 1970: from 1e11 on it is milliseconds (March 1973, or the year 5138). */
export function epochNumber(value: number): EpochMs | null {
  return value >= 1e11 ? inRange(Math.round(value * 1000) / 1000) : epochSeconds(value)
}

const inRange = (ts: EpochMs): EpochMs | null => (ts >= 0 && ts <= MAX_TS ? ts : null)

/** The number that two digits write, or NaN. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Null when a part is NaN or out of range. A leap second (60) is the first second of the next minute. */
function utc(year: number, month: number, day: number, hours: number, minutes: number, seconds: number): number | null {
  if (!(hours <= 23 && minutes <= 59 && seconds <= 60 && month >= 1 && month <= 12 && day >= 1 && year >= 0))
    return null
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (day > (month === 2 && leap ? 29 : DAYS[month - 1]!)) return null
  // Days since 1970 by Howard Hinnant's days_from_civil: the year is taken to begin in March.
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  const days = era * 146_097 + dayOfEra - 719_468
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000
}

/** Minutes east of UTC that the text from `at` to its end says; null when it is no offset. */
function offsetMinutes(text: string, at: number): number | null {
  const rest = text.length - at
  if (rest === 0) return 0
  const sign = text.charCodeAt(at)
  if (rest === 1) return sign === 90 || sign === 122 ? 0 : null
  if (sign !== 43 && sign !== 45) return null
  const hours = two(text, at + 1)
  let minutes = 0
  if (rest === 5) minutes = two(text, at + 3)
  else if (rest === 6 && text.charCodeAt(at + 3) === 58) minutes = two(text, at + 4)
  else if (rest !== 3) return null
  if (!(hours <= 23 && minutes <= 59)) return null
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes)
}
