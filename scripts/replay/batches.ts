import { isBlank } from './lines.ts'

/** Lines that go in one request, in the order of the file. */
export interface LogBatch {
  /** Header lines of the log (Zeek's `#fields` and the like) that hold for these lines; not counted as lines. */
  header: Buffer[]
  lines: Buffer[]
  /** Line number in the file of each line, from 1. */
  numbers: number[]
}

/** A request may hold 10 MiB compressed; text never grows by compression, so this many raw bytes always fit. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024

const ZEEK_HEADER = /^#(separator|set_separator|empty_field|unset_field|path|open|close|fields|types)\b/

/**
 * Cuts a log into batches of at most `size` lines and 8 MiB. Blank lines are left out. A Zeek log's header goes with
 * each of its batches: the server reads every request by itself. A new header in mid-file begins a new batch.
 */
export async function* batchesOf(lines: AsyncIterable<Buffer>, size: number): AsyncGenerator<LogBatch> {
  let header: Buffer[] = []
  let inHeader = false
  let batch: LogBatch = { header, lines: [], numbers: [] }
  let bytes = 0
  let number = 0
  for await (const line of lines) {
    number++
    if (isBlank(line)) continue
    const isHeader = line[0] === 35 && ZEEK_HEADER.test(line.toString('latin1', 0, 40))
    const full = batch.lines.length >= size || bytes + line.length > MAX_BATCH_BYTES
    if (batch.lines.length > 0 && (full || isHeader)) {
      yield batch
      batch = { header, lines: [], numbers: [] }
      bytes = 0
    }
    if (isHeader) {
      header = inHeader ? [...header, line] : [line]
      batch.header = header
    } else {
      batch.lines.push(line)
      batch.numbers.push(number)
      bytes += line.length + 1
    }
    inHeader = isHeader
  }
  if (batch.lines.length > 0) yield batch
}

const LF = Buffer.from('\n')

/** The request's text: header, then lines, each closed by LF. */
export const bodyOf = (batch: LogBatch): Buffer =>
  Buffer.concat([...batch.header, ...batch.lines].flatMap((line) => [line, LF]))

/** Line number in the file of the n-th line of the request's text; null when it is a header line. */
export const lineNumberOf = (batch: LogBatch, index: number): number | null =>
  batch.numbers[index - batch.header.length] ?? null
