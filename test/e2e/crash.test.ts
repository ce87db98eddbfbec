import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { random } from '../../core/learning/random.ts'
import { buildWorker } from '../../scripts/local/build.ts'
import { credentialsOf } from '../../scripts/local/credentials.ts'
import { prepareDatabase } from '../../scripts/local/database.ts'
import { freePort } from '../../scripts/local/port.ts'
import { inRoot, quietEnvironment } from '../../scripts/local/repository.ts'
import { stateFolder } from '../../scripts/local/state.ts'
import { workerConfig } from '../../scripts/local/worker-config.ts'

const KILLS = 20
const ATTACKERS = 24
const EVENTS_EACH = 150
const BATCH = 30
const IN_FLIGHT = 3
const START = Date.UTC(2024, 4, 6, 8)

/** One log-in every two seconds from each attacker, all in order of time. */
const lines = Array.from({ length: ATTACKERS * EVENTS_EACH }, (_, i) => {
  const attacker = i % ATTACKERS
  const ts = START + Math.floor(i / ATTACKERS) * 2_000 + attacker * 50
  return JSON.stringify({
    ts: new Date(ts).toISOString(),
    src_ip: `203.0.113.${attacker + 1}`,
    event_type: 'ssh.login.failed',
    service: 'ssh',
    username: i % 3 ? 'root' : 'admin',
    password: `p${i}`,
  })
})
const batches = Array.from({ length: lines.length / BATCH }, (_, i) => ({
  id: `b${i}`,
  body: lines.slice(i * BATCH, (i + 1) * BATCH).join('\n'),
}))

let folder: string
let environment: NodeJS.ProcessEnv
let port: number
let server: ChildProcess | null = null
let token = ''
let key = ''

const origin = () => `http://127.0.0.1:${port}`

/** The built worker as `npm run serve` runs it, in a process group of its own. */
async function start() {
  const state = stateFolder(environment)
  server = spawn(
    'node',
    [
      inRoot('scripts/local/serve-built.ts'),
      state.workerFile,
      state.buildFolder,
      state.resources,
      '127.0.0.1',
      String(port),
    ],
    {
      env: environment,
      stdio: 'ignore',
      detached: true,
    },
  )
  for (const until = Date.now() + 30_000; Date.now() < until; await wait(50))
    if ((await fetch(`${origin()}/healthz`).catch(() => null))?.ok) return
  throw new Error('the app did not come up again')
}

/** kill -9 for the server and its workerd, wherever they are. */
async function kill() {
  const gone = new Promise((resolve) => server!.once('exit', resolve))
  process.kill(-server!.pid!, 'SIGKILL')
  await gone
}

interface Answer {
  accepted: number
  duplicates: number
}

async function post({ id, body }: { id: string; body: string }): Promise<Answer> {
  for (;;) {
    // The answer may break off in its middle: not heard is not acknowledged.
    const answer = await fetch(`${origin()}/v1/events`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${key}`, 'idempotency-key': id, 'x-picket-stream': 'crash' },
    })
      .then(async (heard) => (heard.status === 202 ? ((await heard.json()) as Answer) : null))
      .catch(() => null)
    if (answer) return answer
    await wait(50)
  }
}

const get = async <Body>(url: string): Promise<Body> => {
  const answer = await fetch(`${origin()}${url}`, { headers: { authorization: `Bearer ${token}` } })
  return (url === '/metrics' ? await answer.text() : await answer.json()) as Body
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'picket-crash-'))
  port = await freePort()
  environment = { ...quietEnvironment(process.env), PICKET_STATE_DIR: folder }
  const state = stateFolder(environment)
  const credentials = credentialsOf(state, environment)
  token = credentials.apiToken
  key = credentials.sensorKey
  await prepareDatabase(state, credentials)
  await buildWorker(state.buildFolder)
  writeFileSync(state.workerFile, JSON.stringify(workerConfig()))
  await start()
}, 120_000)

afterAll(async () => {
  if (server?.exitCode === null && server.signalCode === null) await kill()
  rmSync(folder, { recursive: true, force: true })
})

describe('kill -9 at twenty moments under load', () => {
  it('loses no acknowledged event, doubles none, and opens no incident twice', async () => {
    const luck = random(20_26)
    let next = 0
    let killed = 0
    const sender = async () => {
      while (next < batches.length) {
        const batch = batches[next++]!
        await post(batch)
        // Some sensors are not sure that they were heard.
        if (luck.unit() < 0.2) await post(batch)
        // Load until the last kill, then as fast as it goes.
        if (killed < KILLS) await wait(luck.below(400))
      }
    }
    const senders = Array.from({ length: IN_FLIGHT }, sender)
    for (; killed < KILLS; killed++) {
      await wait(luck.below(1_200))
      await kill()
      await start()
    }
    await Promise.all(senders)

    // Everything is known: sent again, nothing is new.
    const again = await post({ id: 'all-again', body: batches[0]!.body })
    expect(again.accepted).toBe(BATCH)
    const known = await post(batches[1]!)
    expect(known).toMatchObject({ accepted: 0, duplicates: BATCH })

    for (const until = Date.now() + 30_000; ; await wait(300)) {
      const unjudged = /^picket_events_unjudged (\d+)/m.exec(await get<string>('/metrics'))
      if (unjudged?.[1] === '0' || Date.now() > until) break
    }
    await wait(3_000)
    const { items } = await get<{
      items: { id: number; src_ip: string; threat_class: number; events_count: number }[]
    }>('/api/incidents?status=all&limit=200')
    const guessing = items.filter(({ threat_class }) => threat_class === 3)
    const bySource = new Map<string, number[]>()
    for (const { src_ip, events_count } of guessing)
      bySource.set(src_ip, [...(bySource.get(src_ip) ?? []), events_count])
    expect(bySource.size).toBe(ATTACKERS)
    for (const [source, counts] of bySource) expect(counts, source).toHaveLength(1)
    // The batch that was posted once more under another name is new to a sensor whose events have no names.
    const total = [...bySource.values()].flat().reduce((sum, count) => sum + count, 0)
    expect(total).toBe(lines.length + BATCH)
    const { evidence } = await get<{ evidence: { n: number; original: string }[] }>(`/api/incidents/${guessing[0]!.id}`)
    expect(new Set(evidence.map(({ n }) => n)).size).toBe(evidence.length)
    expect(new Set(evidence.map(({ original }) => original)).size).toBe(evidence.length)
  }, 240_000)
})
