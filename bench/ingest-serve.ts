import type { Bench } from './harness/bench.ts'
import { measureIngest } from './harness/ingest-rate.ts'
import { canonicalMix, sshdMix } from './harness/traffic.ts'

export const bench: Bench = {
  name: 'ingest-serve',
  title: 'ingest to judged window under npm run serve',
  explains: `Posts batches of 1,000 live events of 10,000 sources drawn evenly (each batch touches some 950 of them: harder than logs, whose
sources come in bursts), four requests at once over kept connections, to four partitions; for 20 s or 400,000 events. The time ends when
\`picket_events_unjudged\` is 0, windows were judged and none was late, so what is accepted quickly and judged slowly gains nothing. Canonical
events are half flows, three in ten HTTP requests, two in ten log-ins over SSH; sshd lines are log-ins; one source in a hundred guesses
passwords. Sender and app share the machine. References: the same lines through JSON.parse, and through one regular expression, in Node.`,
  run: (options) =>
    measureIngest('serve', { canonical: 20_000, sshd: 10_000 }, { canonical: canonicalMix, sshd: sshdMix }, options),
}
