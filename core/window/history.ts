import { C } from './counters.ts'
import type { FrequencySketch } from './frequency-sketch.ts'
import { mix32, pair32 } from './hash.ts'
import type { Pane } from './pane.ts'
import { PANE_MS } from './pane-times.ts'
import { EVENT_KINDS } from './signals/event-kind.ts'

const HOUR_PANES = 3_600_000 / PANE_MS
const DAY_PANES = 24 * HOUR_PANES
/** Memory of the behaviour profile: weights fall to 1/e in an hour. */
const PROFILE_PANES = HOUR_PANES

/** The same 128 buckets, by the same hash, as FrequencySketch: a folded pane's hosts fall into their slots. */
const HOST_SLOTS = 128
const HOSTS_EXACT = 16
/** How many (host, port) series are followed at once. */
export const SERIES_KEPT = 12
/** Panes hide what is faster; quicker rhythms show in the window's own gaps. */
const SHORTEST_INTERVAL_MS = 15_000
/** A longer silence ends a series' rhythm: the gap is not counted. */
const LONGEST_INTERVAL_MS = 6 * 3_600_000

interface Series {
  key: number
  lastTs: number
  intervals: number
  mean: number
  /** Sum of squared deviations from the mean (Welford, 1962). */
  deviation: number
}

/**
 * What a source did before its window: panes are folded in, in order, when they leave it.
 * Decayed counts fall to 1/e in their horizon. All in bounded memory: about 1.5 KB when full.
 */
export class History {
  /** Pane up to which the decayed sums stand. */
  #at = Number.NEGATIVE_INFINITY
  #events1h = 0
  #events24h = 0
  #profile = new Float64Array(EVENT_KINDS.length)
  #hosts: number[] = []
  #hostPanes: number[] = []
  #hostSlots: Float64Array | null = null
  #series: Series[] = []

  /** Takes in a pane that left the window. Panes must come in rising order. */
  fold(pane: Pane): void {
    this.#decayTo(pane.index)
    const events = pane.counters[C.events]!
    this.#events1h += events
    this.#events24h += events
    for (let i = 0; i < this.#profile.length; i++) this.#profile[i]! += pane.activity[i]!
    this.#noteHosts(pane)
    const pairs = pane.contacts?.exactPairs()
    if (!pairs) return
    // A pane's pairs lie in order of arrival; a series' bounded table must not depend on that.
    const order = pairs.hosts
      .map((_, i) => ({ key: pair32(pairs.hosts[i]!, pairs.ports[i]!), ts: pairs.firstTs[i]! }))
      .sort((a, b) => a.ts - b.ts || a.key - b.key)
    for (const { key, ts } of order) this.#noteSeries(key, ts)
  }

  /** Decayed count with a horizon of an hour or a day, at the start of pane `at`. */
  events1h(at: number): number {
    return this.#events1h * this.#decay(at, HOUR_PANES)
  }

  events24h(at: number): number {
    return this.#events24h * this.#decay(at, DAY_PANES)
  }

  /**
   * Distinct hosts of the day, each weighted by how long ago it was last reached (1 now, 1/e a day ago), with the hosts
   * of the window, which weigh 1, and of whose panes one has `largestPane`. Exact up to 16 hosts; beyond, 128 slots of linear counting: within 12 % up to 250.
   */
  hosts24h(at: number, window: FrequencySketch, largestPane: number): number {
    const recent = new Map<number, number>()
    for (let i = 0; i < this.#hosts.length; i++) recent.set(this.#hosts[i]!, this.#hostPanes[i]!)
    let slots: Float64Array | null = this.#hostSlots && Float64Array.from(this.#hostSlots)
    const exact = window.exactKeys()
    if (exact) for (const host of exact.keys) recent.set(host, at)
    else {
      const marked: Float64Array = slots ?? emptySlots()
      window.forEachBucket((bucket) => {
        marked[bucket] = at
      })
      slots = marked
    }
    if (!slots && recent.size <= HOSTS_EXACT) {
      let sum = 0
      for (const pane of recent.values()) sum += dayWeight(at - pane)
      return sum
    }
    const all: Float64Array = slots ?? emptySlots()
    for (const [host, pane] of recent) noteSlot(all, host, pane)
    let weight = 0
    for (let i = 0; i < HOST_SLOTS; i++) weight += dayWeight(at - all[i]!)
    // A full table says no more than m ln m; the largest pane's own estimate then says more.
    return Math.max(largestPane, -HOST_SLOTS * Math.log(Math.max(1 / HOST_SLOTS, 1 - weight / HOST_SLOTS)))
  }

  /** Cosine between the window's activity and the source's own decayed profile; NaN while there is no past. */
  consistency(activity: ArrayLike<number>): number {
    let dot = 0
    let past = 0
    let present = 0
    for (let i = 0; i < activity.length; i++) {
      dot += activity[i]! * this.#profile[i]!
      past += this.#profile[i]! ** 2
      present += activity[i]! ** 2
    }
    return past === 0 || present === 0 ? Number.NaN : dot / Math.sqrt(past * present)
  }

  /**
   * The most regular series of contacts with one host and port over the last hours.
   * `score`: n/(n+3) · 1/(1 + coefficient of variation) over its n intervals, 0 to 1; NaN while no series has three.
   */
  beacon(): { score: number; intervalS: number } {
    let best = { score: Number.NaN, intervalS: Number.NaN }
    for (const { intervals, mean, deviation } of this.#series) {
      if (intervals < 3) continue
      const variation = Math.sqrt(deviation / intervals) / mean
      const score = (intervals / (intervals + 3)) * (1 / (1 + variation))
      if (!(score <= best.score)) best = { score, intervalS: mean / 1000 }
    }
    return best
  }

  toJSON(): object {
    return {
      at: this.#at === Number.NEGATIVE_INFINITY ? null : this.#at,
      events1h: this.#events1h,
      events24h: this.#events24h,
      profile: [...this.#profile],
      hosts: this.#hosts,
      hostPanes: this.#hostPanes,
      hostSlots:
        this.#hostSlots && [...this.#hostSlots].map((pane) => (pane === Number.NEGATIVE_INFINITY ? null : pane)),
      series: this.#series,
    }
  }

  static fromJSON(stored: StoredHistory): History {
    const history = new History()
    history.#at = stored.at ?? Number.NEGATIVE_INFINITY
    history.#events1h = stored.events1h
    history.#events24h = stored.events24h
    history.#profile.set(stored.profile)
    history.#hosts = stored.hosts
    history.#hostPanes = stored.hostPanes
    history.#hostSlots =
      stored.hostSlots && Float64Array.from(stored.hostSlots, (pane) => pane ?? Number.NEGATIVE_INFINITY)
    history.#series = stored.series
    return history
  }

  #decay(at: number, horizon: number): number {
    return this.#at === Number.NEGATIVE_INFINITY ? 0 : Math.exp(-(at - this.#at) / horizon)
  }

  #decayTo(index: number): void {
    if (this.#at !== Number.NEGATIVE_INFINITY) {
      this.#events1h *= this.#decay(index, HOUR_PANES)
      this.#events24h *= this.#decay(index, DAY_PANES)
      const weight = this.#decay(index, PROFILE_PANES)
      for (let i = 0; i < this.#profile.length; i++) this.#profile[i]! *= weight
    }
    this.#at = index
  }

  #slots(): Float64Array {
    if (this.#hostSlots) return this.#hostSlots
    const slots = emptySlots()
    for (let i = 0; i < this.#hosts.length; i++) noteSlot(slots, this.#hosts[i]!, this.#hostPanes[i]!)
    return slots
  }

  #noteHosts(pane: Pane): void {
    if (!pane.hosts) return
    const exact = pane.hosts.exactKeys()
    if (exact) {
      for (const host of exact.keys) this.#noteHost(host, pane.index)
      return
    }
    const slots = this.#slots()
    pane.hosts.forEachBucket((bucket) => {
      slots[bucket] = pane.index
    })
    this.#useSlots(slots)
  }

  #useSlots(slots: Float64Array): void {
    this.#hostSlots = slots
    this.#hosts = []
    this.#hostPanes = []
  }

  #noteHost(host: number, pane: number): void {
    if (this.#hostSlots) {
      noteSlot(this.#hostSlots, host, pane)
      return
    }
    const at = this.#hosts.indexOf(host)
    if (at >= 0) {
      this.#hostPanes[at] = pane
      return
    }
    this.#hosts.push(host)
    this.#hostPanes.push(pane)
    if (this.#hosts.length > HOSTS_EXACT) this.#useSlots(this.#slots())
  }

  #noteSeries(key: number, ts: number): void {
    const known = this.#series.find((series) => series.key === key)
    if (!known) {
      if (this.#series.length >= SERIES_KEPT) this.#dropWeakestSeries()
      this.#series.push({ key, lastTs: ts, intervals: 0, mean: 0, deviation: 0 })
      return
    }
    const gap = ts - known.lastTs
    known.lastTs = ts
    if (gap < SHORTEST_INTERVAL_MS || gap > LONGEST_INTERVAL_MS) return
    known.intervals++
    const off = gap - known.mean
    known.mean += off / known.intervals
    known.deviation += off * (gap - known.mean)
  }

  /** Fewest intervals first, then the one longest silent. */
  #dropWeakestSeries(): void {
    let weakest = 0
    for (let i = 1; i < this.#series.length; i++) {
      const a = this.#series[i]!
      const b = this.#series[weakest]!
      if (a.intervals < b.intervals || (a.intervals === b.intervals && a.lastTs < b.lastTs)) weakest = i
    }
    this.#series.splice(weakest, 1)
  }
}

export interface StoredHistory {
  at: number | null
  events1h: number
  events24h: number
  profile: number[]
  hosts: number[]
  hostPanes: number[]
  hostSlots: (number | null)[] | null
  series: Series[]
}

const emptySlots = (): Float64Array => new Float64Array(HOST_SLOTS).fill(Number.NEGATIVE_INFINITY)

const dayWeight = (panesAgo: number): number => Math.exp(-panesAgo / DAY_PANES)

function noteSlot(slots: Float64Array, host: number, pane: number): void {
  const slot = mix32(host) & (HOST_SLOTS - 1)
  if (pane > slots[slot]!) slots[slot] = pane
}
