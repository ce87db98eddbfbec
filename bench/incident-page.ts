import { setTimeout as wait } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { random } from '../core/learning/random.ts'
import { ADMIN_NAME } from '../scripts/local/credentials.ts'
import { ADMIN_PASSWORD, type App, withApp } from './harness/app.ts'
import { type Bench, mustBe, type Row } from './harness/bench.ts'
import { waitUntilJudged } from './harness/judged.ts'
import { percentile } from './harness/statistics.ts'
import { addressOf, batchOf, intruder } from './harness/traffic.ts'

const EVIDENCE = 500
const ATTACKER = 42
const REQUESTS = 50

export const bench: Bench = {
  name: 'incident-page',
  title: 'page of an incident with 500 events',
  explains: `Under \`npm run serve\` one source scans, guesses, attacks a web server and runs commands, as canonical events of thirteen
kinds, until its incident holds 500 events of evidence, as the API tells. Then the administrator logs in through \`/login\` and asks for the incident's page and its evidence page, 50 times each, over one connection, with
\`Accept-Encoding: gzip\`. Timed from request to last byte on the same machine. "Transferred" is the body as it came. Its size unpacked is told too. The reference is \`GET /healthz\`.`,
  async run({ say }) {
    return withApp('serve', async (app) => {
      const id = await makeIncident(app, say)
      const cookie = await logIn(app)
      const health = await timed(app, '/healthz', {}, '"')
      const page = `/incidents/incident/${id}`
      const overview = await timed(app, page, { Cookie: cookie }, addressOf(ATTACKER))
      const evidence = await timed(app, `${page}/evidence`, { Cookie: cookie }, addressOf(ATTACKER))
      return {
        rows: [...rowsOf('incident page', overview, health.ms), ...rowsOf('evidence page', evidence, health.ms)],
        notes: [
          `an incident with ${EVIDENCE} events of evidence, as GET /api/incidents/${id} says; ${REQUESTS} requests a page`,
        ],
      }
    })
  },
}

/** Posts the attack until the incident has its 500 events; its id. */
async function makeIncident(app: App, say: (text: string) => void): Promise<number> {
  const draw = random(3)
  for (let round = 0; round < 40; round++) {
    const before = await app.figures()
    const lines = Array.from({ length: 250 }, () => intruder(ATTACKER, draw))
    const { body, events } = batchOf(lines, Date.now())
    const { accepted, why } = await app.post(body)
    mustBe(accepted === events, `${accepted} of ${events} events were accepted: ${why}`)
    await waitUntilJudged(app, before, 60_000)
    // Rows of evidence follow the judgement.
    await wait(1_000)
    const [incident] = (await app.getJson(`/api/incidents?src_ip=${addressOf(ATTACKER)}&status=all`)).items
    if (!incident) continue
    const { evidence } = await app.getJson(`/api/incidents/${incident.id}`)
    say(`${(round + 1) * lines.length} events posted, ${evidence.length} in the incident's evidence`)
    if (evidence.length >= EVIDENCE) return incident.id
  }
  mustBe(false, `no incident with ${EVIDENCE} events of evidence after 10,000 events`)
}

async function logIn(app: App): Promise<string> {
  const { status, headers } = await app.postForm('/login', { name: ADMIN_NAME, password: ADMIN_PASSWORD })
  const cookie = headers['set-cookie']?.[0]?.split(';')[0]
  mustBe(status === 303 && cookie !== undefined, `log-in was answered ${status}`)
  return cookie
}

interface Page {
  transferred: number
  plainBytes: number
  ms: number[]
}

async function timed(app: App, at: string, headers: Record<string, string>, holds: string): Promise<Page> {
  const ms: number[] = []
  let transferred = 0
  let plainBytes = 0
  // The first few compile and fill caches.
  for (let i = -5; i < REQUESTS; i++) {
    const startedAt = performance.now()
    const answer = await app.get(at, { ...headers, 'Accept-Encoding': 'gzip' })
    if (i >= 0) ms.push(performance.now() - startedAt)
    mustBe(answer.status === 200, `${at} was answered ${answer.status}`)
    const encoded = answer.headers['content-encoding'] === 'gzip'
    const plain = encoded ? gunzipSync(answer.body) : answer.body
    mustBe(plain.includes(holds), `${at} does not hold ${holds}`)
    transferred = answer.body.length
    plainBytes = plain.length
  }
  return { transferred, plainBytes, ms }
}

const rowsOf = (name: string, { transferred, plainBytes, ms }: Page, health: number[]): Row[] => [
  { name: `${name}, transferred`, value: transferred / 1000, unit: 'kB', target: { most: 100 } },
  { name: `${name}, unpacked`, value: plainBytes / 1000, unit: 'kB' },
  {
    name: `${name}, p50`,
    value: percentile(ms, 0.5),
    unit: 'ms',
    target: { most: 100 },
    reference: { name: 'GET /healthz, p50', value: percentile(health, 0.5) },
  },
  {
    name: `${name}, p95`,
    value: percentile(ms, 0.95),
    unit: 'ms',
    target: { most: 100 },
    reference: { name: 'GET /healthz, p95', value: percentile(health, 0.95) },
  },
]
