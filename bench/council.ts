import { setTimeout as wait } from 'node:timers/promises'
import { random } from '../core/learning/random.ts'
import { type App, withApp } from './harness/app.ts'
import { type Bench, type BenchOptions, mustBe } from './harness/bench.ts'
import { type GeminiServer, withGemini } from './harness/gemini-server.ts'
import { judgedRate } from './harness/ingest-rate.ts'
import { post } from './harness/load.ts'
import { percentiles } from './harness/statistics.ts'
import { batchOf, canonicalMix, traffic } from './harness/traffic.ts'

const AT_ONCE = 200
/** Some attackers' incidents are sure enough to need no council. */
const ATTACKERS = 260
const EVENTS_EACH = 20
const VERIFIER_MS = 1_200
const CASES_WITHIN_MS = 30_000
const RATE_FOR_MS = 25_000
/** Guessing sources are multiples of 100 (traffic.ts); the background has numbers below. */
const FIRST_ATTACKER = 1_000_000
const BACKGROUND_SOURCES = 10_000

export const bench: Bench = {
  name: 'council',
  title: 'cases from made to verdict, and what they cost the ingest',
  explains: `Under \`npm run serve\`. Rule judge: without any key, attackers come one after another, and each case's own time from made to verdict
is read from its incident. Many at once: a server on this machine answers as Gemini documents it, each call after 1.2 s, sixteen at a time;
${ATTACKERS} attackers' events arrive in one go while benign canonical events of 10,000 sources are posted as fast as they are taken. Timed from the
batch's answer to the last verdict; the reference is the time that the calls alone need. Ingest: the rate of the same benign events, for 25 s each,
with the cases under way and, in the same app before, without.`,
  async run(options) {
    const alone = await withApp('serve', (app) => ruleJudge(app, options))
    const many = await withGemini(VERIFIER_MS, (server) =>
      withApp('serve', (app) => manyAtOnce(app, server, options), {
        GEMINI_API_KEY: 'bench',
        GEMINI_BASE_URL: server.origin,
        COUNCIL_DAILY_BUDGET_USD: '1000',
        // All of them are alike; each is to be judged.
        COUNCIL_REUSE: 'off',
      }),
    )
    return { rows: [...alone.rows, ...many.rows], notes: [...alone.notes, ...many.notes] }
  },
}

async function ruleJudge(app: App, { quick, say }: BenchOptions) {
  const cases = quick ? 10 : 100
  const times: number[] = []
  for (let i = 0; times.length < cases; i++) {
    mustBe(i < 3 * cases, `only ${times.length} of ${i} attackers became cases`)
    const before = await verdicts(app)
    await post(app, { batch: () => attackers(i, 1), inFlight: 1, batches: 1, forMs: 10_000 })
    if (!(await waitFor(async () => (await verdicts(app)) > before, 8_000))) continue
    const ms = await newestCaseMs(app)
    if (ms !== null) times.push(ms)
  }
  // The first cases make the isolate compile the rules.
  const { p50, p95, p99 } = percentiles(times.slice(3))
  say(`rule judge: p50 ${p50} p99 ${p99} ms`)
  return {
    rows: [
      { name: 'rule judge, case made to verdict, p50', value: p50, unit: 'ms' },
      { name: 'rule judge, case made to verdict, p95', value: p95, unit: 'ms' },
      { name: 'rule judge, case made to verdict, p99', value: p99, unit: 'ms', target: { most: 300 } },
    ],
    notes: [`${times.length - 3} cases one after another; the very first took ${Math.round(times[0]!)} ms`],
  }
}

async function manyAtOnce(app: App, server: GeminiServer, { quick, say }: BenchOptions) {
  const batch = traffic(
    canonicalMix,
    (draw) => 1 + 100 * draw.below(BACKGROUND_SOURCES / 100) + draw.below(99),
    1_000,
    60,
  )
  const load = { batch, inFlight: 4, batches: Number.POSITIVE_INFINITY, forMs: quick ? 5_000 : RATE_FOR_MS }
  say('warming up')
  await judgedRate(app, { ...load, forMs: quick ? 2_000 : 10_000 })
  const without = await judgedRate(app, load)
  say(`without cases: ${Math.round(without.eventsPerSecond)} events/s`)
  const began = performance.now()
  const background = judgedRate(app, load)
  const asked = quick ? 20 : ATTACKERS
  await post(app, { batch: () => attackers(FIRST_ATTACKER / 100, asked), inFlight: 1, batches: 1, forMs: 10_000 })
  const postedAt = performance.now()
  let decided = 0
  let lastAt = postedAt
  const isOver = await waitFor(async () => {
    const now = await verdicts(app)
    if (now > decided) {
      decided = now
      lastAt = performance.now()
    }
    // Nothing new for so long: those that were to come have come.
    return decided > 0 && performance.now() - lastAt > 5_000
  }, 120_000)
  const beside = await background
  mustBe(isOver, `${decided} cases after 120 s, and still going on`)
  mustBe(quick || decided >= AT_ONCE, `${decided} of ${asked} attackers became cases, not ${AT_ONCE}`)
  say(`with ${decided} cases: ${Math.round(beside.eventsPerSecond)} events/s`)
  const seconds = (lastAt - postedAt) / 1000
  const callsAlone = (Math.ceil(decided / 16) * VERIFIER_MS) / 1000
  return {
    rows: [
      {
        name: `${decided} cases at once, the last verdict after`,
        value: seconds,
        unit: 's',
        target: { most: CASES_WITHIN_MS / 1000 },
        reference: { name: 'the calls alone, sixteen at a time', value: callsAlone },
      },
      {
        name: 'ingest beside them',
        value: beside.eventsPerSecond,
        unit: 'events/s',
        target: { least: 0.9 * without.eventsPerSecond },
        reference: { name: 'ingest without', value: without.eventsPerSecond },
      },
    ],
    notes: [
      `${server.calls} calls of 1.2 s, at most ${server.mostAtOnce} at once; the attackers' batch was taken in ${Math.round(postedAt - began)} ms`,
      `benign events beside: ${beside.events.toLocaleString('en-US')} in ${beside.windows.toLocaleString('en-US')} windows; without: ${without.events.toLocaleString('en-US')} in ${without.windows.toLocaleString('en-US')}`,
    ],
  }
}

/** Guessing sources from the n-th on, with events of several kinds. */
function attackers(n: number, count: number) {
  const draw = random(1_000 + n)
  const lines = Array.from({ length: count * EVENTS_EACH }, (_, i) =>
    canonicalMix(FIRST_ATTACKER + 100 * (n + (i % count)), draw),
  )
  return batchOf(lines, Date.now())
}

async function verdicts(app: App): Promise<number> {
  const { THREAT, FALSE_POSITIVE, INVESTIGATE, failed } = (await app.getJson('/api/council/stats')).verdicts
  return THREAT + FALSE_POSITIVE + INVESTIGATE + failed
}

async function newestCaseMs(app: App): Promise<number | null> {
  const { items } = await app.getJson('/api/incidents?limit=20&status=all')
  const newest = items.find((one: { council_verdict: string | null }) => one.council_verdict !== null)
  const incident = newest && (await app.getJson(`/api/incidents/${newest.id}`))
  return incident?.triage_note?.council?.processing_time_ms ?? null
}

async function waitFor(isSo: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const until = performance.now() + withinMs; performance.now() < until; await wait(100))
    if (await isSo()) return true
  return false
}
