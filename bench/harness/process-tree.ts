import { readdirSync, readFileSync } from 'node:fs'
import { mustBe } from './bench.ts'

interface Process {
  pid: number
  parent: number
}

const PAGE_BYTES = 4096

/**
 * Resident bytes of a process and of each that descends from it, by pid and name. Pages that they share count more than
 * once. Linux only.
 */
export function residentOf(root: number): { pid: number; name: string; bytes: number }[] {
  const resident = treeOf(root, processes()).flatMap((pid) => {
    const pages = readOf(pid, 'statm')?.split(' ')[1]
    return pages === undefined
      ? []
      : [{ pid, name: readOf(pid, 'comm')?.trim() ?? '', bytes: Number(pages) * PAGE_BYTES }]
  })
  mustBe(totalOf(resident) > 0, `no process ${root} to weigh: resident memory is read from /proc`)
  return resident
}

export const totalOf = (resident: readonly { bytes: number }[]): number =>
  resident.reduce((sum, { bytes }) => sum + bytes, 0)

const TICKS_A_SECOND = 100

/** Seconds of processor time that a process and its descendants have used; /proc counts in hundredths (proc(5), USER_HZ). Linux only. */
export function processorSecondsOf(root: number): number {
  let ticks = 0
  for (const pid of treeOf(root, processes())) {
    const stat = readOf(pid, 'stat')
    if (stat === null) continue
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  mustBe(ticks > 0, `no process ${root}: processor time is read from /proc`)
  return ticks / TICKS_A_SECOND
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
function readOf(pid: number, file: 'stat' | 'statm' | 'comm'): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return null
  }
}
