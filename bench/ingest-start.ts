import type { Bench } from './harness/bench.ts'
import { measureIngest } from './harness/ingest-rate.ts'
import { canonicalMix, sshdMix } from './harness/traffic.ts'

export const bench: Bench = {
  name: 'ingest-start',
  title: 'ingest to judged window under npm start',
  explains: 'As ingest-serve, through `wrangler dev` and its proxy.',
  run: (options) =>
    measureIngest('start', { canonical: 8_000, sshd: null }, { canonical: canonicalMix, sshd: sshdMix }, options),
}
