import { setTimeout as wait } from 'node:timers/promises'
import { mustBe } from './bench.ts'
import type { IngestTarget } from './ingest-target.ts'

export interface Batch {
  body: string
  /** Lines in it, each an event. */
  events: number
}

export interface Load {
  /** Makes the n-th batch, when it is about to be sent: its events carry the time of now. */
  batch: (n: number) => Batch
  /** Requests at once, 1 or more. */
  inFlight: number
  /** Sends no more than this many. */
  batches: number
  /** Begins none after this long. */
  forMs: number
  /** Batches a second; absent: as fast as they are answered. */
  perSecond?: number
  /** Asked before each batch; true ends the load. */
  stopped?: () => boolean
  /** Told of each answer, in place of keeping it. */
  onAnswer?: (posted: Posted) => void
}

export interface Posted {
  /** From the sending of a batch to its answer, ms. When paced, from when it was due: a late start is latency too. */
  latencyMs: number
  /** When it was answered, ms since the load began. */
  atMs: number
  events: number
}

/** Posts batches and counts. Rejects when an answer is not 202 or not every event was accepted as new. */
export async function post(
  app: IngestTarget,
  load: Load,
): Promise<{ events: number; seconds: number; posted: Posted[] }> {
  const startedAt = performance.now()
  const posted: Posted[] = []
  let next = 0
  let events = 0
  const sender = async () => {
    while (next < load.batches && performance.now() - startedAt < load.forMs && !load.stopped?.()) {
      const n = next++
      let dueAt = performance.now()
      if (load.perSecond !== undefined) {
        dueAt = startedAt + (n / load.perSecond) * 1000
        if (dueAt - startedAt >= load.forMs) return
        await wait(Math.max(0, dueAt - performance.now()))
        dueAt = Math.max(dueAt, startedAt)
      }
      const batch = load.batch(n)
      const sentAt = load.perSecond === undefined ? performance.now() : dueAt
      const answer = await app.post(batch.body)
      const now = performance.now()
      mustBe(answer.status === 202, `batch ${n} was answered ${answer.status}: ${answer.why}`)
      mustBe(
        answer.accepted === batch.events,
        `of ${batch.events} events ${answer.accepted} were accepted, ${answer.duplicates} known, ${answer.rejected} rejected: ${answer.why}`,
      )
      events += answer.accepted
      const one = { latencyMs: now - sentAt, atMs: now - startedAt, events: batch.events }
      if (load.onAnswer) load.onAnswer(one)
      else posted.push(one)
    }
  }
  await Promise.all(Array.from({ length: load.inFlight }, sender))
  mustBe(events > 0, 'nothing was posted')
  return { events, seconds: (performance.now() - startedAt) / 1000, posted }
}
