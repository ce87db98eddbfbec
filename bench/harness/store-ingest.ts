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
  const rates = new Map<string, number[]>(modes.map(({ name }) => [name, []]))
  for (let round = 0; round < (quick ? 1 : ROUNDS); round++)
    // Each is first in turn: a machine that grows slower must not be one of them.
    for (const mode of modes.map((_, i) => modes[(i + round) % modes.length]!)) {
      const rate = await rateOf(mode, quick)
      rates.get(mode.name)!.push(rate)
      say(`${mode.name}: ${Math.round(rate)} events/s`)
    }
  const off = median(rates.get('off')!)
  return modes.map(({ name }) => ({
    name: `ingest with the store ${name}`,
    value: median(rates.get(name)!),
    unit: 'events/s',
    ...(name !== 'off' && { target: { least: off * WITHIN }, reference: { name: 'off', value: off } }),
  }))
}

const rateOf = ({ name, settings, proves }: Mode, quick: boolean): Promise<number> =>
  withApp(
    'serve',
    async (app) => {
      const batch = traffic(canonicalMix, (draw) => draw.below(SOURCES), BATCH_EVENTS, 20)
      const load = { batch, inFlight: IN_FLIGHT, forMs: quick ? 2_000 : POST_FOR_MS, batches: 400 }
      await judgedRate(app, { ...load, batches: 10 })
      const { eventsPerSecond } = await judgedRate(app, load)
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
      return eventsPerSecond
    },
    settings,
  )

const REQUESTS = 'picket_feature_store_requests_total'
