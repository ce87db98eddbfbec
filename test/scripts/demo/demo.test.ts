import { afterEach, expect, it } from 'vitest'
import type { DemoDay } from '../../../core/demo/day.ts'
import type { DemoLine } from '../../../core/demo/scene.ts'
import { allIncidents, countByClass, newIncidents } from '../../../scripts/demo/incidents.ts'
import { postDay } from '../../../scripts/demo/post-day.ts'
import { Sender } from '../../../scripts/replay/sender.ts'
import { StandInServer, type Step } from '../replay/stand-in-server.ts'

const servers: StandInServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const log = (name: string, count: number): DemoLine[] =>
  Array.from({ length: count }, (_, i) => ({ ts: i, line: `${name} ${i + 1}` }))
const day: DemoDay = { logs: { honeypot: log('h', 3), web: log('w', 2_500), network: log('n', 1) }, truth: [] }

async function post(steps: Step[] = []) {
  const server = new StandInServer(steps)
  servers.push(server)
  const url = await server.listen()
  const options = {
    fetch,
    wait: async () => {},
    now: Date.now,
    giveUpAfterMs: 60_000,
    giveUpFirstAfterMs: 60_000,
    onWait() {},
  }
  const sender = (key: string) => new Sender({ url, key }, options)
  const senders = { honeypot: sender('key-h'), web: sender('key-w'), network: sender('key-n') }
  let lines = 0
  const posted = await postDay(day, 'demo-1', senders, (more) => {
    lines += more
  })
  return { server, posted, lines }
}

it('posts each sensor with its own key, in order, as one stream', async () => {
  const { server, posted, lines } = await post()
  expect(lines).toBe(2_504)
  expect(posted.map(({ sensor, accepted }) => `${sensor} ${accepted}`)).toEqual(['honeypot 3', 'web 2500', 'network 1'])
  expect(server.stored.filter((line) => line.startsWith('w'))).toEqual(day.logs.web.map(({ line }) => line))
  const senders = server.requests.map(({ headers }) => `${headers.authorization} ${headers['x-picket-stream']}`)
  expect(new Set(senders)).toEqual(
    new Set(['Bearer key-h demo-1/honeypot', 'Bearer key-w demo-1/web', 'Bearer key-n demo-1/network']),
  )
})

it('stores nothing twice when connections are lost on the way', async () => {
  const { server } = await post(['store-and-drop', 'drop', 'answer', 'store-and-drop'])
  expect(server.stored).toHaveLength(2_504)
  expect(new Set(server.stored).size).toBe(2_504)
})

const incident = (id: number, threat_class: number, sources_count = 1) => ({
  id,
  threat_class,
  threat_category: `class ${threat_class}`,
  sources_count,
  severity: 'high',
})

/** Answers GET /api/incidents in pages of two, with one set of incidents a round. */
function api(rounds: ReturnType<typeof incident>[][]) {
  let round = 0
  const answer = async (input: unknown) => {
    const cursor = Number(new URL(String(input)).searchParams.get('cursor') ?? 0)
    const items = rounds[Math.min(round, rounds.length - 1)]!
    const next = cursor + 2 < items.length ? String(cursor + 2) : null
    if (next === null) round++
    return Response.json({ items: items.slice(cursor, cursor + 2), next })
  }
  return { url: 'http://stand-in.test', token: 't', fetch: answer as typeof fetch }
}

it('reads all pages of incidents', async () => {
  const all = [incident(5, 1), incident(4, 2), incident(3, 2), incident(2, 3), incident(1, 3)]
  expect(await allIncidents(api([all]))).toEqual(all)
})

it('counts only incidents that were not there before, once they have stopped coming', async () => {
  const rounds = [[incident(1, 3)], [incident(2, 1), incident(1, 3)], [incident(3, 4), incident(2, 1), incident(1, 3)]]
  const patience = { quietMs: 60, mostMs: 5_000, everyMs: 5 }
  const found = await newIncidents(api(rounds), new Set([1]), patience, () => {})
  expect(found.map(({ id }) => id)).toEqual([3, 2])
})

it('stops waiting when none comes', async () => {
  const patience = { quietMs: 10, mostMs: 50, everyMs: 5 }
  expect(await newIncidents(api([[]]), new Set(), patience, () => {})).toEqual([])
})

it('says which token is missing when the API refuses', async () => {
  const refusing = {
    url: 'http://x.test',
    token: 't',
    fetch: (async () => new Response('', { status: 401 })) as typeof fetch,
  }
  await expect(allIncidents(refusing)).rejects.toThrow('PICKET_API_TOKEN')
})

it('counts by class in the order of classes', () => {
  expect(countByClass([incident(1, 3), incident(2, 1, 5_000), incident(3, 3, 12)])).toEqual([
    { category: 'class 1', incidents: 1, sources: 5_000 },
    { category: 'class 3', incidents: 2, sources: 13 },
  ])
})
