import { createHash } from 'node:crypto'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FormatName } from '../../core/events/event.ts'
import type { Progress } from '../local/progress.ts'
import { batchesOf, bodyOf, type LogBatch } from './batches.ts'
import { linesOf } from './lines.ts'
import type { LogFile } from './log-file.ts'
import { paced, type TimedBatch } from './pace.ts'
import type { Sender } from './sender.ts'
import { addAnswer, type Tally } from './tally.ts'

export interface ReplayOptions {
  /** Lines a request, 1 to 10,000. */
  batchSize: number
  /** Times real time; absent: as fast as accepted. */
  speed?: number
  format?: FormatName
  /** What the server is told the lines come from; absent: the file's name and digest. */
  stream?: string
}

/** Posts a log, batch after batch, in order; `tally` tells at any time what the server has answered for. */
export async function replayLog(
  log: LogFile,
  sender: Sender,
  options: ReplayOptions,
  progress: Progress,
  tally: Tally,
): Promise<void> {
  const startedAt = performance.now()
  const stream = options.stream ?? streamOf(log)
  for await (const batch of await batchesFor(log, options)) {
    if ('dueMs' in batch) await wait(Math.max(0, startedAt + batch.dueMs - performance.now()))
    const body = bodyOf(batch)
    const answer = await sender.send({ body, stream, idempotencyKey: batchKey(log, batch, body) })
    addAnswer(tally, batch, answer)
    tally.seconds = (performance.now() - startedAt) / 1000
    progress.update(tally.lines)
  }
}

async function batchesFor(log: LogFile, options: ReplayOptions): Promise<AsyncIterable<LogBatch> | TimedBatch[]> {
  const batches = batchesOf(linesOf(log.read()), options.batchSize)
  if (options.speed === undefined) return batches
  const all: LogBatch[] = []
  for await (const batch of batches) all.push(batch)
  return paced(all, options.speed, options.batchSize, Date.now(), options.format)
}

/** Names a batch by the log and its place in it: a replay that is begun again does not post it twice. */
function batchKey(log: LogFile, batch: LogBatch, body: Buffer): string {
  const digest = log.digest ?? createHash('sha256').update(body).digest('hex')
  return `${digest}:${batch.numbers[0]}:${batch.lines.length}`
}

/** Header-safe: file names may hold anything. */
function streamOf(log: LogFile): string {
  const name = encodeURI(path.basename(log.name)).slice(0, 100)
  return log.digest === null ? name : `${name}@${log.digest.slice(0, 12)}`
}
