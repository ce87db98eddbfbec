import process from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { DEMO_SEED, demoDay } from '../core/demo/day.ts'
import type { DemoSensor } from '../core/demo/scene.ts'
import { allIncidents, countByClass, newIncidents } from './demo/incidents.ts'
import { type Posted, postDay } from './demo/post-day.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { DEMO_SENSORS, readRemembered } from './local/credentials.ts'
import { createProgress } from './local/progress.ts'
import { stateFolder } from './local/state.ts'
import { Sender } from './replay/sender.ts'

const HELP = `npm run demo: posts a scripted day of mixed traffic from three sensors to a running Picket, then counts the
incidents that came of it. The day ends now; addresses are those that are reserved for documentation.

  --url U    where Picket runs (http://localhost:8787, or PORT)
  --key K    one sensor key for all three (those of the local system's demo sensors, or PICKET_SENSOR_KEY)
  --seed N   another day (${DEMO_SEED})
  --end T    when the day ends, ISO-8601 (now)

The count needs an API token: that of the local system, or PICKET_API_TOKEN.
`

const count = (n: number) => n.toLocaleString('en-US')

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { url: { type: 'string' }, key: { type: 'string' }, seed: { type: 'string' }, end: { type: 'string' } },
  })
  const url = (values.url ?? `http://localhost:${process.env.PORT || 8787}`).replace(/\/+$/, '')
  const endsAt = values.end === undefined ? Date.now() : Date.parse(values.end)
  if (Number.isNaN(endsAt)) throw new Error(`--end takes a time as 2026-11-24T09:00:00Z, not "${values.end}"`)
  const seed = values.seed === undefined ? DEMO_SEED : Number(values.seed)
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed takes a whole number, not "${values.seed}"`)

  const remembered = readRemembered(stateFolder(process.env))
  const keys = keysOf(values.key, remembered.demoSensorKeys)
  const token = process.env.PICKET_API_TOKEN || remembered.apiToken
  const api = token === undefined ? null : { url, token, fetch }

  const day = demoDay(endsAt, seed)
  const total = Object.values(day.logs).reduce((sum, log) => sum + log.length, 0)
  const progress = createProgress('demo', { total, unit: 'lines' })
  let posted: Posted[]
  const known = new Set<number>()
  const startedAt = performance.now()
  try {
    const senders = sendersTo(url, keys, (text) => progress.note(text))
    let done = 0
    const name = `demo-${seed}-${new Date(endsAt).toISOString().slice(0, 19)}Z`
    if (api) for (const { id } of await allIncidents(api).catch(unreachable(url))) known.add(id)
    posted = await postDay(day, name, senders, (lines) => {
      done += lines
      progress.update(done)
    })
  } finally {
    progress.end()
  }
  const seconds = (performance.now() - startedAt) / 1000
  process.stdout.write(summaryOf(posted, seconds))
  if (posted.every(({ accepted, duplicates }) => accepted + duplicates === 0)) return 1
  if (api === null) process.stderr.write('picket: no API token, so the incidents are not counted (PICKET_API_TOKEN)\n')
  else await tellIncidents(api, known)
  process.stdout.write(`The queue is at ${url}/incidents\n`)
  return 0
}

function keysOf(given: string | undefined, local: Partial<Record<string, string>> | undefined) {
  const keys = {} as Record<DemoSensor, string>
  for (const { id } of DEMO_SENSORS) {
    const key = given ?? local?.[id] ?? process.env.PICKET_SENSOR_KEY
    if (!key) throw new Error('no sensor key: start Picket first (npm start makes the demo sensors), or give --key')
    keys[id.slice('demo-'.length) as DemoSensor] = key
  }
  return keys
}

function sendersTo(url: string, keys: Record<DemoSensor, string>, note: (text: string) => void) {
  const options = {
    fetch,
    wait,
    now: Date.now,
    giveUpAfterMs: 120_000,
    giveUpFirstAfterMs: 10_000,
    onWait: (why: string, ms: number) => note(`${why}; again in ${(ms / 1000).toFixed(1)} s`),
  }
  const sender = (sensor: DemoSensor) => new Sender({ url, key: keys[sensor] }, options)
  return { honeypot: sender('honeypot'), web: sender('web'), network: sender('network') }
}

const unreachable = (url: string) => (error: Error) => {
  if (error instanceof TypeError) throw new Error(`nothing answers at ${url}: run npm start first`, { cause: error })
  throw error
}

function summaryOf(posted: Posted[], seconds: number): string {
  const accepted = posted.reduce((sum, one) => sum + one.accepted, 0)
  const rows = posted.map(({ sensor, accepted, duplicates, rejection }) => {
    const known = duplicates > 0 ? `, ${count(duplicates)} known from before` : ''
    const refused = rejection === null ? '' : `, some rejected: ${rejection}`
    return `  ${sensor.padEnd(9)} ${count(accepted).padStart(7)} accepted${known}${refused}\n`
  })
  return `${count(accepted)} events from three sensors in ${seconds.toFixed(1)} s\n${rows.join('')}`
}

async function tellIncidents(api: Parameters<typeof newIncidents>[0], known: Set<number>): Promise<void> {
  const progress = createProgress('waiting for incidents', { total: null, unit: 'incidents', rate: false })
  const patience = { quietMs: 5_000, mostMs: 180_000, everyMs: 500 }
  const incidents = await newIncidents(api, known, patience, (found) => progress.update(found)).finally(() =>
    progress.end(),
  )
  process.stdout.write(`${count(incidents.length)} new incidents\n`)
  for (const { category, incidents: n, sources } of countByClass(incidents)) {
    process.stdout.write(`  ${category.padEnd(24)} ${count(n).padStart(5)}, of ${count(sources)} sources\n`)
  }
}

const args = process.argv.slice(2)
if (!askedForHelp(args, HELP)) await runCommand(() => main(args))
