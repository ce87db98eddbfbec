import { ok, type Result } from '../result.ts'
import { accessLog } from './access-log.ts'
import { canonical } from './canonical.ts'
import { cowrie } from './cowrie.ts'
import type { FormatName, ParseContext, Parser, ReadEvent, UnreadableLine } from './event.ts'
import { sshd } from './sshd.ts'
import { suricata } from './suricata.ts'
import { excerpt, unreadable } from './unreadable.ts'
import { zeekJson } from './zeek-json.ts'
import { createZeekTsv } from './zeek-tsv.ts'

/** Every format that Picket reads, in the order in which they are asked. A new format is one row. */
const PARSERS: Record<FormatName, () => Parser> = {
  cowrie: () => cowrie,
  suricata: () => suricata,
  'zeek-json': () => zeekJson,
  'zeek-tsv': createZeekTsv,
  sshd: () => sshd,
  'access-log': () => accessLog,
  canonical: () => canonical,
}

export const FORMAT_NAMES = Object.keys(PARSERS) as FormatName[]

export const isFormatName = (name: string): name is FormatName => Object.hasOwn(PARSERS, name)

export interface LineReader {
  /** The line's event; `null` for a line that is rightly none (a header, a comment, a daemon's bookkeeping). */
  read(line: string): Result<ReadEvent | null, UnreadableLine>
}

/**
 * Reads the lines of one stream in order. Each line's format is found by its content, the one that last fitted first;
 * `format` fixes it. A reader remembers the header of a Zeek log, so use one for each request or file.
 */
export function createLineReader(context: ParseContext, format?: FormatName): LineReader {
  const parsers = (format ? [format] : FORMAT_NAMES).map((name) => PARSERS[name]())
  let last = parsers[0]!
  const attempt = (parser: Parser, line: string): Result<ReadEvent | null, UnreadableLine> => {
    const parsed = parser.parse(line, context)
    if (!parsed.ok) return parsed
    last = parser
    return ok(parsed.value && { event: parsed.value, format: parser.format, original: line })
  }
  if (format) return { read: (line) => attempt(last, withoutCarriageReturn(line)) }
  return {
    read(text) {
      const line = withoutCarriageReturn(text)
      const first = last
      let refusal: Result<ReadEvent | null, UnreadableLine> | null = null
      if (first.sniff(line)) {
        const result = attempt(first, line)
        if (result.ok) return result
        refusal = result
      }
      for (const parser of parsers) {
        if (parser === first || !parser.sniff(line)) continue
        const result = attempt(parser, line)
        if (result.ok) return result
        refusal ??= result
      }
      return refusal ?? unreadable(null, whyUnknown(line))
    },
  }
}

/** Lines from Windows end in CR LF; the CR belongs to the end, not to the line. */
const withoutCarriageReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)

/** Helps the sensor's owner to see what Picket would have needed. */
function whyUnknown(line: string): string {
  if (/^\s*\{/.test(line)) {
    return `JSON of no known format: canonical events need ts, src_ip and event_type (${excerpt(line)})`
  }
  return `a line of no known format; known are ${FORMAT_NAMES.join(', ')} (${excerpt(line)})`
}
