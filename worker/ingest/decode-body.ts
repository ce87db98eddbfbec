import { Buffer } from 'node:buffer'
import { err, ok, type Result } from '../../core/result.ts'
import type { Refusal } from '../problem.ts'
import type { IngestLimits } from './limits.ts'
import { decompress } from './read-body.ts'
import { nestingDepth, type Segment, splitBody } from './split-body.ts'

/** The text of one event as it was sent. `index` counts from 0: lines of the body, or elements of an array. */
export interface BodyLine {
  index: number
  text: string
}

export interface LineRejection {
  index: number
  reason: string
}

export interface DecodedBody {
  lines: BodyLine[]
  /** Lines that no parser should see. */
  rejected: LineRejection[]
  /** The body after decompression. */
  bytes: Uint8Array
}

/**
 * Reads a body as sent into the texts of its events: decompressed by its Content-Encoding, cut and checked, nothing
 * changed. One bad line costs itself; the whole body is refused only when it is too large or not what its encoding says.
 */
export function decodeBody(wire: Uint8Array, encoding: string, limits: IngestLimits): Result<DecodedBody, Refusal> {
  const bytes = decompress(wire, encoding, limits)
  if (!bytes.ok) return bytes
  const cut = cutBody(withoutByteOrderMark(bytes.value), limits)
  return cut.ok ? ok({ ...cut.value, bytes: bytes.value }) : cut
}

function cutBody(bytes: Uint8Array, limits: IngestLimits): Result<Pick<DecodedBody, 'lines' | 'rejected'>, Refusal> {
  const whole = utf8(bytes)
  // With a byte that is no UTF-8 somewhere, each event's bytes are read for themselves: one character a byte finds them.
  const text = whole ?? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const segments = splitBody(text, limits)
  if (!segments.ok) return err({ tag: segments.error, detail: `at most ${limits.events} events in a batch` })
  const hasNul = text.includes('\0')
  const lines: BodyLine[] = []
  const rejected: LineRejection[] = []
  for (const segment of segments.value) {
    const { start, end, index } = segment
    const line = whole === null ? utf8(bytes.subarray(start, end)) : text.slice(start, end)
    const reason = line === null ? 'it is not UTF-8' : refusalOf(line, segment, hasNul, limits)
    if (line === null || reason !== null) rejected.push({ index, reason: reason ?? 'it is not UTF-8' })
    else lines.push({ index, text: line })
  }
  return ok({ lines, rejected })
}

function refusalOf(line: string, { unfinished }: Segment, hasNul: boolean, limits: IngestLimits): string | null {
  if (isLonger(line, limits.lineBytes)) return `it is longer than ${limits.lineBytes} bytes`
  if (hasNul && line.includes('\0')) return 'it holds a NUL byte'
  if (unfinished) return 'its JSON value does not end'
  if (/^\s*[[{]/.test(line) && opensMoreThan(line, limits.jsonDepth) && nestingDepth(line) > limits.jsonDepth) {
    return `its JSON is nested deeper than ${limits.jsonDepth} levels`
  }
  return null
}

/** A character takes at most three bytes for each unit, so most lines need not be encoded to be measured. */
const isLonger = (line: string, bytes: number): boolean =>
  line.length > bytes || (line.length * 3 > bytes && Buffer.byteLength(line) > bytes)

/** True when the line holds more opening brackets than `count`, in texts or not: few lines do. */
function opensMoreThan(line: string, count: number): boolean {
  let found = 0
  for (const bracket of ['{', '[']) {
    for (let at = line.indexOf(bracket); at >= 0; at = line.indexOf(bracket, at + 1)) if (++found > count) return true
  }
  return false
}

const withoutByteOrderMark = (bytes: Uint8Array): Uint8Array =>
  bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of bytes; null when they are not UTF-8. */
function utf8(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    // The decoder's only way to say so.
    return null
  }
}
