import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { INTEL_DESK, type IntelDeskPort } from '../../durable-objects/names.ts'
import { buildWorker } from '../../scripts/local/build.ts'
import { builtModules } from '../../scripts/local/built-modules.ts'
import { workerConfig } from '../../scripts/local/worker-config.ts'
import { type ProviderServer, providerServer } from '../support/provider-server.ts'

// The desk as it is built and run: real alarms, real calls, a real restart in the middle of one.

const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-live-'))
const built = path.join(folder, 'built')
const fixture = readFileSync(path.join(import.meta.dirname, '../fixtures/intel-live/abuseipdb-reported.json'), 'utf8')
const A = '45.33.32.156'
const B = '45.33.32.157'
const WAIT = { timeout: 20_000, interval: 100 }

let service: ProviderServer
let running: Miniflare | null = null
beforeAll(async () => {
  service = await providerServer()
  await buildWorker(built)
})
afterAll(async () => {
  await stop()
  await service.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Starts the app anew on the same state; one that runs ends as if killed. */
async function start(): Promise<IntelDeskPort> {
  await stop()
  const { name, entry, options } = workerConfig()
  const settings = {
    ABUSEIPDB_API_KEY: 'k3y',
    ABUSEIPDB_BASE_URL: service.origin,
    ABUSEIPDB_DAILY_BUDGET: '9',
    INTEL_TIMEOUT_MS: '20000',
  }
  running = new Miniflare(
    convertV4MiniflareOptions({
      host: '127.0.0.1',
      port: 0,
      cf: false,
      log: new Log(LogLevel.NONE),
      resourcePersistencePath: path.join(folder, 'state'),
      workers: [
        {
          ...options,
          name,
          bindings: { ...options.bindings, ...settings },
          modulesRoot: built,
          modules: builtModules(built, entry),
        },
      ],
    }),
  )
  await running.ready
  // workerd's own types of a namespace come from a package that is not installed.
  const desks = (await running.getDurableObjectNamespace('INTEL_DESK')) as unknown as {
    idFromName(name: string): unknown
    get(id: unknown): IntelDeskPort
  }
  return desks.get(desks.idFromName(INTEL_DESK))
}

async function stop(): Promise<void> {
  await running?.dispose()
  running = null
}

const ask = async (desk: IntelDeskPort, address: string) =>
  (await desk.ask([{ address, suspicion: 0.9, partition: 'p0' }]))[0]!
const callsFor = (address: string) => service.received.filter(({ target }) => target.includes(`=${address}&`)).length

it('asks by itself, keeps the answer over a restart, and pays again only for the call that the restart cut off', async () => {
  service.answerWith((response) => response.end(fixture))
  let desk = await start()
  expect(await ask(desk, A)).toMatchObject({ answer: { findings: [] }, isWaiting: true })
  const known = { answer: { findings: [{ source: 'AbuseIPDB', score: 0.87 }, { kind: 'tor-exit' }] }, isWaiting: false }
  await vi.waitFor(async () => expect(await ask(desk, A)).toMatchObject(known), WAIT)
  expect(service.received).toMatchObject([{ headers: { key: 'k3y' } }])
  service.answerWith(() => {})
  await ask(desk, B)
  await vi.waitFor(() => expect(callsFor(B)).toBe(1), WAIT)

  service.answerWith((response) => response.end(fixture.replaceAll(A, B)))
  desk = await start()
  expect(await ask(desk, A)).toMatchObject(known)
  await vi.waitFor(async () => expect(await ask(desk, B)).toMatchObject(known), WAIT)
  expect([callsFor(A), callsFor(B)]).toEqual([1, 2])
  expect((await desk.health()).providers[0]).toMatchObject({ provider: 'abuseipdb', callsToday: 3, waiting: 0 })
})
