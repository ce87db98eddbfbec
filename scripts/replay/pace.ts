import type { FormatName } from '../../core/events/event.ts'
import { createLineReader } from '../../core/events/formats.ts'
import type { EpochMs } from '../../core/time.ts'
import type { LogBatch } from './batches.ts'

/** A batch and when it is due, in ms after the first. */
export interface TimedBatch extends LogBatch {
  dueMs: number
}

interface TimedLine {
  line: Buffer
  number: number
  header: Buffer[]
  ts: EpochMs
}

/** Lines whose wall-clock times fall in the same slice go together. */
const SLICE_MS = 250

/**
 * Puts a log's lines in the order of their event times and tells when each is due at `speed` times real time. A line
 * without a time of its own (unreadable, or no event) stays with the one before it. The cut depends on the log, the
 * speed and the size only, so a replay that is begun again names the same batches. Needs the whole log in memory.
 * @param speed over 0; 60 plays an hour in a minute
 */
export function paced(
  batches: LogBatch[],
  speed: number,
  size: number,
  receivedAt: EpochMs,
  format?: FormatName,
): TimedBatch[] {
  const lines = timed(batches, receivedAt, format).sort((a, b) => a.ts - b.ts)
  const start = lines[0]?.ts ?? 0
  const timedBatches: TimedBatch[] = []
  let open: TimedBatch | null = null
  let openSlice = -1
  for (const { line, number, header, ts } of lines) {
    const dueMs = (ts - start) / speed
    const slice = Math.floor(dueMs / SLICE_MS)
    if (open === null || slice !== openSlice || open.lines.length >= size || open.header !== header) {
      open = { header, lines: [], numbers: [], dueMs }
      openSlice = slice
      timedBatches.push(open)
    }
    open.lines.push(line)
    open.numbers.push(number)
    open.dueMs = dueMs
  }
  return timedBatches
}

function timed(batches: LogBatch[], receivedAt: EpochMs, format?: FormatName): TimedLine[] {
  const reader = createLineReader({ receivedAt }, format)
  const lines: TimedLine[] = []
  let header: Buffer[] | null = null
  let ts = Number.NaN
  for (const batch of batches) {
    if (batch.header !== header) {
      header = batch.header
      for (const line of header) reader.read(line.toString('utf8'))
    }
    for (const [i, line] of batch.lines.entries()) {
      const read = reader.read(line.toString('utf8'))
      if (read.ok && read.value) ts = read.value.event.ts
      lines.push({ line, number: batch.numbers[i]!, header, ts })
    }
  }
  const first = lines.find((line) => !Number.isNaN(line.ts))
  for (const line of lines) if (Number.isNaN(line.ts)) line.ts = first?.ts ?? 0
  return lines
}
