import { statSync } from 'node:fs'
import { isSiteLocal } from '../core/events/source.ts'
import { v4Text } from '../core/intel/address-key.ts'
import { mix32 } from '../core/window/hash.ts'
import { inRoot } from '../scripts/local/repository.ts'
import { type Bench, mustBe } from './harness/bench.ts'
import type { HttpClient } from './harness/http-client.ts'
import { median } from './harness/statistics.ts'
import { withWorker } from './harness/worker-alone.ts'

const TABLE = inRoot('web/static/vendor/networks.bin')
const PAIRS = 7

export const bench: Bench = {
  name: 'intel',
  title: 'threat intelligence: country and network, a list of a million addresses',
  explains: `In workerd, with the table that set-up makes and static assets as the app serves them. "First look-up" is a request to an isolate that
runs and has no table: it fetches the table, finds an address and answers, less an empty request; the median of five isolates. Look-ups are of
pseudo-random IPv4 addresses; as the clock stands still in workerd while code computes, time is taken from outside, by the difference of a request that does
many and one that does a tenth, the median of seven pairs. The list is a plain text of a million addresses, every second of them among those that are
asked; loading is the whole request that carries it: read, check, sort, count by network, encode. "All six features" is what a window pays; the reference there is no list.`,
  async run({ quick, say }) {
    const isolates = quick ? 1 : 5
    const times = quick ? 100_000 : 1_000_000
    const addresses = quick ? 100_000 : 1_000_000
    const firsts: number[] = []
    for (let i = 1; i < isolates; i++) firsts.push(await withWorker('intel', firstLookUp, { assets: true }))
    say('fresh isolates measured')
    return withWorker(
      'intel',
      async (client) => {
        firsts.push(await firstLookUp(client))
        const network = await perLookUp(client, '/networks?', times, (answer) => answer.known! > times / 3)
        const list = listOf(addresses)
        const startedAt = performance.now()
        const { status, body } = await client.send('POST', '/list', {}, list.text)
        const loadS = (performance.now() - startedAt) / 1000
        mustBe(status === 200, `the list was answered ${status}: ${body}`)
        const { counts, bytes } = JSON.parse(body.toString()) as { counts: { addresses: number }; bytes: number }
        mustBe(counts.addresses === list.distinct, `${counts.addresses} of ${list.distinct} addresses were taken`)
        say('list loaded')
        const listed = await perLookUp(client, '/contexts?lists=one&', times, (answer) => answer.listed! > 0)
        const unlisted = await perLookUp(client, '/contexts?lists=none&', times, (answer) => answer.listed === 0)
        return {
          rows: [
            { name: 'address to country and network', value: network, unit: 'µs', target: { most: 5 } },
            {
              name: 'table of countries and networks',
              value: statSync(TABLE).size / 1e6,
              unit: 'MB',
              target: { most: 20 },
            },
            { name: 'first look-up in a fresh isolate', value: median(firsts), unit: 'ms', target: { most: 50 } },
            {
              name: `a list of ${addresses.toLocaleString('en')} addresses, loaded`,
              value: loadS,
              unit: 's',
              target: { most: 20 },
            },
            { name: 'its memory an address', value: bytes / counts.addresses, unit: 'bytes', target: { most: 8 } },
            {
              name: 'all six features of a window from it',
              value: listed,
              unit: 'µs',
              target: { most: 20 },
              reference: { name: 'no list loaded', value: unlisted },
            },
          ],
          notes: [
            `${list.distinct.toLocaleString('en')} distinct addresses of the list were taken, private ones left out`,
            `first look-ups, ms: ${firsts.map((ms) => ms.toFixed(1)).join(', ')}`,
          ],
        }
      },
      { assets: true },
    )
  },
}

/** Milliseconds beyond those of an empty request. */
async function firstLookUp(client: HttpClient): Promise<number> {
  const ask = async (at: string) => {
    const startedAt = performance.now()
    const { status, body } = await client.send('GET', at, {})
    mustBe(status === 200, `${at} was answered ${status}`)
    return { ms: performance.now() - startedAt, text: body.toString() }
  }
  const empty = []
  for (let i = 0; i < 10; i++) empty.push((await ask('/')).ms)
  const first = await ask('/first?address=8.8.8.8')
  mustBe((JSON.parse(first.text) as { asn: number }).asn === 15169, `8.8.8.8 is said to be in ${first.text}`)
  return first.ms - median(empty)
}

async function perLookUp(
  client: HttpClient,
  at: string,
  times: number,
  isDone: (answer: Record<string, number>) => boolean,
): Promise<number> {
  const take = async (count: number) => {
    const startedAt = performance.now()
    const { status, body } = await client.send('GET', `${at}times=${count}`, {})
    mustBe(status === 200, `${at} was answered ${status}`)
    return { ms: performance.now() - startedAt, answer: JSON.parse(body.toString()) as Record<string, number> }
  }
  const pairs: number[] = []
  for (let i = 0; i < PAIRS; i++) {
    const few = await take(times / 10)
    const many = await take(times)
    mustBe(isDone(many.answer), `${at}: the work was not done (${JSON.stringify(many.answer)})`)
    pairs.push(((many.ms - few.ms) * 1000) / (times * 0.9))
  }
  return median(pairs)
}

/** Addresses as the Worker asks for them, every second one of twice as many. */
function listOf(count: number): { text: string; distinct: number } {
  const lines: string[] = []
  for (let i = 0; lines.length < count; i += 2) {
    const address = v4Text(mix32(i))
    if (!isSiteLocal(address)) lines.push(address)
  }
  return { text: `${lines.join('\n')}\n`, distinct: new Set(lines).size }
}
