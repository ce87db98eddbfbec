import { setTimeout as wait } from 'node:timers/promises'
import { random } from '../core/learning/random.ts'
import { type App, withApp } from './harness/app.ts'
import { type Bench, type BenchOptions, mustBe } from './harness/bench.ts'
import { waitUntilJudged } from './harness/judged.ts'
import { post } from './harness/load.ts'
import { percentiles } from './harness/statistics.ts'
import { addressOf, batchOf, canonicalMix, failedLogin, traffic } from './harness/traffic.ts'

const BACKGROUND_PER_SECOND = 2_000
const BACKGROUND_BATCH = 100
const BACKGROUND_SOURCES = 10_000
const ATTACKERS_AT_ONCE = 4
const LOGINS = 12
const POLL_MS = 50
const GIVE_UP_MS = 30_000
/** Sources of the background are 0 to 9,999; attackers are none of them. */
const FIRST_ATTACKER = 1_000_000

export const bench: Bench = {
  name: 'latency',
  title: 'event posted to incident readable through the API, at 2,000 events/s of background',
  explains: `Under \`npm run serve\`, canonical background of 10,000 sources arrives in batches of 100, twenty a second. Attackers, each from an
address of its own, four at once, post twelve failed log-ins in one batch of sshd lines; then \`GET /api/incidents?src_ip=…&status=all\` is asked
every 50 ms until it holds an incident of that address. Timed from just before the post to the answer that holds it, so up to 50 ms are the
poll's. An attacker without an incident after 30 s fails the bench. The reference is \`GET /healthz\` asked once per attacker under the same load.`,
  async run(options) {
    const attackers = options.quick ? 20 : 120
    return withApp('serve', async (app) => {
      const before = await app.figures()
      const stop = { asked: false }
      const background = inBackground(app, stop)
      let measured: Awaited<ReturnType<typeof attackOneAfterAnother>>[]
      try {
        // The model is loaded and code is warm: what a system that has run for a while does.
        await wait(options.quick ? 4_000 : 10_000)
        await attackOneAfterAnother(app, FIRST_ATTACKER - 10, 10, options)
        const each = attackers / ATTACKERS_AT_ONCE
        const began = Array.from({ length: ATTACKERS_AT_ONCE }, (_, i) =>
          attackOneAfterAnother(app, FIRST_ATTACKER + i * each, each, options),
        )
        measured = await Promise.race([Promise.all(began), background.then(() => [])])
      } finally {
        stop.asked = true
      }
      const { events, seconds } = await background
      const rate = events / seconds
      mustBe(rate > BACKGROUND_PER_SECOND * 0.95, `the background came at ${Math.round(rate)} events/s only`)
      const after = await waitUntilJudged(app, before, 60_000)
      const incident = percentiles(measured.flatMap(({ incidentMs }) => incidentMs))
      const health = percentiles(measured.flatMap(({ healthMs }) => healthMs))
      const row = (name: 'p50' | 'p95' | 'p99') => ({
        name: `${name} of ${attackers} attackers`,
        value: incident[name],
        unit: 'ms',
        ...(name === 'p99' && { target: { most: 2_000 } }),
        reference: { name: `GET /healthz, ${name}`, value: health[name] },
      })
      return {
        rows: [row('p50'), row('p95'), row('p99')],
        notes: [
          `each of ${attackers} attackers got its incident; background at ${Math.round(rate).toLocaleString('en-US')} events/s, ${after.judged! - before.judged!} windows judged, none left`,
        ],
      }
    })
  },
}

function inBackground(app: App, stop: { asked: boolean }) {
  const batch = traffic(canonicalMix, (draw) => draw.below(BACKGROUND_SOURCES), BACKGROUND_BATCH, 400)
  const perSecond = BACKGROUND_PER_SECOND / BACKGROUND_BATCH
  return post(app, {
    batch,
    inFlight: 4,
    batches: Number.POSITIVE_INFINITY,
    forMs: 10 * 60_000,
    perSecond,
    stopped: () => stop.asked,
  })
}

async function attackOneAfterAnother(app: App, first: number, count: number, { say }: BenchOptions) {
  const draw = random(first)
  const incidentMs: number[] = []
  const healthMs: number[] = []
  for (let source = first; source < first + count; source++) {
    const lines = Array.from({ length: LOGINS }, () => failedLogin(source, draw))
    const { body } = batchOf(lines, Date.now())
    const sentAt = performance.now()
    const { status, accepted, why } = await app.post(body)
    mustBe(status === 202 && accepted === LOGINS, `an attack was answered ${status}, ${accepted} accepted: ${why}`)
    await untilIncident(app, addressOf(source), sentAt)
    incidentMs.push(performance.now() - sentAt)
    const askedAt = performance.now()
    mustBe((await app.get('/healthz', {})).status === 200, '/healthz does not answer')
    healthMs.push(performance.now() - askedAt)
    await wait(50 + draw.below(300))
  }
  say(`${count} attackers, slowest ${Math.round(Math.max(...incidentMs))} ms`)
  return { incidentMs, healthMs }
}

async function untilIncident(app: App, address: string, since: number): Promise<void> {
  for (;;) {
    const { status, body } = await app.get(`/api/incidents?src_ip=${address}&status=all`)
    mustBe(status === 200, `/api/incidents was answered ${status}: ${body.toString().slice(0, 200)}`)
    if (JSON.parse(body.toString()).items.length > 0) return
    mustBe(performance.now() - since < GIVE_UP_MS, `${address} has no incident after ${GIVE_UP_MS / 1000} s`)
    await wait(POLL_MS)
  }
}
