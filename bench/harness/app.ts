import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../../scripts/local/port.ts'
import { inRoot, quietEnvironment } from '../../scripts/local/repository.ts'
import { HttpClient } from './http-client.ts'
import type { Figures, IngestAnswer, IngestTarget } from './ingest-target.ts'
import { processorSecondsOf, residentOf, totalOf } from './process-tree.ts'
import { readFigures } from './prometheus-reader.ts'

export const ADMIN_PASSWORD = randomBytes(12).toString('base64url')
const CONNECTIONS = 16

/** The app as its users start it, on a state folder of its own. */
export class App implements IngestTarget {
  readonly #client: HttpClient
  readonly #pid: number
  readonly #token: string
  readonly #key: string
  readonly port: number

  constructor(port: number, pid: number, token: string, key: string) {
    this.port = port
    this.#pid = pid
    this.#token = token
    this.#key = key
    this.#client = new HttpClient(port, CONNECTIONS)
  }

  async post(body: string): Promise<IngestAnswer> {
    const headers = { Authorization: `Bearer ${this.#key}`, 'Content-Type': 'application/x-ndjson' }
    const { status, body: text } = await this.#client.send('POST', '/v1/events', headers, body)
    if (status !== 202) return { status, accepted: 0, duplicates: 0, rejected: 0, why: text.toString().slice(0, 300) }
    const { accepted, duplicates, rejected } = JSON.parse(text.toString())
    return { status, accepted, duplicates, rejected: rejected.length, why: JSON.stringify(rejected[0] ?? null) }
  }

  async figures(): Promise<Figures> {
    const { status, body } = await this.get('/metrics')
    if (status !== 200) throw new Error(`/metrics was answered ${status}: ${body.toString().slice(0, 300)}`)
    return readFigures(body.toString())
  }

  /** With the API token, unless `headers` say who asks. */
  get(at: string, headers: Record<string, string> = { Authorization: `Bearer ${this.#token}` }) {
    return this.#client.send('GET', at, headers)
  }

  /** What the API answers, read. Throws when it is not 200. */
  async getJson(at: string) {
    const { status, body } = await this.get(at)
    if (status !== 200) throw new Error(`${at} was answered ${status}: ${body.toString().slice(0, 200)}`)
    return JSON.parse(body.toString())
  }

  postForm(at: string, fields: Record<string, string>) {
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      Host: `127.0.0.1:${this.port}`,
      Origin: `http://127.0.0.1:${this.port}`,
    }
    return this.#client.send('POST', at, headers, new URLSearchParams(fields).toString())
  }

  /** Of the command, wrangler or Miniflare, and workerd. */
  residentBytes(): number {
    return totalOf(this.resident())
  }

  resident() {
    return residentOf(this.#pid)
  }

  /** Of the same processes, since they began. */
  processorSeconds(): number {
    return processorSecondsOf(this.#pid)
  }

  close(): void {
    this.#client.close()
  }
}

const running = new Set<() => Promise<void>>()

/** Ends what `withApp` started; for signals. */
export const stopApps = (): Promise<unknown> => Promise.all([...running].map((stop) => stop()))

/** Runs `npm run serve` or `npm start` with `settings` on fresh state while `work` lasts; afterwards nothing of it is left. */
export async function withApp<Value>(
  command: 'serve' | 'start',
  work: (app: App) => Promise<Value>,
  settings: Record<string, string> = {},
): Promise<Value> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-bench-'))
  const port = await freePort()
  const token = randomBytes(24).toString('base64url')
  const key = randomBytes(24).toString('base64url')
  const server = spawn('node', [inRoot(`scripts/${command}.ts`)], {
    env: {
      ...quietEnvironment(process.env),
      PORT: String(port),
      PARTITIONS: '4',
      ...settings,
      PICKET_STATE_DIR: folder,
      PICKET_ADMIN_PASSWORD: ADMIN_PASSWORD,
      PICKET_API_TOKEN: token,
      PICKET_SENSOR_KEY: key,
      // Makes it end when we do, however we end (scripts/local/run.ts).
      npm_lifecycle_event: 'bench',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (text) => (said = `${said}${text}`.slice(-4000)))
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const stop = async () => {
    server.kill('SIGTERM')
    await ended
    running.delete(stop)
    rmSync(folder, { recursive: true, force: true })
  }
  running.add(stop)
  const app = new App(port, server.pid!, token, key)
  try {
    for (const until = Date.now() + 120_000; ; await wait(200)) {
      if (server.exitCode !== null) throw new Error(`npm run ${command} ended with code ${server.exitCode}`)
      const ready = await app.get('/readyz', {}).catch(() => null)
      if (ready?.status === 200) break
      if (Date.now() > until) throw new Error(`npm run ${command} was not ready within 120 s`)
    }
    return await work(app)
  } catch (error) {
    throw new Error(
      `${error instanceof Error ? error.message : error}${said === '' ? '' : `\nthe app said last:\n${said.slice(-1500)}`}`,
      { cause: error },
    )
  } finally {
    app.close()
    await stop()
  }
}
