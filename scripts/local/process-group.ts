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
 * Begins the group: a watcher waits for the end of a pipe that only we hold, then the command takes the shell's place.
 * If we are killed (`kill -9`) and can tidy nothing up, the watcher kills the whole group. It runs before the command
 * does, so there is no moment in which the command could be left alone.
 */
const BEGIN = '(read -r _; kill -9 0) <&3 & exec "$@" 3<&-'

/**
 * Starts a command as the head of a process group of its own, so that wrangler and the workerd that it starts can be
 * ended together, and a Ctrl-C at the terminal reaches this process only.
 */
export function startGroup(command: string, args: string[], environment: NodeJS.ProcessEnv): ProcessGroup {
  const options = { cwd: ROOT, env: environment }
  const head = canGroup
    ? spawn('/bin/sh', ['-c', BEGIN, 'sh', command, ...args], {
        ...options,
        stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
        detached: true,
      })
    : spawn(command, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'], shell: true })
  const ended = new Promise<number>((resolve, reject) => {
    head.once('error', (error) => reject(new Error(`cannot start ${command}: ${error.message}`)))
    head.once('exit', (code) => resolve(code ?? 1))
  })
  const stop = async (graceMs = 3_000): Promise<void> => {
    if (head.pid === undefined) return
    signalGroup(head, 'SIGTERM')
    await emptyWithin(head, graceMs)
    signalGroup(head, 'SIGKILL')
    await emptyWithin(head, 1_000)
    await ended
  }
  return { ended, stop }
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
