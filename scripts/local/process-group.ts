import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { ROOT } from './repository.ts'

export interface ProcessGroup {
  /** Resolves when the group's first process has ended, with its exit code (1 when a signal ended it). */
  ended: Promise<number>
  /** Ends every process of the group: asked first, killed after `graceMs`. Safe to call twice. */
  stop(graceMs?: number): Promise<void>
}

const canGroup = process.platform !== 'win32'

/**
 * Starts a command as the head of a process group of its own, so that wrangler and the workerd that it starts can be
 * ended together, and a Ctrl-C at the terminal reaches this process only.
 */
export function startGroup(command: string, args: string[], environment: NodeJS.ProcessEnv): ProcessGroup {
  const head = spawn(command, args, {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: canGroup,
    shell: !canGroup,
  })
  const guard = head.pid !== undefined && canGroup ? startGuard(head.pid) : null
  const ended = new Promise<number>((resolve, reject) => {
    head.once('error', (error) => reject(new Error(`cannot start ${command}: ${error.message}`)))
    head.once('exit', (code) => resolve(code ?? 1))
  })
  ended.catch(() => guard?.stdin?.end())
  const stop = async (graceMs = 3_000): Promise<void> => {
    if (head.pid === undefined) return
    signalGroup(head, 'SIGTERM')
    await emptyWithin(head, graceMs)
    signalGroup(head, 'SIGKILL')
    await emptyWithin(head, 1_000)
    await ended
    if (guard && guard.exitCode === null) {
      guard.stdin?.end()
      await new Promise((resolve) => guard.once('exit', resolve))
    }
  }
  return { ended, stop }
}

/**
 * Kills the group if this process is itself killed (`kill -9`) and can tidy nothing up: a shell that waits for the
 * end of a pipe that only we hold.
 */
function startGuard(group: number): ChildProcess {
  const guard = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "-$0" 2>/dev/null', String(group)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  guard.stdin?.on('error', () => {})
  return guard
}

/** False when no process is left in the group. */
function signalGroup(head: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(canGroup ? -head.pid! : head.pid!, signal)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

async function emptyWithin(head: ChildProcess, ms: number): Promise<void> {
  for (const until = Date.now() + ms; hasLiving(head) && Date.now() < until; ) await wait(50)
}

/**
 * A process that has ended, but that nobody has waited for, still takes signals: in a container whose first process
 * waits for none, workerd stays in the group like that when wrangler has ended before it. /proc tells, on Linux.
 */
function hasLiving(head: ChildProcess): boolean {
  if (!signalGroup(head, 0)) return false
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isLivingMember(name, head.pid!))
}

function isLivingMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // After the name in brackets: state, parent, group (proc(5)).
    const [state, , itsGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(itsGroup) === group && state !== 'Z' && state !== 'X'
  } catch {
    // It ended while we looked.
    return false
  }
}
