import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import type { StateFolder } from './state.ts'

interface Running {
  pid: number
  port: number
}

/** Who runs on this state, or null. Two on one state would each see half of what the other writes. */
export async function runningOn(state: StateFolder, host: string): Promise<Running | null> {
  let running: Running
  try {
    running = JSON.parse(readFileSync(state.runningFile, 'utf8')) as Running
  } catch {
    // No file, or one that was cut short by a kill: nobody who runs well left it.
    return null
  }
  return isAlive(running.pid) && (await answers(host, running.port)) ? running : null
}

export function markRunning(state: StateFolder, running: Running): void {
  mkdirSync(state.folder, { recursive: true, mode: 0o700 })
  writeFileSync(state.runningFile, JSON.stringify(running))
}

export const markStopped = (state: StateFolder): void => rmSync(state.runningFile, { force: true })

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A process id alone may have gone to another program since. */
function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
