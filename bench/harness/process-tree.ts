import { readdirSync, readFileSync } from 'node:fs'
import { mustBe } from './bench.ts'

interface Process {
  pid: number
  parent: number
}

/** Resident bytes of a process and all that descend from it. Pages that they share count more than once. Linux only. */
export function residentBytesOf(root: number): number {
  const page = 4096
  let bytes = 0
  for (const pid of treeOf(root, processes())) {
    const pages = readOf(pid, 'statm')?.split(' ')[1]
    if (pages !== undefined) bytes += Number(pages) * page
  }
  mustBe(bytes > 0, `no process ${root} to weigh: resident memory is read from /proc`)
  return bytes
}

/** The root and its descendants. */
export function treeOf(root: number, all: readonly Process[]): number[] {
  const tree = [root]
  for (let i = 0; i < tree.length; i++) {
    for (const { pid, parent } of all) if (parent === tree[i] && !tree.includes(pid)) tree.push(pid)
  }
  return tree
}

function processes(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? readOf(Number(name), 'stat') : null
    // After the name in brackets: state, parent (proc(5)).
    return stat ? [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) }] : []
  })
}

/** Null when the process has ended since. */
function readOf(pid: number, file: 'stat' | 'statm'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}
