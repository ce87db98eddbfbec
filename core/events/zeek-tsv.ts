import { ok } from '../result.ts'
import type { Parser } from './event.ts'
import { unreadable } from './unreadable.ts'
import { DEFAULT_COLUMNS, logOf, readZeekRecord, type ZeekFields } from './zeek-records.ts'

/** How the lines that follow are laid out, as Zeek's header tells it. */
interface Layout {
  separator: string
  unset: string
  empty: string
  log: string | null
  /** Column by field name; null before `#fields`. */
  columns: Map<string, number> | null
}

const DEFAULTS: Layout = { separator: '\t', unset: '-', empty: '(empty)', log: null, columns: null }

/**
 * Zeek's own tab-separated logs ("Zeek TSV Format Logs"). A reader remembers the header it last saw; a line that comes
 * with none is read by Zeek's default columns where it fits those of a log that Picket reads.
 */
export function createZeekTsv(): Parser {
  let layout: Layout = DEFAULTS
  return {
    format: 'zeek-tsv',
    sniff: (line) =>
      HEADER.test(line) ||
      /^\d{1,10}\.\d{1,9}\t/.test(line) ||
      (layout.columns !== null && line.split(layout.separator, layout.columns.size).length === layout.columns.size),
    parse(line) {
      const header = HEADER.exec(line)
      if (header) {
        layout = withHeader(layout, header[1]!, line.slice(header[0].length))
        return ok(null)
      }
      if (line.startsWith('#')) return ok(null)
      const values = line.split(layout.separator)
      const columns = layout.columns ?? defaultLayout(values)
      if (columns === null) {
        return unreadable('zeek-tsv', 'no #fields header came before it, and its columns are no default of Zeek')
      }
      if (values.length < columns.size) {
        return unreadable('zeek-tsv', `it has ${values.length} columns and its header names ${columns.size}`)
      }
      const fields = fieldsOf(values, columns, layout)
      const event = readZeekRecord(layout.log ?? logOf(fields), fields)
      return event.ok ? event : unreadable('zeek-tsv', event.error)
    },
  }
}

const HEADER = /^\s?#(separator|set_separator|empty_field|unset_field|path|open|close|fields|types)(?=[\s,]|$)/

/** `#separator` is written with a space, the other lines with the separator itself. A new one begins a new file. */
function withHeader(layout: Layout, name: string, rest: string): Layout {
  const value = name === 'separator' ? rest.trim() : rest.slice(layout.separator.length)
  switch (name) {
    case 'separator':
      return { ...DEFAULTS, separator: unescaped(value) || '\t' }
    case 'unset_field':
      return { ...layout, unset: value }
    case 'empty_field':
      return { ...layout, empty: value }
    case 'path':
      return { ...layout, log: value === layout.unset ? null : value }
    case 'fields':
      return { ...layout, columns: indexed(value.split(layout.separator)) }
    default:
      return layout
  }
}

const unescaped = (text: string): string =>
  text.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

const indexed = (names: string[]): Map<string, number> => new Map(names.map((name, column) => [name, column]))

/** Fields whose columns must hold these values for a line without a header to be taken for the log. */
const FITTING: Record<string, [field: string, value: RegExp][]> = {
  conn: [
    ['proto', /^(?:tcp|udp|icmp|unknown_transport)$/],
    ['conn_state', /^(?:S[0-3]|SF|REJ|RSTO|RSTR|RSTOS0|RSTRH|SH|SHR|OTH)$/],
  ],
  dns: [
    ['proto', /^(?:tcp|udp)$/],
    ['rejected', /^[TF]$/],
    ['AA', /^[TF]$/],
  ],
  http: [
    ['trans_depth', /^\d{1,9}$/],
    ['request_body_len', /^\d{1,19}$/],
    ['response_body_len', /^\d{1,19}$/],
  ],
  ssl: [
    ['resumed', /^[TF]$/],
    ['established', /^[TF]$/],
  ],
  ssh: [
    ['auth_success', /^[TF-]$/],
    ['auth_attempts', /^\d{1,9}$/],
  ],
}

const LAYOUTS = DEFAULT_COLUMNS.map(({ log, columns }) => ({
  columns: indexed(columns),
  fitting: FITTING[log]!.map(([field, value]) => ({ column: columns.indexOf(field), value })),
}))

/** Columns by default, more may follow (labels, later versions); null when no log fits. */
function defaultLayout(values: string[]): Map<string, number> | null {
  const fits = LAYOUTS.find(
    ({ columns, fitting }) =>
      values.length >= columns.size && fitting.every(({ column, value }) => value.test(values[column]!)),
  )
  return fits?.columns ?? null
}

function fieldsOf(values: string[], columns: Map<string, number>, { unset, empty }: Layout): ZeekFields {
  const text = (name: string): string | undefined => {
    const column = columns.get(name)
    const value = column === undefined ? unset : values[column]!
    return value === unset ? undefined : value === empty ? '' : value
  }
  return {
    has: (name) => columns.has(name),
    text,
    number(name) {
      const value = text(name)
      if (value === undefined) return undefined
      return /^\d{1,20}(?:\.\d{1,20})?(?:e[+-]?\d{1,3})?$/i.test(value) ? Number(value) : Number.NaN
    },
    flag(name) {
      const value = text(name)
      return value === 'T' ? true : value === 'F' ? false : undefined
    },
  }
}
