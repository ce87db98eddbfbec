import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { credentialsOf } from '../../scripts/local/credentials.ts'
import { prepareDatabase } from '../../scripts/local/database.ts'
import { freePort } from '../../scripts/local/port.ts'
import { inRoot, quietEnvironment } from '../../scripts/local/repository.ts'
import { stateFolder } from '../../scripts/local/state.ts'
import { workerConfig } from '../../scripts/local/worker-config.ts'

export const ADMIN_PASSWORD = 'a password for tests'
export const API_TOKEN = 'a-token-for-tests'
export const SENSOR_KEY = 'a-sensor-key-for-tests'

export interface ServedApp {
  origin: string
  stop(): Promise<void>
}

/** `npm run serve` on a fresh state folder whose database `fill` has filled before, with `more` in its environment. */
export async function serveApp(
  fill: (database: D1Database) => Promise<void>,
  more: Record<string, string> = {},
): Promise<ServedApp> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-e2e-'))
  const port = await freePort()
  const environment = {
    ...quietEnvironment(process.env),
    PORT: String(port),
    PICKET_STATE_DIR: folder,
    PICKET_ADMIN_PASSWORD: ADMIN_PASSWORD,
    PICKET_API_TOKEN: API_TOKEN,
    PICKET_SENSOR_KEY: SENSOR_KEY,
    ...more,
  }
  await fillDatabase(environment, fill)
  const server = spawn('node', [inRoot('scripts/serve.ts')], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said += text))
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const stop = async () => {
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  const origin = `http://127.0.0.1:${port}`
  for (const until = Date.now() + 100_000; ; await wait(200)) {
    if (server.exitCode !== null) throw new Error(`npm run serve ended with code ${server.exitCode}:\n${said}`)
    if ((await fetch(`${origin}/healthz`).catch(() => null))?.ok) return { origin, stop }
    if (Date.now() > until) {
      await stop()
      throw new Error(`npm run serve did not answer:\n${said}`)
    }
  }
}

async function fillDatabase(environment: NodeJS.ProcessEnv, fill: (database: D1Database) => Promise<void>) {
  const state = stateFolder(environment)
  await prepareDatabase(state, credentialsOf(state, environment))
  const { d1Databases } = workerConfig().options
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      resourcePersistencePath: state.resources,
      workers: [{ name: 'fill', modules: true, script: 'export default {}', d1Databases }],
    }),
  )
  try {
    await fill(await miniflare.getD1Database('DB'))
  } finally {
    await miniflare.dispose()
  }
}
