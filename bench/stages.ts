import { readFileSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { loadClassifier } from '../adapters/onnx/classifier.ts'
import { runtime } from '../adapters/onnx/node-runtime.ts'
import { packBatch } from '../core/events/batch.ts'
import type { ReadEvent } from '../core/events/event.ts'
import { createLineReader } from '../core/events/formats.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../core/features/schema.ts'
import { Beside } from '../core/incidents/beside.ts'
import { docketOf, judge } from '../core/incidents/judge.ts'
import { WindowTable } from '../core/window/window-table.ts'
import { inRoot } from '../scripts/local/repository.ts'
import { type Bench, mustBe, type Row } from './harness/bench.ts'
import { BATCH_EVENTS, SOURCES } from './harness/ingest-rate.ts'
import { canonicalMix, type LineMaker, sshdMix, traffic } from './harness/traffic.ts'

const PARTITIONS = 4
const ROUND = 512
/** A live window is judged every 250 ms: at 20,000 events/s about this many batches come between two rounds. */
const BATCHES_A_ROUND = 5

export const bench: Bench = {
  name: 'stages',
  title: 'what an event costs, stage by stage, in one thread',
  explains: `The pure parts of the main path, called in this process as the Worker and the Durable Objects call them, on the traffic of
ingest-serve: nothing of HTTP, RPC, SQLite and D1. Windows are judged after every five batches, as at 20,000 events/s. Shows where to save; the sum
is what one thread would need if all else were free. The reference is the sum.`,
  async run({ quick }) {
    const batches = quick ? 40 : 200
    const canonical = await stagesOf(canonicalMix, batches)
    const sshd = await stagesOf(sshdMix, batches)
    return {
      rows: [...rowsOf('canonical', canonical), ...rowsOf('sshd', sshd)],
      notes: [describe('canonical', canonical), describe('sshd', sshd)],
    }
  },
}

type Stages = Awaited<ReturnType<typeof stagesOf>>

async function stagesOf(maker: LineMaker, batches: number) {
  const loaded = await loadClassifier(
    {
      graph: new Uint8Array(readFileSync(inRoot('models/ensemble.onnx'))),
      manifest: JSON.parse(readFileSync(inRoot('models/manifest.json'), 'utf8')),
      schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT },
    },
    async () => ({ runtime }),
  )
  mustBe(loaded.ok, 'the shipped model is refused')
  const model = loaded.value
  const batch = traffic(maker, (draw) => draw.below(SOURCES), BATCH_EVENTS, 60)
  const tables = Array.from(
    { length: PARTITIONS },
    () => new WindowTable<Beside>({ maxSources: SOURCES, newBeside: () => new Beside() }),
  )
  const spent = new Map<string, number>()
  let counting = false
  const time = <Value>(stage: string, work: () => Value): Value => {
    const startedAt = performance.now()
    const value = work()
    if (counting) spent.set(stage, (spent.get(stage) ?? 0) + performance.now() - startedAt)
    return value
  }
  const count = { events: 0, windows: 0, incidents: 0, thin: 0 }
  const warmUp = Math.ceil(batches / 5)
  for (let n = 0; n < warmUp + batches; n++) {
    counting = n >= warmUp
    const { body, events } = batch(n)
    const now = Date.now()
    const reader = createLineReader({ receivedAt: now })
    const reads = time('reading lines', () =>
      body
        .trimEnd()
        .split('\n')
        .flatMap((line) => {
          const read = reader.read(line)
          return read.ok && read.value ? [read.value] : []
        }),
    )
    mustBe(reads.length === events, `${reads.length} of ${events} lines were read`)
    if (counting) count.events += events
    const named = { id: `b${n}`, stream: '', receivedAt: now, rejected: 0, rejections: [] }
    const { shares } = time('packing shares (JSON)', () => packBatch(reads, named, PARTITIONS))
    for (const { partition, events: packed } of shares) {
      const share = time('unpacking shares (JSON)', () => JSON.parse(packed) as ReadEvent[])
      time('journal (deflate)', () => deflateRawSync(packed, { level: 1 }))
      time('windows', () => {
        share.forEach((read, index) => {
          const tracked = tables[partition]!.add('', 'live', read.event, now)
          tracked?.beside.note(read.event, read.original, 'local', { row: n, index })
        })
      })
    }
    if (n % BATCHES_A_ROUND !== BATCHES_A_ROUND - 1) continue
    for (const table of tables) {
      for (;;) {
        const tasks = table.due('live', Number.NEGATIVE_INFINITY, true, ROUND)
        if (tasks.length === 0) break
        const docket = time('features', () => docketOf(tasks))
        const startedAt = performance.now()
        const outputs = await model.predict(docket.extraction.rows, tasks.length)
        if (counting) spent.set('ensemble', (spent.get('ensemble') ?? 0) + performance.now() - startedAt)
        const judgements = time('judging', () => judge(docket, outputs, model))
        for (const { task, consequence } of judgements) {
          table.settled(task, 0)
          if (!counting) continue
          count.windows++
          if (consequence.tag === 'incident') count.incidents++
          if (consequence.tag === 'thin') count.thin++
        }
      }
    }
  }
  await model.release()
  mustBe(count.windows > 0, 'no window was judged')
  mustBe(
    tables.every(({ unjudged }) => unjudged === 0) || (warmUp + batches) % BATCHES_A_ROUND !== 0,
    'events were left unjudged',
  )
  return { spent, count }
}

function rowsOf(format: string, { spent, count }: Stages): Row[] {
  const perEvent = [...spent].map(([stage, ms]) => ({ stage, value: (ms * 1000) / count.events }))
  const sum = perEvent.reduce((total, { value }) => total + value, 0)
  const reference = { name: 'all stages', value: sum }
  return perEvent.map(({ stage, value }) => ({ name: `${format}: ${stage}`, value, unit: 'µs/event', reference }))
}

function describe(format: string, { spent, count }: Stages): string {
  const ms = [...spent.values()].reduce((sum, ms) => sum + ms, 0)
  const number = (value: number) => value.toLocaleString('en-US')
  return `${format}: ${number(count.events)} events in ${number(count.windows)} windows, of which ${number(count.incidents)} belong to incidents and ${number(count.thin)} are thin threats; one thread could do ${number(Math.round(count.events / (ms / 1000)))} events/s`
}
