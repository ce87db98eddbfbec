import type { TargetCount } from '../store/schema.ts'
import { hash32 } from '../window/hash.ts'

/** Targets that are named. */
const NAMED = 8
/** Distinct (host, port) pairs counted one by one; beyond, hosts and ports are counted apart, as many of each. */
export const TARGETS_COUNTED = 24

/**
 * The busiest targets by name, at most eight, with true counts. While a source has 24 targets or fewer, each is a host
 * and a port; beyond, hosts over all their ports, or where those are too many too, ports over all hosts, or else some of the
 * hosts. What it tells depends only on the multiset of events, not on their order or grouping.
 */
export class TopTargets {
  #pairs: TargetCount[] | null
  readonly #hosts: Side
  readonly #ports: Side

  /** @param stored as `toJSON` wrote it */
  constructor(stored: StoredTopTargets = []) {
    const isFolded = !Array.isArray(stored)
    this.#pairs = isFolded ? null : stored
    this.#hosts = isFolded ? new Side(stored.hosts) : new Side()
    this.#ports = isFolded ? new Side(stored.ports) : new Side()
  }

  add(host: string | null, port: number | null, events = 1): void {
    if (host === null && port === null) return
    if (!this.#pairs) {
      if (host !== null) this.#hosts.add({ host, port: null, events })
      if (port !== null) this.#ports.add({ host: null, port, events })
      return
    }
    const known = find(this.#pairs, host, port)
    if (known) known.events += events
    else if (this.#pairs.push({ host, port, events }) > TARGETS_COUNTED) this.#fold()
  }

  merge(other: TopTargets): void {
    if (!other.#pairs) {
      this.#fold()
      this.#hosts.merge(other.#hosts)
      this.#ports.merge(other.#ports)
    } else for (const { host, port, events } of other.#pairs) this.add(host, port, events)
  }

  /** Busiest first; a copy, which later events do not change. */
  list(): TargetCount[] {
    return this.#known()
      .map(({ host, port, events }) => ({ host, port, events }))
      .sort((a, b) => b.events - a.events || (nameOf(a) < nameOf(b) ? -1 : 1))
      .slice(0, NAMED)
  }

  toJSON(): StoredTopTargets {
    return this.#pairs ?? { hosts: this.#hosts, ports: this.#ports }
  }

  #known(): readonly TargetCount[] {
    if (this.#pairs) return this.#pairs
    const sides = [this.#hosts, this.#ports].filter(({ counts }) => counts.length > 0)
    return (sides.find(({ below }) => below === null) ?? sides[0])?.counts ?? []
  }

  #fold(): void {
    const pairs = this.#pairs ?? []
    this.#pairs = null
    for (const { host, port, events } of pairs) this.add(host, port, events)
  }
}

type Ranked = TargetCount & { rank: number }

interface StoredSide {
  counts: Ranked[]
  below: number | null
}

/**
 * Counts of hosts, or of ports: once there are too many, of those with the least hashes. One that was left out never
 * comes back, as the bound only falls, so what is kept was counted from its first event.
 */
class Side implements StoredSide {
  counts: Ranked[]
  /** Only hashes under this enter; null while none was left out. */
  below: number | null

  constructor({ counts, below }: StoredSide = { counts: [], below: null }) {
    this.counts = counts
    this.below = below
  }

  add(target: TargetCount): void {
    const known = find(this.counts, target.host, target.port)
    if (known) {
      known.events += target.events
      return
    }
    const rank = hash32(nameOf(target))
    if (this.below !== null && rank >= this.below) return
    this.counts.push({ ...target, rank })
    if (this.counts.length > TARGETS_COUNTED) this.#leaveOut(Math.max(...this.counts.map((kept) => kept.rank)))
  }

  merge({ counts, below }: StoredSide): void {
    for (const target of counts) this.add(target)
    if (below !== null && (this.below === null || below < this.below)) this.#leaveOut(below)
  }

  #leaveOut(below: number): void {
    this.below = below
    this.counts = this.counts.filter(({ rank }) => rank < below)
  }
}

export type StoredTopTargets = TargetCount[] | { hosts: StoredSide; ports: StoredSide }

const find = <Target extends TargetCount>(counts: readonly Target[], host: string | null, port: number | null) =>
  counts.find((target) => target.port === port && target.host === host)

const nameOf = ({ host, port }: TargetCount): string => `${host} ${port}`
