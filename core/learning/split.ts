import { CLASS_COUNT } from '../taxonomy.ts'
import { type Dataset, NEVER_HELD_OUT } from './dataset.ts'
import { type Random, random, shuffle } from './random.ts'

interface Group {
  id: number
  rows: number
  /** Rows by class. */
  classes: Float64Array
}

/**
 * Folds of whole groups, by row: 0..folds-1, or -1 for rows that are never held out. Each class's groups are spread over the folds, rarest class first, so that
 * a fold's training part rarely lacks a class. Fewer groups than folds leave folds empty.
 */
export function foldsByGroup(dataset: Dataset, folds: number, seed: number): Int32Array {
  const groups = groupsOf(dataset, random(seed, 6))
  const foldOf = new Map<number, number>()
  const rows = new Float64Array(folds)
  const classGroups = new Float64Array(folds * CLASS_COUNT)
  for (const group of rarestFirst(groups)) {
    const rarest = rarestClass(group, groups)
    let best = 0
    for (let fold = 1; fold < folds; fold++) {
      const difference = classGroups[fold * CLASS_COUNT + rarest]! - classGroups[best * CLASS_COUNT + rarest]!
      if (difference < 0 || (difference === 0 && rows[fold]! < rows[best]!)) best = fold
    }
    foldOf.set(group.id, best)
    rows[best]! += group.rows
    group.classes.forEach((count, k) => {
      if (count > 0) classGroups[best * CLASS_COUNT + k]!++
    })
  }
  return Int32Array.from(dataset.groups, (group) => foldOf.get(group) ?? -1)
}

/**
 * Whole groups held out, about `share` of all groups, as a mask by row (1 is held out). A group that is the last one with some class
 * is never held out. Null where no group can be.
 */
export function holdOutGroups(dataset: Dataset, share: number, seed: number): Uint8Array | null {
  const groups = groupsOf(dataset, random(seed, 7))
  const left = new Float64Array(CLASS_COUNT)
  for (const { classes } of groups) {
    classes.forEach((count, k) => {
      if (count > 0) left[k]!++
    })
  }
  const wanted = Math.max(1, Math.round(share * groups.length))
  const out = new Set<number>()
  const covered = new Uint8Array(CLASS_COUNT)
  const takes = ({ classes }: Group) => classes.every((count, k) => count === 0 || left[k]! > 1)
  const take = (group: Group) => {
    out.add(group.id)
    group.classes.forEach((count, k) => {
      if (count === 0) return
      left[k]!--
      covered[k] = 1
    })
  }
  // First a group for each class, so that every threshold has rows to be found on; then any.
  for (const group of rarestFirst(groups)) {
    if (out.size < wanted && takes(group) && group.classes.some((count, k) => count > 0 && covered[k] === 0))
      take(group)
  }
  for (const group of groups) if (out.size < wanted && !out.has(group.id) && takes(group)) take(group)
  return out.size > 0 ? Uint8Array.from(dataset.groups, (group) => (out.has(group) ? 1 : 0)) : null
}

/** Groups that can be held out, in random order. */
function groupsOf({ groups, labels }: Dataset, source: Random): Group[] {
  const byId = new Map<number, Group>()
  for (let row = 0; row < groups.length; row++) {
    const id = groups[row]!
    if (id === NEVER_HELD_OUT) continue
    let group = byId.get(id)
    if (group === undefined) {
      group = { id, rows: 0, classes: new Float64Array(CLASS_COUNT) }
      byId.set(id, group)
    }
    group.rows++
    group.classes[labels[row]!]!++
  }
  const ids = Int32Array.from(byId.keys()).sort()
  shuffle(ids, source)
  return Array.from(ids, (id) => byId.get(id)!)
}

function groupsWithClass(groups: Group[]): Float64Array {
  const counts = new Float64Array(CLASS_COUNT)
  for (const { classes } of groups) for (let k = 0; k < CLASS_COUNT; k++) if (classes[k]! > 0) counts[k]!++
  return counts
}

/** The class of a group that fewest groups have. */
function rarestClass(group: Group, groups: Group[]): number {
  const counts = groupsWithClass(groups)
  let rarest = -1
  for (let k = 0; k < CLASS_COUNT; k++) {
    if (group.classes[k]! > 0 && (rarest < 0 || counts[k]! < counts[rarest]!)) rarest = k
  }
  return rarest
}

function rarestFirst(groups: Group[]): Group[] {
  const counts = groupsWithClass(groups)
  return [...groups].sort((a, b) => counts[rarestClass(a, groups)]! - counts[rarestClass(b, groups)]!)
}
