import { deadlineAfter } from '../../adapters/feature-store/deadline.ts'
import { upstashShelf } from '../../adapters/redis/feature-store.ts'
import type { CanonicalEvent } from '../../core/events/event.ts'
import { createLineReader } from '../../core/events/formats.ts'
import { extractInto, newExtraction } from '../../core/features/extract.ts'
import { referenceFeatures } from '../../core/features/reference.ts'
import { FEATURE_COUNT } from '../../core/features/schema.ts'
import { cursorText } from '../../core/features/store/cursor.ts'
import { GuardedStore } from '../../core/features/store/guarded-store.ts'
import { storeKey } from '../../core/features/store/value.ts'
import { random } from '../../core/learning/random.ts'
import { paneOf } from '../../core/window/pane-times.ts'
import { SourceWindow } from '../../core/window/source-window.ts'
import type { UpstashFace } from '../../test/support/upstash-face.ts'
import { type BenchOptions, mustBe, type Row } from './bench.ts'
import { median, percentile } from './statistics.ts'
import { canonicalMix } from './traffic.ts'

const EVENTS = 500
const SOURCES = 200
const AT_ONCE = 64
const WARM_UP = 30
const BLOCK = 20
const START = Date.UTC(2026, 10, 24, 8)
/** The window's last pane: 500 events in five minutes. */
const LAST = paneOf(START + 299_000)

export const storeOn = (face: UpstashFace, clock = () => performance.now()): GuardedStore =>
  new GuardedStore(upstashShelf({ url: face.url, token: face.token }), clock, deadlineAfter)

/** A vector out of Redis against the same vector from the window's 500 original lines. */
export async function storeSpeed(face: UpstashFace, { quick, say }: BenchOptions): Promise<Row[]> {
  const windows = Array.from({ length: SOURCES }, (_, n) => ({ address: `203.0.113.${n}`, lines: linesOf(n) }))
  const cursor = (n: number) => cursorText({ scope: '', trackedAs: `${n}:0`, pane: LAST, events: EVENTS, intel: '' })
  const wanted = windows.map(({ address }, n) => ({ address, cursor: cursor(n) }))
  const rows = windows.map(({ lines }) => fromLines(lines))
  const store = storeOn(face)
  for (let from = 0; from < SOURCES; from += AT_ONCE) {
    const entries = windows.slice(from, from + AT_ONCE).map(({ address }, i) => {
      const n = from + i
      return { address, row: rows[n]!, cursor: cursor(n), at: START }
    })
    const { written, why } = await store.write(entries)
    mustBe(written === entries.length, `${storeKey(entries[0]!.address)} and others were not written: ${why}`)
  }
  // Twenty of each after twenty of the other, so that whatever else the machine does meets both.
  const retrieved: number[] = []
  const pipelined: number[] = []
  const extracted: number[] = []
  const referenced: number[] = []
  let late = 0
  for (let i = 0; i < WARM_UP; i++) {
    await store.read(wanted.slice(0, 1 + (i % AT_ONCE)))
    fromLines(windows[i]!.lines)
  }
  for (let from = 0; from < (quick ? 40 : SOURCES); from += BLOCK) {
    const block = Array.from({ length: BLOCK }, (_, i) => from + i)
    for (const n of block) {
      const [found] = await timed(retrieved, () => store.read([wanted[n]!]))
      // On a busy machine the face may miss the 50 ms; the time stays among the others.
      if (found?.tag === 'hit') mustBe(sameRow(found.entry.row, rows[n]!), 'the store gave another vector')
      else late++
    }
    for (const n of block) {
      const row = await timed(extracted, async () => fromLines(windows[n]!.lines))
      mustBe(sameRow(row, rows[n]!), 'the extraction gave another vector')
    }
    for (const n of block.slice(0, BLOCK / 4))
      await timed(referenced, async () => referenceFeatures(eventsOf(windows[n]!.lines), LAST, null))
    for (const _ of block) {
      const many = await timed(pipelined, () => store.read(wanted.slice(0, AT_ONCE)))
      if (!many.every(({ tag }) => tag === 'hit')) late++
    }
  }
  mustBe(late <= retrieved.length / 20, `${late} look-ups were not answered within their time`)
  say(`store ${median(retrieved).toFixed(2)} ms, extraction ${median(extracted).toFixed(2)} ms`)
  const slow = { name: `reference extractor over ${EVENTS} lines`, value: median(referenced) }
  const onePass = { name: `window rebuilt from ${EVENTS} lines in one pass`, value: median(extracted) }
  const one = median(retrieved)
  const ofMany = median(pipelined) / AT_ONCE
  return [
    {
      name: 'a vector from the store, median',
      value: one,
      unit: 'ms',
      target: { most: slow.value / 10 },
      reference: slow,
    },
    { name: 'the same against one pass', value: one, unit: 'ms', reference: onePass },
    {
      name: `a vector of ${AT_ONCE} in one request, median`,
      value: ofMany,
      unit: 'ms',
      target: { most: onePass.value / 10 },
      reference: onePass,
    },
    { name: 'a vector from the store, p99', value: percentile(retrieved, 0.99), unit: 'ms' },
  ]
}

async function timed<Value>(times: number[], work: () => Promise<Value>): Promise<Value> {
  const startedAt = performance.now()
  const value = await work()
  times.push(performance.now() - startedAt)
  return value
}

/** Lines of one source as a sensor posts them, over five minutes. */
function linesOf(source: number): string[] {
  const draw = random(source)
  return Array.from({ length: EVENTS }, (_, i) => {
    const { before, after } = canonicalMix(source * 100, draw)
    return before + new Date(START + i * 598).toISOString() + after
  })
}

function eventsOf(lines: readonly string[]): CanonicalEvent[] {
  const reader = createLineReader({ receivedAt: START })
  return lines.flatMap((line) => {
    const read = reader.read(line)
    return read.ok && read.value ? [read.value.event] : []
  })
}

function fromLines(lines: readonly string[]): Float32Array {
  const window = new SourceWindow('203.0.113.1')
  for (const event of eventsOf(lines)) window.add(event)
  mustBe(window.cursor === EVENTS, `${window.cursor} of ${EVENTS} lines were taken in`)
  const extraction = newExtraction(1)
  extractInto(extraction, window.view(LAST))
  return extraction.rows
}

const sameRow = (one: Float32Array, other: Float32Array): boolean =>
  one.length === FEATURE_COUNT && one.every((feature, i) => Object.is(feature, other[i]) || feature === other[i])
