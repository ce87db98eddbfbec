import { describe, expect, it } from 'vitest'
import { NotDone } from '../../../bench/harness/bench.ts'
import { linesPerSecond } from '../../../bench/harness/ingest-rate.ts'
import type { Figures, IngestAnswer, IngestTarget } from '../../../bench/harness/ingest-target.ts'
import { waitUntilJudged } from '../../../bench/harness/judged.ts'
import { post } from '../../../bench/harness/load.ts'
import { addressOf, batchOf, canonicalMix, floodPacket, sshdMix, traffic } from '../../../bench/harness/traffic.ts'
import { createLineReader } from '../../../core/events/formats.ts'
import { isSiteLocal } from '../../../core/events/source.ts'

const RUNNING: Figures = { unjudged: 0, judged: 10, late: 0, liveSources: 1, incidents: 0 }
const THREE = { body: 'a\nb\nc\n', events: 3 }

/** An app that answers each batch, and each question for its figures, as it is told. */
function app(answers: Partial<IngestAnswer>[], figures: Partial<Figures>[] = []): IngestTarget & { bodies: string[] } {
  const bodies: string[] = []
  return {
    bodies,
    async post(body) {
      bodies.push(body)
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!
      return { status: 202, accepted: 3, duplicates: 0, rejected: 0, why: '', ...answer }
    },
    figures: async () => ({ ...RUNNING, ...(figures.length > 1 ? figures.shift() : figures[0]) }),
  }
}

const load = { batch: () => THREE, inFlight: 2, batches: 5, forMs: 10_000 }

describe('a load', () => {
  it('counts what was accepted, batch by batch', async () => {
    const target = app([{}])
    const done = await post(target, load)
    expect(done.events).toBe(15)
    expect(done.posted).toHaveLength(5)
    expect(target.bodies).toHaveLength(5)
  })

  it.each([
    ['an event less than was sent', { accepted: 2 }],
    ['known events', { accepted: 2, duplicates: 1 }],
    ['a refusal', { status: 503, accepted: 0 }],
    ['an answer that accepts all but is no 202', { status: 200 }],
  ])('fails at %s', async (_, answer) => {
    await expect(post(app([{}, answer]), load)).rejects.toThrow(NotDone)
  })

  it('fails when it had no time to post anything', async () => {
    await expect(post(app([{}]), { ...load, forMs: 0 })).rejects.toThrow(NotDone)
  })

  it('counts waiting to be sent as latency when it is paced', async () => {
    const slow = app([{}])
    const { post: answer } = slow
    slow.post = async (body) => {
      await new Promise((resolve) => setTimeout(resolve, 40))
      return answer(body)
    }
    // One at a time at 40 ms each, due every 10 ms: the last is over 100 ms behind.
    const { posted } = await post(slow, { ...load, inFlight: 1, perSecond: 100 })
    expect(posted.at(-1)!.latencyMs).toBeGreaterThan(100)
  })
})

describe('waiting for judgement', () => {
  it('ends when nothing is unjudged and windows were judged', async () => {
    const target = app([{}], [{ unjudged: 9 }, { unjudged: null }, { unjudged: 0, judged: 12 }])
    expect((await waitUntilJudged(target, RUNNING, 10_000)).judged).toBe(12)
  })

  it('fails when no window was judged since', async () => {
    await expect(waitUntilJudged(app([{}], [{ judged: 10 }]), RUNNING, 1_000)).rejects.toThrow('no window was judged')
  })

  it('fails when events were too late to be judged', async () => {
    const target = app([{}], [{ judged: 12, late: 4 }])
    await expect(waitUntilJudged(target, RUNNING, 1_000)).rejects.toThrow('too late')
  })

  it.each([5, null])('fails when %s events stay unjudged', async (unjudged) => {
    await expect(waitUntilJudged(app([{}], [{ unjudged }]), RUNNING, 50)).rejects.toThrow('not judged')
  })
})

describe('traffic', () => {
  it('gives each source a public address of its own', () => {
    const addresses = Array.from({ length: 200_000 }, (_, n) => addressOf(n))
    expect(new Set(addresses).size).toBe(addresses.length)
    expect(addresses.some(isSiteLocal)).toBe(false)
  })

  it.each([
    ['canonical', canonicalMix],
    ['canonical', floodPacket],
    ['sshd', sshdMix],
  ])('is read by our own parsers, an event a line (%s, %o)', (format, maker) => {
    const now = Date.UTC(2026, 10, 24)
    const { body, events } = traffic(maker, (draw) => draw.below(500), 300, 2)(3)
    const reader = createLineReader({ receivedAt: now })
    const reads = body
      .trimEnd()
      .split('\n')
      .map((line) => reader.read(line))
    expect(reads).toHaveLength(events)
    for (const read of reads) expect(read.ok && read.value?.format).toBe(format)
  })

  it('carries the times of the second that ends now, in order', () => {
    const now = Date.UTC(2026, 10, 24)
    const { body } = batchOf(
      [1, 2, 3, 4].map(() => ({ before: '', after: '' })),
      now,
    )
    const times = body
      .trimEnd()
      .split('\n')
      .map((line) => Date.parse(line) - now)
    expect(times).toEqual([-750, -500, -250, 0])
  })
})

it('a reference that does not read every line gives no figure', () => {
  expect(() => linesPerSecond([THREE], (line) => line !== 'b')).toThrow('the reference read 2 of 3 lines')
})
