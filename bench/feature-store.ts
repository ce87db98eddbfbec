import { HAS_REDIS, NO_REDIS, RedisServer } from '../test/support/redis-server.ts'
import { UpstashFace } from '../test/support/upstash-face.ts'
import { type Bench, mustBe } from './harness/bench.ts'
import { storeHits } from './harness/store-hits.ts'
import { storeIngest } from './harness/store-ingest.ts'
import { storeSpeed } from './harness/store-speed.ts'

export const bench: Bench = {
  name: 'feature-store',
  title: 'vectors from the store, its hit rate, and what it costs ingest',
  explains: `A real redis-server behind our small face that speaks Upstash’s REST protocol, through @upstash/redis, on this machine.
Speed: the vector of one source out of the store (request, answer, parsing, checks) against the same vector from its window’s 500 original
lines: parsed and put through the extractor over raw events (core/features/reference.ts), and parsed and put through panes in one pass, as
fast as Picket can. What a partition would ask the sensors and threat intelligence for is left out, which favours the extraction. Twenty of each
after twenty of the other, each vector held against the other. Hit rate: a month of a real SSH honeypot, which is not part of this repository, on the
clock of its events, through the same windows, model and hand-over as in a partition; each window that leads to an incident which the model is not sure of is
looked up 2 s and 20 s after its judgement, as a council would. Ingest: the mix of ingest-serve for 8 s each with the store off, in Redis, embedded, and dead
(nothing listens), in turn, median of three rounds; what the store did is read from /metrics. Processor time is that of all of
the app’s processes: it tells the store’s cost also on a machine that is busy with something else.`,
  async run(options) {
    mustBe(HAS_REDIS, NO_REDIS)
    const redis = await RedisServer.start()
    const face = await UpstashFace.start(redis.port)
    try {
      const speed = await storeSpeed(face, options)
      const hits = await storeHits(face, options)
      const ingest = await storeIngest(face, options)
      return {
        rows: [...speed, ...(hits?.rows ?? []), ...ingest],
        notes: hits?.notes ?? ['no hit rate: the honeypot’s month is not on this machine'],
      }
    } finally {
      await face.stop()
      await redis.kill()
    }
  },
}
