import type { UpstashFace } from '../../test/support/upstash-face.ts'
import { withApp } from './app.ts'
import { type BenchOptions, mustBe, type Row } from './bench.ts'
import { BATCH_EVENTS, judgedRate, SOURCES } from './ingest-rate.ts'
import { sumOf } from './prometheus-reader.ts'
import { median } from './statistics.ts'
import { canonicalMix, traffic } from './traffic.ts'

const ROUNDS = 3
const IN_FLIGHT = 4
const POST_FOR_MS = 8_000
const WITHIN = 0.95

interface Measured {
  eventsPerSecond: number
  /** Processor time of the app for each event: a busy machine changes it less than the rate. */
  microseconds: number
}

interface Mode {
  name: string
  settings: Record<string, string>
  /** How the store behaved: it must have done what its name says. */
  proves: (written: number, failed: number) => boolean
}

/** Rates with the store off, on, embedded, dead: in turn, so that a busy machine meets all of them. */
export async function storeIngest(face: UpstashFace, { quick, say }: BenchOptions): Promise<Row[]> {
  const upstash = (url: string) => ({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: face.token })
  const modes: Mode[] = [
    {
      name: 'off',
      settings: { FEATURE_STORE_WRITES: '0' },
      proves: (written, failed) => written === 0 && failed === 0,
    },
    { name: 'on, Redis', settings: upstash(face.url), proves: (written) => written > 0 },
    { name: 'on, embedded', settings: {}, proves: (written, failed) => written > 0 && failed === 0 },
    // Nothing listens on the discard port.
    { name: 'dead', settings: upstash('http://127.0.0.1:9'), proves: (written, failed) => written === 0 && failed > 0 },
  ]
  const measured = new Map<string, Measured[]>(modes.map(({ name }) => [name, []]))
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++)
    // Each is first in turn: a machine that grows slower must not be one of them.
    for (const mode of modes.map((_, i) => modes[(i + round) % modes.length]!)) {
      const one = await rateOf(mode, quick)
      measured.get(mode.name)!.push(one)
      say(`${mode.name}: ${Math.round(one.eventsPerSecond)} events/s, ${one.microseconds.toFixed(1)} µs each`)
    }
  const of = (name: string, which: keyof Measured) => median(measured.get(name)!.map((one) => one[which]))
  const off = { rate: of('off', 'eventsPerSecond'), work: of('off', 'microseconds') }
  return modes.flatMap(({ name }): Row[] => {
    const rate = { name: `ingest, store ${name}`, value: of(name, 'eventsPerSecond'), unit: 'events/s' }
    const work = { name: `processor time, store ${name}`, value: of(name, 'microseconds'), unit: 'µs/event' }
    if (name === 'off') return [rate, work]
    return [
      { ...rate, target: { least: off.rate * WITHIN }, reference: { name: 'off', value: off.rate } },
      { ...work, target: { most: off.work / WITHIN }, reference: { name: 'off', value: off.work } },
    ]
  })
}

const rateOf = ({ name, settings, proves }: Mode, quick: boolean): Promise<Measured> =>
  withApp(
    'serve',
    async (app) => {
      const batch = traffic(canonicalMix, (draw) => draw.below(SOURCES), BATCH_EVENTS, 20)
      const load = { batch, inFlight: IN_FLIGHT, forMs: quick ? 2_000 : POST_FOR_MS, batches: 400 }
      await judgedRate(app, { ...load, batches: 10 })
      const before = app.processorSeconds()
      const { eventsPerSecond, events } = await judgedRate(app, load)
      const microseconds = ((app.processorSeconds() - before) * 1e6) / events
      const { body } = await app.get('/metrics')
      const of = (result: string) =>
        sumOf(
          body
            .toString()
            .split('\n')
            .filter((line) => line.includes(`result="${result}"`))
            .join('\n'),
          REQUESTS,
        ) ?? 0
      mustBe(
        proves(of('written'), of('write_error')),
        `the store was not ${name}: ${of('written')} vectors written, ${of('write_error')} failed`,
      )
      return { eventsPerSecond, microseconds }
    },
    settings,
  )

const REQUESTS = 'picket_feature_store_requests_total'
