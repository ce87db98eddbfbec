import { DistinctSketch } from './distinct-sketch.ts'
import { PANE_MS, WINDOW_PANES } from './pane-times.ts'

/** Targets followed at once by one timeline of a sensor. */
export const TARGETS_KEPT = 20_000
/** Targets of a source that are looked up: its most frequent. */
export const TARGETS_ASKED = 16

interface TargetPane {
  index: number
  events: number
  sources: DistinctSketch
}

/** What the other sources' traffic says of one source's window. */
export interface GraphContext {
  /** Most distinct sources that reached one of its targets in the window; at least 1. */
  targetFanIn: number
  /** Events per second that its busiest target received from all sources, over the window's 300 s. */
  targetLoad: number
  /** Share of its targets that other sources reached too, 0..1. */
  sharedTargets: number
  /** Share of its targets that reached it in the same window, 0..1. */
  reciprocal: number
  /** Distinct targets that the sensor saw in the window. */
  sensorTargets: number
}

/** A question about one source: its hash, and its targets' hashes, most frequent first. */
/** All of a window but its newest pane, which alone gets events as a rule: it is added up once in ten seconds. */
interface WindowSum {
  last: number
  events: number
  sources: DistinctSketch
}

interface Target {
  panes: TargetPane[]
  sum: WindowSum | null
}

export interface GraphQuestion {
  source: number
  targets: readonly number[]
}

/**
 * The target's side of one timeline: per target and 10 s pane, how many events and which sources. Fan-in is exact while
 * a target's pane has at most 32 sources, else HyperLogLog's 6.5 % standard error. Order of events does not matter.
 */
export class TargetTable {
  #targets = new Map<number, Target>()
  #distinctTargets = new Map<number, DistinctSketch>()

  /** Notes that `source` reached `target` (hashes) at event time `ts`. */
  add(ts: number, source: number, target: number): void {
    const index = Math.floor(ts / PANE_MS)
    this.#paneOf(target, index, (pane) => {
      pane.events++
      pane.sources.add(source)
    })
    let distinct = this.#distinctTargets.get(index)
    if (!distinct) {
      distinct = new DistinctSketch()
      this.#distinctTargets.set(index, distinct)
    }
    distinct.add(target)
  }

  /** Contexts of many sources for the window that ends with pane `last`, in the order asked. */
  contexts(questions: readonly GraphQuestion[], last: number): GraphContext[] {
    const seen = new Map<number, { events: number; sources: number }>()
    const sensorTargets = this.#targetsSeen(last)
    const statistics = (target: number) => {
      let known = seen.get(target)
      if (!known) {
        known = this.#statistics(target, last)
        seen.set(target, known)
      }
      return known
    }
    return questions.map(({ source, targets }) => {
      const context = { targetFanIn: 1, targetLoad: 0, sharedTargets: 0, reciprocal: 0, sensorTargets }
      for (const target of targets) {
        const { events, sources } = statistics(target)
        context.targetFanIn = Math.max(context.targetFanIn, sources)
        context.targetLoad = Math.max(context.targetLoad, events / ((WINDOW_PANES * PANE_MS) / 1000))
        if (sources > 1.5) context.sharedTargets += 1 / targets.length
        if (this.#reached(target, source, last)) context.reciprocal += 1 / targets.length
      }
      return context
    })
  }

  /** Forgets panes that no window ending at or after `last` can ask for. */
  prune(last: number): void {
    const first = last - WINDOW_PANES + 1
    for (const index of this.#distinctTargets.keys()) if (index < first) this.#distinctTargets.delete(index)
    for (const [hash, target] of this.#targets) {
      const kept = target.panes.filter((pane) => pane.index >= first)
      if (kept.length === 0) this.#targets.delete(hash)
      else if (kept.length < target.panes.length) this.#targets.set(hash, { panes: kept, sum: null })
    }
  }

  get size(): number {
    return this.#targets.size
  }

  toJSON(): object {
    return {
      targets: [...this.#targets].map(([hash, { panes }]) => [hash, panes]),
      distinct: [...this.#distinctTargets],
    }
  }

  static fromJSON(stored: StoredTargets): TargetTable {
    const table = new TargetTable()
    for (const [hash, panes] of stored.targets)
      table.#targets.set(hash, {
        panes: panes.map(({ index, events, sources }) => ({
          index,
          events,
          sources: DistinctSketch.fromJSON(sources),
        })),
        sum: null,
      })
    for (const [index, sketch] of stored.distinct) table.#distinctTargets.set(index, DistinctSketch.fromJSON(sketch))
    return table
  }

  #paneOf(hash: number, index: number, use: (pane: TargetPane) => void): void {
    const target = this.#targets.get(hash)
    if (!target) {
      if (this.#targets.size >= TARGETS_KEPT) this.#forgetOldest()
      const pane = { index, events: 0, sources: new DistinctSketch() }
      this.#targets.set(hash, { panes: [pane], sum: null })
      use(pane)
      return
    }
    const { panes } = target
    if (target.sum && index < target.sum.last) target.sum = null
    let pane = panes.findLast((known) => known.index === index)
    if (!pane) {
      pane = { index, events: 0, sources: new DistinctSketch() }
      panes.push(pane)
      // Re-inserted, so that the map's order is by the last new pane and the longest quiet target is first.
      this.#targets.delete(hash)
      this.#targets.set(hash, target)
    }
    use(pane)
  }

  #forgetOldest(): void {
    const oldest = this.#targets.keys().next()
    if (!oldest.done) this.#targets.delete(oldest.value)
  }

  #statistics(hash: number, last: number): { events: number; sources: number } {
    const target = this.#targets.get(hash)
    if (!target) return { events: 0, sources: 1 }
    if (target.sum?.last !== last) target.sum = sumBefore(target.panes, last)
    const newest = target.panes.find(({ index }) => index === last)
    if (!newest) return { events: target.sum.events, sources: target.sum.sources.count() }
    const sources = target.sum.sources.copy()
    sources.merge(newest.sources)
    return { events: target.sum.events + newest.events, sources: sources.count() }
  }

  #targetsSeen(last: number): number {
    const seen = new DistinctSketch()
    for (const [index, sketch] of this.#distinctTargets)
      if (index <= last && index > last - WINDOW_PANES) seen.merge(sketch)
    return seen.count()
  }

  /** Whether `from` reached `to` in the window; not told apart once more than 32 sources reach `to` in a pane. */
  #reached(from: number, to: number, last: number): boolean {
    return (this.#targets.get(to)?.panes ?? []).some(
      (pane) => pane.index <= last && pane.index > last - WINDOW_PANES && pane.sources.hasExactly(from),
    )
  }
}

/** The window that ends with pane `last`, but for that pane. */
function sumBefore(panes: readonly TargetPane[], last: number): WindowSum {
  const sum = { last, events: 0, sources: new DistinctSketch() }
  for (const pane of panes) {
    if (pane.index >= last || pane.index <= last - WINDOW_PANES) continue
    sum.events += pane.events
    sum.sources.merge(pane.sources)
  }
  return sum
}

export interface StoredTargets {
  targets: [number, { index: number; events: number; sources: Parameters<typeof DistinctSketch.fromJSON>[0] }[]][]
  distinct: [number, Parameters<typeof DistinctSketch.fromJSON>[0]][]
}
