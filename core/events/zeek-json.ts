import type { Parser } from './event.ts'
import { type JsonRecord, parseRecord, textAt } from './json-record.ts'
import { unreadable } from './unreadable.ts'
import { logOf, readZeekRecord, type ZeekFields } from './zeek-records.ts'

/** Zeek's logs as JSON, one object a line (`LogAscii::use_json`); `_path` names the log where a shipper adds it. */
export const zeekJson: Parser = {
  format: 'zeek-json',
  sniff(line) {
    const start = line.slice(0, 4096)
    if (!/^\s*\{/.test(start) || !/"ts"\s*:/.test(start)) return false
    return start.includes('"id.orig_h"') || (start.includes('"note"') && start.includes('"actions"'))
  },
  parse(line) {
    const record = parseRecord(line)
    if (!record.ok) return unreadable('zeek-json', record.error)
    const fields = fieldsOf(record.value)
    const event = readZeekRecord(textAt(record.value, '_path') ?? logOf(fields), fields)
    return event.ok ? event : unreadable('zeek-json', event.error)
  },
}

const fieldsOf = (record: JsonRecord): ZeekFields => ({
  has: (name) => Object.hasOwn(record, name),
  text: (name) => textAt(record, name),
  number(name) {
    const value = record[name]
    if (value === undefined || value === null) return undefined
    return typeof value === 'number' ? value : Number.NaN
  },
  flag: (name) => (typeof record[name] === 'boolean' ? record[name] : undefined),
})
