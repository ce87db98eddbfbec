import { type App, withApp } from './app.ts'
import { type BenchOptions, mustBe, type Row } from './bench.ts'
import { waitUntilJudged } from './judged.ts'
import { type Batch, type Load, post } from './load.ts'
import { percentiles } from './statistics.ts'
import { type LineMaker, traffic } from './traffic.ts'

export const SOURCES = 10_000
export const BATCH_EVENTS = 1_000
/** Batches of prepared lines; a line comes again, with another time, after this many. */
const PREPARED = 60
const POST_FOR_MS = 20_000
const JUDGED_WITHIN_MS = 180_000
const IN_FLIGHT = 4

export interface Rate {
  /** From the first request to the last event judged. */
  eventsPerSecond: number
  postedPerSecond: number
  events: number
  windows: number
  /** Opened meanwhile; each costs rows in D1. Null when not known. */
  incidents: number | null
  latency: { p50: number; p95: number; p99: number }
}

/** The rate at which events are taken in and judged, proven by the app's own counts. */
export async function judgedRate(app: App, load: Load): Promise<Rate> {
  const before = await app.figures()
  const startedAt = performance.now()
  const { events, seconds, posted } = await post(app, load)
  const after = await waitUntilJudged(app, before, JUDGED_WITHIN_MS)
  const untilJudged = (performance.now() - startedAt) / 1000
  return {
    eventsPerSecond: events / untilJudged,
    postedPerSecond: events / seconds,
    events,
    windows: after.judged! - before.judged!,
    incidents: after.incidents === null || before.incidents === null ? null : after.incidents - before.incidents,
    latency: percentiles(posted.map(({ latencyMs }) => latencyMs)),
  }
}

/** The mix's full rate: 10,000 sources drawn evenly, batches of 1,000, four requests at once. */
export async function rateOf(app: App, maker: LineMaker, { quick, say }: BenchOptions): Promise<Rate> {
  const batch = traffic(maker, (draw) => draw.below(SOURCES), BATCH_EVENTS, PREPARED)
  const load = { batch, inFlight: IN_FLIGHT }
  say('warming up')
  await judgedRate(app, { ...load, batches: quick ? 5 : 20, forMs: 10_000 })
  const rate = await judgedRate(app, { ...load, batches: quick ? 20 : 400, forMs: quick ? 5_000 : POST_FOR_MS })
  say(`${rate.events} events judged in ${rate.windows} windows, ${Math.round(rate.eventsPerSecond)} events/s`)
  return rate
}

export const rowOf = (
  name: string,
  rate: Rate,
  least: number | null,
  reference: NonNullable<Row['reference']>,
): Row => ({
  name,
  value: rate.eventsPerSecond,
  unit: 'events/s',
  ...(least !== null && { target: { least } }),
  reference,
})

export const describeRate = (name: string, { events, windows, incidents, postedPerSecond, latency }: Rate): string =>
  `${name}: ${events.toLocaleString('en-US')} events accepted and judged in ${windows.toLocaleString('en-US')} windows, ${incidents?.toLocaleString('en-US') ?? 'unknown'} incidents opened; accepted at ${Math.round(postedPerSecond).toLocaleString('en-US')} events/s; a batch answered in ${Math.round(latency.p50)} ms (p50), ${Math.round(latency.p95)} ms (p95), ${Math.round(latency.p99)} ms (p99)`

/** The same text's lines through `read` in this process, lines a second: the best of five. */
export function linesPerSecond(batches: readonly Batch[], read: (line: string) => unknown): number {
  const lines = batches.flatMap(({ body }) => body.split('\n').slice(0, -1))
  let best = 0
  for (let round = 0; round < 5; round++) {
    const startedAt = performance.now()
    let found = 0
    for (const line of lines) if (read(line)) found++
    mustBe(found === lines.length, `the reference read ${found} of ${lines.length} lines`)
    best = Math.max(best, lines.length / ((performance.now() - startedAt) / 1000))
  }
  return best
}

const sample = (maker: LineMaker): Batch[] => {
  const batch = traffic(maker, (draw) => draw.below(SOURCES), BATCH_EVENTS, 20)
  return Array.from({ length: 20 }, (_, n) => batch(n))
}

export const parsedInNode = (maker: LineMaker) => ({
  name: 'JSON.parse of the lines in Node',
  value: linesPerSecond(sample(maker), (line) => JSON.parse(line)),
})

const SSHD =
  /^(\S+) (\S+) sshd\[(\d+)\]: (Failed password|Accepted \S+) for (invalid user )?(\S+) from (\S+) port (\d+)/

export const matchedInNode = (maker: LineMaker) => ({
  name: 'one regular expression over the lines in Node',
  value: linesPerSecond(sample(maker), (line) => SSHD.exec(line)),
})

/** Bench 1 and 2: canonical events, then raw sshd lines, through one running app. */
export async function measureIngest(
  command: 'serve' | 'start',
  least: { canonical: number; sshd: number | null },
  mixes: { canonical: LineMaker; sshd: LineMaker },
  options: BenchOptions,
) {
  const references = { canonical: parsedInNode(mixes.canonical), sshd: matchedInNode(mixes.sshd) }
  const canonical = await withApp(command, (app) => rateOf(app, mixes.canonical, options))
  const sshd = await withApp(command, (app) => rateOf(app, mixes.sshd, options))
  return {
    rows: [
      rowOf('canonical NDJSON', canonical, least.canonical, references.canonical),
      rowOf('raw sshd lines', sshd, least.sshd, references.sshd),
    ],
    notes: [describeRate('canonical', canonical), describeRate('sshd', sshd)],
  }
}
