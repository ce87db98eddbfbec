import { readFileSync } from 'node:fs'
import type { CanonicalEvent } from '../../core/events/event.ts'
import { createLineReader } from '../../core/events/formats.ts'

/** A log read through the parsers. `lines[i]` is the line (from 1) that `events[i]` was read from. */
export interface ReadLog {
  events: CanonicalEvent[]
  lines: number[]
  /** Lines that no parser reads, with the reason. */
  unreadable: { line: number; why: string }[]
}

/** @param receivedAt for stamps without a year, ms */
export function readLog(file: string, receivedAt: number): ReadLog {
  const reader = createLineReader({ receivedAt })
  const log: ReadLog = { events: [], lines: [], unreadable: [] }
  for (const [i, text] of readFileSync(file, 'utf8').split('\n').entries()) {
    if (text.trim() === '') continue
    const read = reader.read(text)
    if (!read.ok) log.unreadable.push({ line: i + 1, why: read.error.why })
    else if (read.value) {
      log.events.push(read.value.event)
      log.lines.push(i + 1)
    }
  }
  return log
}
