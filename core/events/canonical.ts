import { ok } from '../result.ts'
import { CanonicalWire, reasons } from './canonical-schema.ts'
import type { Parser } from './event.ts'
import { parseRecord } from './json-record.ts'
import { normaliseEvent } from './normalise.ts'
import { epochNumber, isoTime } from './timestamp.ts'
import { unreadable } from './unreadable.ts'

/** Picket's own form, one JSON object an event (docs: contract.md, "Canonical event"). */
export const canonical: Parser = {
  format: 'canonical',
  sniff(line) {
    const start = line.slice(0, 4096)
    return (
      /^\s*\{/.test(start) && start.includes('"event_type"') && start.includes('"src_ip"') && /"ts"\s*:/.test(start)
    )
  },
  parse(line) {
    const record = parseRecord(line)
    if (!record.ok) return unreadable('canonical', record.error)
    // The schema defines what is read; the normaliser reads the same in a third of its time.
    const quick = normaliseEvent(wireTime(record.value.ts), record.value)
    if (quick.ok) return quick
    const defined = CanonicalWire.safeParse(record.value)
    return defined.success ? ok(defined.data) : unreadable('canonical', reasons(defined.error))
  },
}

function wireTime(ts: unknown): number | null {
  if (typeof ts === 'number') return epochNumber(ts)
  const time = typeof ts === 'string' ? isoTime(ts) : null
  return time !== null && time >= 0 ? time : null
}
