import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import { startGroup } from '../../../scripts/local/process-group.ts'
import { inRoot } from '../../../scripts/local/repository.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'picket-group-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A shell with a child of its own; both ids are written to the file. `deaf` ones do not end on SIGTERM. */
function family(name: string, deaf = false): { file: string; script: string } {
  const file = path.join(folder, name)
  const trap = deaf ? "trap '' TERM; " : ''
  return { file, script: `${trap}sleep 60 & echo "$$ $!" > ${file}; wait; wait` }
}

async function idsIn(file: string): Promise<number[]> {
  for (let n = 0; n < 200; n++, await wait(25)) {
    try {
      const ids = readFileSync(file, 'utf8').trim().split(' ').map(Number)
      if (ids.length === 2) return ids
    } catch {
      // Not written yet.
    }
  }
  throw new Error(`${file} was not written`)
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    // A process that nobody has waited for yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function goneWithin(pids: number[], ms: number): Promise<boolean> {
  for (const until = Date.now() + ms; Date.now() < until; await wait(25)) if (!pids.some(isAlive)) return true
  return false
}

it('stops a command and what it started', async () => {
  const { file, script } = family('stopped')
  const group = startGroup('sh', ['-c', script], process.env)
  const ids = await idsIn(file)
  expect(ids.every(isAlive)).toBe(true)
  await group.stop()
  expect(await goneWithin(ids, 1_000)).toBe(true)
})

it('kills what does not listen, after the grace', async () => {
  const { file, script } = family('deaf', true)
  const group = startGroup('sh', ['-c', script], process.env)
  const ids = await idsIn(file)
  const startedAt = performance.now()
  await group.stop(300)
  expect(await goneWithin(ids, 1_000)).toBe(true)
  expect(performance.now() - startedAt).toBeLessThan(3_000)
})

it('tells the exit code of a command that ends by itself', async () => {
  const group = startGroup('sh', ['-c', 'exit 7'], process.env)
  expect(await group.ended).toBe(7)
  await group.stop()
})

it('ends at once when there is no such command', async () => {
  const group = startGroup('no-such-command-here', [], process.env)
  expect(await group.ended).toBe(127)
  await group.stop()
})

it.skipIf(process.platform === 'win32')('leaves nothing behind when its owner is killed with -9', async () => {
  const { file, script } = family('orphaned')
  const module = JSON.stringify(inRoot('scripts/local/process-group.ts'))
  const program = `const { startGroup } = await import(${module}); startGroup('sh', ['-c', ${JSON.stringify(script)}], process.env); setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' })
  const ids = await idsIn(file)
  expect(ids.every(isAlive)).toBe(true)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  expect(await goneWithin(ids, 2_000)).toBe(true)
})
