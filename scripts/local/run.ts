import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { credentialsOf } from './credentials.ts'
import { portFrom, portIsFree } from './port.ts'
import { type ProcessGroup, startGroup } from './process-group.ts'
import { type Environment, inRoot, quietEnvironment } from './repository.ts'
import { markRunning, markStopped, runningOn } from './running.ts'
import { type StateFolder, stateFolder } from './state.ts'
import { welcome } from './welcome.ts'

/** Sensors elsewhere cannot reach the app unless HOST says so: it has no TLS of its own. */
export const hostFrom = (environment: Environment): string => environment.HOST || '127.0.0.1'

export interface LocalRunner {
  /** Whether the Worker is built before the app starts. */
  build: boolean
  /** The command that serves, in the foreground, until it is told to stop. */
  command(
    state: StateFolder,
    host: string,
    port: number,
  ): { command: string; args: string[]; environment?: Record<string, string> }
  /** Called when the app answers; returns what stops it. */
  started?(origin: string, state: StateFolder): () => void
}

/**
 * Runs the app on this machine until SIGINT or SIGTERM, or until it ends by itself; returns the exit code. Database,
 * credentials, signals and what is printed are the same for `npm start` and `npm run serve`.
 */
export async function runLocally(runner: LocalRunner, environment: Environment): Promise<number> {
  const state = stateFolder(environment)
  const host = hostFrom(environment)
  const port = portFrom(environment)
  const other = await runningOn(state, host)
  if (other) {
    throw new Error(`process ${other.pid} already runs on the state in ${state.folder}, at port ${other.port}`)
  }
  if (!(await portIsFree(host, port))) {
    const free = port === 65_535 ? 8787 : port + 1
    throw new Error(`port ${port} is taken by another program; choose another one: PORT=${free}`)
  }
  markRunning(state, { pid: process.pid, port })
  let group: ProcessGroup | null = null
  const stop = stopRequest()
  try {
    const credentials = credentialsOf(state, environment)
    group = startGroup('node', [inRoot('scripts/local/prepare.ts'), ...(runner.build ? ['build'] : [])], {
      ...quietEnvironment(environment),
      PICKET_STATE_DIR: state.folder,
    })
    const prepared = await Promise.race([group.ended, stop.asked])
    if (prepared === 'stop') return 0
    // It has said why.
    if (prepared !== 0) return prepared
    const { command, args, environment: added } = runner.command(state, host, port)
    group = startGroup(command, args, { ...quietEnvironment(environment), ...added })
    const origin = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
    const first = await Promise.race([answersWithin(origin, 120_000), group.ended, stop.asked])
    if (first === 'stop') return 0
    if (first !== 'answers') throw new Error(`the app ended with code ${first} before it answered`)
    const stopExtra = runner.started?.(origin, state)
    process.stdout.write(welcome(port, state, credentials, environment))
    const end = await Promise.race([group.ended, stop.asked])
    stopExtra?.()
    if (end === 'stop') return 0
    process.stderr.write(`picket: the app ended by itself with code ${end}\n`)
    return end === 0 ? 1 : end
  } finally {
    stop.release()
    await group?.stop()
    markStopped(state)
  }
}

/**
 * SIGINT, SIGTERM, or the end of the npm that started us: it passes a SIGTERM on to its shell only, and killed with -9
 * nothing at all; the app would hold its port with nobody to stop it.
 */
function stopRequest() {
  const request = { requested: false, asked: null as unknown as Promise<'stop'>, release: () => {} }
  request.asked = new Promise((resolve) => {
    const ask = () => {
      request.requested = true
      resolve('stop')
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ask)
    if (!process.env.npm_lifecycle_event) return
    const ancestors = ancestorsNow()
    const watch = setInterval(() => ancestorsNow() !== ancestors && ask(), 250)
    request.release = () => clearInterval(watch)
  })
  return request
}

/** The process ids of our parent (npm's shell) and, where /proc tells it, of its parent (npm). */
function ancestorsNow(): string {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
    const [, grandparent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return `${process.ppid} ${grandparent}`
  } catch {
    return String(process.ppid)
  }
}

async function answersWithin(origin: string, ms: number): Promise<'answers'> {
  for (const until = Date.now() + ms; ; await wait(100)) {
    try {
      await fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(5_000) })
      return 'answers'
    } catch (error) {
      if (Date.now() > until)
        throw new Error(`the app did not answer at ${origin} within ${ms / 1000} s`, { cause: error })
    }
  }
}
