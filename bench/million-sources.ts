import { setInterval } from 'node:timers'
import { random } from '../core/learning/random.ts'
import { type App, withApp } from './harness/app.ts'
import { type Bench, mustBe } from './harness/bench.ts'
import { BATCH_EVENTS, describeRate, judgedRate, rateOf } from './harness/ingest-rate.ts'
import { addressOf, batchOf, canonicalMix, floodPacket } from './harness/traffic.ts'

/** Beyond the sources of the reference. */
const FIRST = 10_000_000
const GIGA = 1e9

export const bench: Bench = {
  name: 'million-sources',
  title: 'a million distinct sources through one sensor',
  explains: `Under \`npm run serve\`: first the rate of ingest-serve with 10,000 sources, then a million sources that were never seen, an event
each: every other one a packet of a spoofed flood on 16 targets, the others canonical events as in ingest-serve. Timed until nothing is
unjudged. Resident memory is that of the command and all that descends from it (/proc), the highest of samples every half second, from the
start of the app; pages that processes share count more than once. References: the rate with 10,000 sources, and the memory of the app at rest.`,
  async run(options) {
    const { quick, say } = options
    const sources = quick ? 50_000 : 1_000_000
    return withApp('serve', async (app) => {
      const memory = watchMemory(app)
      try {
        const atRest = app.residentBytes()
        const few = await rateOf(app, canonicalMix, options)
        const withFew = memory.highest()
        const draw = random(7)
        let seen = 0
        const batch = (n: number) => {
          const lines = Array.from({ length: BATCH_EVENTS }, (_, i) => {
            const source = FIRST + n * BATCH_EVENTS + i
            return i % 2 ? floodPacket(source, draw) : canonicalMix(source, draw)
          })
          seen += lines.length
          if (seen % 50_000 === 0) say(`${seen} of ${sources} sources, ${(app.residentBytes() / GIGA).toFixed(2)} GB`)
          return batchOf(lines, Date.now())
        }
        const load = { batch, inFlight: 4, batches: sources / BATCH_EVENTS, forMs: 20 * 60_000 }
        const many = await judgedRate(app, load)
        mustBe(many.events === sources, `${many.events} of ${sources} sources were sent within 20 minutes`)
        mustBe(addressOf(FIRST) !== addressOf(FIRST + sources - 1), 'the sources are not distinct')
        return {
          rows: [
            {
              name: `resident memory, highest, ${sources.toLocaleString('en-US')} sources`,
              value: memory.highest() / GIGA,
              unit: 'GB',
              target: { most: 1.5 },
              reference: { name: 'the app at rest', value: atRest / GIGA },
            },
            {
              name: 'ingest to judged window',
              value: many.eventsPerSecond,
              unit: 'events/s',
              target: { least: few.eventsPerSecond / 2 },
              reference: { name: '10,000 sources', value: few.eventsPerSecond },
            },
          ],
          notes: [
            describeRate('10,000 sources', few),
            describeRate(`${sources.toLocaleString('en-US')} sources`, many),
            `resident at the end: ${app
              .resident()
              .map(({ name, bytes }) => `${name} ${(bytes / GIGA).toFixed(2)} GB`)
              .join(', ')}`,
            `highest resident memory with 10,000 sources ${(withFew / GIGA).toFixed(2)} GB`,
          ],
        }
      } finally {
        memory.end()
      }
    })
  },
}

function watchMemory(app: App) {
  let highest = 0
  const look = () => {
    highest = Math.max(highest, app.residentBytes())
  }
  const timer = setInterval(look, 500)
  return {
    highest() {
      look()
      return highest
    },
    end: () => clearInterval(timer),
  }
}
