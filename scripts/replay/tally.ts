import { type LogBatch, lineNumberOf } from './batches.ts'
import type { IngestAnswer } from './sender.ts'

/** What became of one file's lines. accepted + duplicates + rejected + noEvent = lines. */
export interface Tally {
  file: string
  lines: number
  accepted: number
  /** Known to the server from before. */
  duplicates: number
  rejected: number
  /** Read, and rightly no event: a comment, a daemon's bookkeeping. */
  noEvent: number
  seconds: number
  /** The first rejected lines, at most 20. */
  rejections: { line: number | null; reason: string }[]
}

export const emptyTally = (file: string): Tally => ({
  file,
  lines: 0,
  accepted: 0,
  duplicates: 0,
  rejected: 0,
  noEvent: 0,
  seconds: 0,
  rejections: [],
})

const MAX_REJECTIONS = 20

/** Adds the server's answer to a batch; its indexes become line numbers of the file. */
export function addAnswer(tally: Tally, batch: LogBatch, answer: IngestAnswer): void {
  const lines = batch.lines.length
  const rejected = answer.unreadable === undefined ? answer.rejected.length : lines
  tally.lines += lines
  tally.accepted += answer.accepted
  tally.duplicates += answer.duplicates
  tally.rejected += rejected
  tally.noEvent += Math.max(0, lines - rejected - answer.accepted - answer.duplicates)
  const reasons =
    answer.unreadable === undefined
      ? answer.rejected.map(({ index, reason }) => ({ line: lineNumberOf(batch, index), reason }))
      : [{ line: batch.numbers[0] ?? null, reason: answer.unreadable }]
  for (const reason of reasons) if (tally.rejections.length < MAX_REJECTIONS) tally.rejections.push(reason)
}

export const linesPerSecond = (tally: Tally): number =>
  tally.seconds > 0 ? Math.round(tally.lines / tally.seconds) : 0

const count = (n: number) => n.toLocaleString('en-US')

/** The summary that people read, one line a figure. */
export function describe(tally: Tally): string {
  const rows = [
    `${tally.file}: ${count(tally.lines)} lines in ${tally.seconds.toFixed(1)} s (${count(linesPerSecond(tally))} lines/s)`,
    `  accepted    ${count(tally.accepted)}`,
    `  duplicates  ${count(tally.duplicates)}`,
    `  rejected    ${count(tally.rejected)}`,
  ]
  if (tally.noEvent > 0) rows.push(`  no event    ${count(tally.noEvent)}`)
  for (const { line, reason } of tally.rejections.slice(0, 5)) {
    rows.push(`    ${line === null ? 'header' : `line ${line}`}: ${printable(reason)}`)
  }
  if (tally.rejected > 5 && tally.rejections.length > 5) rows.push('    …')
  return `${rows.join('\n')}\n`
}

/** A reason may quote the line, and the line is an attacker's: no control character reaches the terminal. */
const printable = (text: string) => text.replace(/[^\P{C}\t]/gu, '?')
