import { refuseOutOfRange } from '../../core/events/bounds.ts'
import type { FormatName, ReadEvent } from '../../core/events/event.ts'
import { createLineReader } from '../../core/events/formats.ts'
import type { SensorIdentity } from '../../core/events/sensor.ts'
import { withinRanges } from '../../core/events/source-ranges.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { EpochMs } from '../../core/time.ts'
import type { BodyLine, LineRejection } from './decode-body.ts'

export interface ReadLines {
  reads: ReadEvent[]
  rejected: LineRejection[]
}

/** The events of a body's lines: of a time that can be right, and within what their sensor may send. */
export function readLines(
  lines: BodyLine[],
  sensor: SensorIdentity,
  receivedAt: EpochMs,
  format?: FormatName,
): ReadLines {
  const reader = createLineReader({ receivedAt }, format)
  const outOfScope = scopeOf(sensor)
  const reads: ReadEvent[] = []
  const rejected: LineRejection[] = []
  for (const { index, text } of lines) {
    const read = reader.read(text)
    if (!read.ok) {
      rejected.push({ index, reason: named(read.error.format, read.error.why) })
      continue
    }
    if (read.value === null) continue
    const inTime = refuseOutOfRange(read.value.event, receivedAt)
    const inScope = inTime.ok ? outOfScope(read.value) : inTime
    if (inScope.ok) reads.push(read.value)
    else rejected.push({ index, reason: inScope.error })
  }
  return { reads, rejected }
}

const named = (format: FormatName | null, why: string): string => (format === null ? why : `${format}: ${why}`)

function scopeOf({ formats, sourceRanges }: SensorIdentity): (read: ReadEvent) => Result<ReadEvent, string> {
  const mayReport = sourceRanges === null ? null : withinRanges(sourceRanges)
  return (read) => {
    if (formats !== null && !formats.includes(read.format)) {
      return err(`this sensor may send ${formats.join(', ') || 'no format'}, not ${read.format}`)
    }
    if (mayReport !== null && !mayReport(read.event.src_ip)) {
      return err(`${read.event.src_ip} is outside the source ranges that this sensor may report`)
    }
    return ok(read)
  }
}
