import { writeFileSync } from 'node:fs'
import { random } from '../core/learning/random.ts'
import { inRoot } from '../scripts/local/repository.ts'
import { type App, withApp } from './harness/app.ts'
import { type Bench, mustBe, type Row } from './harness/bench.ts'
import type { Figures } from './harness/ingest-target.ts'
import { waitUntilJudged } from './harness/judged.ts'
import { type Posted, post } from './harness/load.ts'
import { FLAT_WITHIN, percentiles, trendOf, WARM_UP_MINUTES } from './harness/statistics.ts'
import { batchOf, canonicalMix } from './harness/traffic.ts'

/** What it must hold, whatever rate is asked for. */
const TARGET_PER_SECOND = 5_000
const BATCH = 250
/** Sources at a time, and how many of them go, and new ones come, each second: one stays 100 s. */
const AT_ONCE = 5_000
const COMING_PER_SECOND = 50

interface Minute {
  minute: number
  events: number
  p50: number
  p95: number
  p99: number
  residentMB: number
  unjudged: number | null
  liveSources: number | null
}

export const bench: Bench = {
  name: 'soak',
  title: 'steady load for half an hour',
  explains: `Under \`npm run serve\`: 5,000 canonical events a second (\`--rate\` for another number) in batches of 250, of 5,000 sources at a time, of which 50 a second go and are
replaced by new ones. By minute: percentiles of the time from when a batch was due to its answer (a batch that waits because the one before is slow counts as
slow), resident memory of all processes at the minute's end, events not judged and sources in memory at that moment. Written to
\`bench/soak.json\` minute by minute. Flat means: the median of the minutes of the last third is at most 1.25 times that of the first third, the
first two minutes left out; what falls counts as flat. Shorter than five minutes it is not told. At the end all events must be judged.`,
  async run({ quick, minutes: asked, rate, say }) {
    const minutes = quick ? Math.min(asked, 1) : asked
    return withApp('serve', async (app) => {
      const before = await app.figures()
      const soaked = await soak(app, minutes, rate, (all) => {
        const last = all.at(-1)!
        say(
          `minute ${last.minute}: ${last.events} events, p50 ${Math.round(last.p50)} p95 ${Math.round(last.p95)} p99 ${Math.round(last.p99)} ms, ${last.residentMB} MB, ${last.unjudged} unjudged`,
        )
        writeFileSync(
          inRoot('bench/soak.json'),
          `${JSON.stringify({ minutes, events_per_second: rate, by_minute: all }, null, 1)}\n`,
        )
      })
      const after = await waitUntilJudged(app, before, 180_000)
      return outcomeOf(minutes, rate, soaked, before, after)
    })
  },
}

async function soak(app: App, minutes: number, rate: number, onMinute: (all: Minute[]) => void) {
  const all: Minute[] = []
  let open: Posted[] = []
  let asking: Promise<void> = Promise.resolve()
  const close = async (posted: Posted[], minute: number) => {
    const { unjudged, liveSources } = await app.figures()
    const events = posted.reduce((sum, { events }) => sum + events, 0)
    const residentMB = Math.round(app.residentBytes() / 1e6)
    all.push({ minute, events, ...rounded(posted), residentMB, unjudged, liveSources })
    onMinute(all)
  }
  const timer = setInterval(() => {
    const posted = open
    open = []
    asking = asking.then(() => close(posted, all.length + 1))
  }, 60_000)
  const draw = random(11)
  const perSecond = rate / BATCH
  const batch = (n: number) => {
    const first = Math.floor((n / perSecond) * COMING_PER_SECOND)
    const lines = Array.from({ length: BATCH }, () => canonicalMix(first + draw.below(AT_ONCE), draw))
    return batchOf(lines, Date.now())
  }
  try {
    const done = await post(app, {
      batch,
      inFlight: 4,
      batches: Number.POSITIVE_INFINITY,
      forMs: minutes * 60_000,
      perSecond,
      onAnswer: (posted) => open.push(posted),
    })
    await asking
    if (all.length < Math.floor(minutes) || all.length === 0) await close(open, all.length + 1)
    return { all, ...done }
  } finally {
    clearInterval(timer)
  }
}

function rounded(posted: Posted[]) {
  const { p50, p95, p99 } = percentiles(posted.map(({ latencyMs }) => latencyMs))
  const round = (ms: number) => Math.round(ms * 10) / 10
  return { p50: round(p50), p95: round(p95), p99: round(p99) }
}

function outcomeOf(
  minutes: number,
  rate: number,
  { all, events, seconds }: Awaited<ReturnType<typeof soak>>,
  before: Figures,
  after: Figures,
) {
  mustBe(all.length > 0, 'no minute was measured')
  const growth = (name: string, of: (minute: Minute) => number, unit: string): Row[] => {
    const trend = trendOf(all.map(of))
    const last = all.at(-1)!
    if (trend === null) return [{ name: `${name}, last minute`, value: of(last), unit }]
    return [
      {
        name: `${name}, median of the last third`,
        value: trend.last,
        unit,
        target: { most: trend.first * FLAT_WITHIN },
        reference: { name: 'first third', value: trend.first },
      },
    ]
  }
  const steady = all.length - WARM_UP_MINUTES
  return {
    rows: [
      {
        name: 'events posted',
        value: events / seconds,
        unit: 'events/s',
        target: { least: TARGET_PER_SECOND * 0.99 },
        reference: { name: 'due', value: rate },
      },
      ...growth('batch latency p50', ({ p50 }) => p50, 'ms'),
      ...growth('batch latency p95', ({ p95 }) => p95, 'ms'),
      ...growth('batch latency p99', ({ p99 }) => p99, 'ms'),
      ...growth('resident memory', ({ residentMB }) => residentMB, 'MB'),
    ],
    notes: [
      `${minutes} minutes, ${events.toLocaleString('en-US')} events, ${(after.judged! - before.judged!).toLocaleString('en-US')} windows judged, none left at the end`,
      steady >= 3
        ? `compared: minutes ${WARM_UP_MINUTES + 1} to ${WARM_UP_MINUTES + Math.floor(steady / 3)} with the last ${Math.floor(steady / 3)}; by minute in soak.json`
        : 'too short to tell whether it is flat',
    ],
  }
}
