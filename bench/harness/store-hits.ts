import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { loadClassifier } from '../../adapters/onnx/classifier.ts'
import { canonical } from '../../core/events/canonical.ts'
import type { CanonicalEvent } from '../../core/events/event.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../../core/features/schema.ts'
import { featuresOf, type Windows } from '../../core/features/store/features-of.ts'
import { HandOver } from '../../core/features/store/hand-over.ts'
import { addCounts, newStoreCounts } from '../../core/features/store/statistics.ts'
import { Beside } from '../../core/incidents/beside.ts'
import { docketOf, judge } from '../../core/incidents/judge.ts'
import { paneOf } from '../../core/window/pane-times.ts'
import { LATENESS_MS } from '../../core/window/source-window.ts'
import { WindowTable } from '../../core/window/window-table.ts'
import { inRoot } from '../../scripts/local/repository.ts'
import type { UpstashFace } from '../../test/support/upstash-face.ts'
import { type BenchOptions, mustBe, type Row } from './bench.ts'
import { storeOn } from './store-speed.ts'

const MONTH = inRoot('../shared/data/dev/events/kareiva_cowrie_2018.ndjson.gz')
const FROM = Date.UTC(2018, 5, 1)
const TO = Date.UTC(2018, 6, 1)
const HOUR_MS = 3_600_000
const ROUND = 512
const SCOPE = 'bench/month'
/** When a council that an uncertain or threatening window has called reads its vector, after the judgement. */
const READS_AFTER_MS = [2_000, 20_000]
/** The settings' default. */
const WRITES_A_SECOND = 64

/** Hit rate over a month of a real honeypot; null where that data is not there. The clock is that of the events. */
export async function storeHits(
  face: UpstashFace,
  { quick, say }: BenchOptions,
): Promise<{ rows: Row[]; notes: string[] } | null> {
  if (!existsSync(MONTH)) return null
  const events = await eventsOf(quick ? FROM + (TO - FROM) / 10 : TO)
  const replay = await Replay.open(face)
  for (const event of events) await replay.take(event)
  await replay.end()
  const { all, again, seen, windows } = replay
  mustBe(windows > 0 && all.hits > 0, `${windows} windows were judged and ${all.hits} look-ups hit`)
  say(`${windows} windows, ${lookUps(all)} look-ups`)
  const percent = (counts: typeof all) => (100 * counts.hits) / lookUps(counts)
  return {
    rows: [
      {
        name: 'hit rate, address looked up within the hour before',
        value: percent(again),
        unit: '%',
        target: { least: 80 },
      },
      { name: 'hit rate, all look-ups', value: percent(all), unit: '%' },
    ],
    notes: [
      `${events.length.toLocaleString('en-US')} events of ${seen} sources gave ${windows.toLocaleString('en-US')} judged windows and ${lookUps(all).toLocaleString('en-US')} look-ups: ${all.hits} hits, ${all.misses} misses, ${all.stale} stale, ${all.errors} errors; ${lookUps(again).toLocaleString('en-US')} of them of an address looked up within the hour before`,
      `${replay.written.toLocaleString('en-US')} vectors were written, ${replay.dropped} found no room`,
    ],
  }
}

type Counts = ReturnType<typeof newStoreCounts>
const lookUps = ({ hits, misses, stale, errors }: Counts): number => hits + misses + stale + errors

/** A partition's work on a clock of event time, with councils that look vectors up. */
class Replay {
  readonly all = newStoreCounts()
  readonly again = newStoreCounts()
  windows = 0
  written = 0
  dropped = 0
  readonly #table = new WindowTable<Beside>({ maxSources: 4_000, newBeside: () => new Beside() })
  readonly #handOver = new HandOver(WRITES_A_SECOND)
  readonly #lookedUpAt = new Map<string, number>()
  readonly #sources = new Set<string>()
  #due: { at: number; address: string }[] = []
  #storedAt = Number.NEGATIVE_INFINITY
  #judgedPane = Number.NEGATIVE_INFINITY
  #n = 0
  readonly #store: ReturnType<typeof storeOn>
  readonly #model: Awaited<ReturnType<typeof modelAtHand>>

  private constructor(face: UpstashFace, model: Awaited<ReturnType<typeof modelAtHand>>) {
    this.#store = storeOn(face)
    this.#model = model
  }

  static async open(face: UpstashFace): Promise<Replay> {
    return new Replay(face, await modelAtHand())
  }

  get seen(): number {
    return this.#sources.size
  }

  async take(event: CanonicalEvent): Promise<void> {
    const closed = paneOf(event.ts - LATENESS_MS) - 1
    if (closed > this.#judgedPane) {
      this.#judgedPane = closed
      await this.#judge(closed, event.ts)
    }
    await this.#lookUp(event.ts)
    const tracked = this.#table.add(SCOPE, SCOPE, event, event.ts)
    if (!tracked) return
    this.#sources.add(tracked.window.source)
    tracked.beside.note(event, '', 'bench', { row: this.#n++, index: 0 })
  }

  async end(): Promise<void> {
    const over = (this.#judgedPane + 100) * 10_000
    await this.#judge(Number.POSITIVE_INFINITY, over)
    await this.#lookUp(Number.POSITIVE_INFINITY)
  }

  async #judge(closedPane: number, now: number): Promise<void> {
    for (;;) {
      const tasks = this.#table.due(SCOPE, closedPane, false, ROUND)
      if (tasks.length === 0) break
      const docket = docketOf(tasks)
      const judgements = judge(docket, await this.#model.predict(docket.extraction.rows, tasks.length), this.#model)
      for (const { task, prediction, consequence } of judgements) {
        this.#table.settled(task, prediction.confidence)
        this.windows++
        if (consequence.tag !== 'incident' || prediction.route === 'TRUST') continue
        const address = task.tracked.window.source
        for (const after of READS_AFTER_MS)
          this.#due.push({ at: Math.min(now, (task.last + 1) * 10_000) + LATENESS_MS + after, address })
      }
      this.#handOver.note(judgements, now)
    }
    for (const { key } of this.#table.evict()) this.#handOver.forget(key)
    this.#due.sort((a, b) => a.at - b.at)
    await this.#write(now)
  }

  /** A batch a second of the events' clock. */
  async #write(now: number): Promise<void> {
    while (this.#handOver.waiting > 0 && now >= this.#storedAt + 1_000) {
      this.#storedAt = Math.max(this.#storedAt + 1_000, now - 30_000)
      const { written, failed, why } = await this.#store.write(this.#handOver.take())
      mustBe(failed === 0, `${failed} vectors were not written: ${why}`)
      this.written += written
      this.dropped += this.#handOver.takeDropped()
    }
  }

  async #lookUp(now: number): Promise<void> {
    while (this.#due.length > 0 && this.#due[0]!.at <= now) {
      const { at, address } = this.#due.shift()!
      const before = this.#lookedUpAt.get(address)
      this.#lookedUpAt.set(address, at)
      const isAgain = before !== undefined && at - before <= HOUR_MS
      const later: Promise<unknown>[] = []
      await featuresOf(
        {
          store: this.#store,
          windows: this.#windows(at),
          stopwatch: () => performance.now(),
          tickMs: 0,
          count: (counts) => {
            addCounts(this.all, counts)
            if (isAgain) addCounts(this.again, counts)
          },
          later: (work) => later.push(work),
        },
        { address, scope: SCOPE },
      )
      await Promise.all(later)
    }
  }

  #windows(now: number): Windows {
    const windowNow: Windows['windowNow'] = async (address, scope) => {
      const cursor = this.#handOver.windowOf(address, scope, now)
      return cursor && { cursor, unjudged: 0 }
    }
    return {
      windowNow,
      vectorNow: async (address, scope) => {
        const known = await windowNow(address, scope)
        const tracked = this.#table.get(`${SCOPE}|${address}`)
        if (!known || !tracked) return null
        const { extraction } = docketOf([{ tracked, last: known.cursor.pane, taken: [] }])
        return { ...known, row: extraction.rows, at: now }
      },
    }
  }
}

async function eventsOf(to: number): Promise<CanonicalEvent[]> {
  const events: CanonicalEvent[] = []
  for await (const line of createInterface({ input: createReadStream(MONTH).pipe(createGunzip()) })) {
    const read = canonical.parse(line, { receivedAt: 0 })
    if (read.ok && read.value && read.value.ts >= FROM && read.value.ts < to) events.push(read.value)
  }
  return events
}

async function modelAtHand() {
  const loaded = await loadClassifier(
    {
      graph: readFileSync(inRoot('models/ensemble.onnx')),
      manifest: JSON.parse(readFileSync(inRoot('models/manifest.json'), 'utf8')),
      schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT },
    },
    () => import('../../adapters/onnx/node-runtime.ts'),
  )
  mustBe(loaded.ok, 'the shipped model is refused')
  return loaded.value
}
