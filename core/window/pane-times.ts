/** A window is 30 panes of 10 s of event time. */
export const PANE_MS = 10_000
export const WINDOW_PANES = 30

/** Index of the pane that a time (ms) lies in. */
export const paneOf = (ts: number): number => Math.floor(ts / PANE_MS)

/** Up to this many event times a pane keeps exactly; beyond, it counts them in 64 bins of 156.25 ms. */
export const TIMES_EXACT = 48
const BINS = 64
const BIN_MS = PANE_MS / BINS

/** When events of one pane happened. Depends only on the multiset of times. */
export class PaneTimes {
  #start: number
  #times: number[] = []
  #sorted = true
  #bins: Uint32Array | null = null

  /** @param start the pane's first millisecond */
  constructor(start: number) {
    this.#start = start
  }

  add(ts: number): void {
    if (this.#bins) {
      this.#bins[this.#binOf(ts)]!++
      return
    }
    const last = this.#times[this.#times.length - 1]
    if (last !== undefined && ts < last) this.#sorted = false
    this.#times.push(ts)
    if (this.#times.length > TIMES_EXACT) {
      this.#bins = new Uint32Array(BINS)
      for (const time of this.#times) this.#bins[this.#binOf(time)]!++
      this.#times = []
    }
  }

  /** True while every time is kept exactly. */
  get exact(): boolean {
    return this.#bins === null
  }

  /** Calls `visit` with each event's time in order; beyond 48 events, as if events of a bin were evenly spread in it. */
  forEach(visit: (ts: number) => void): void {
    if (this.#bins) {
      for (let bin = 0; bin < BINS; bin++) {
        const count = this.#bins[bin]!
        for (let i = 0; i < count; i++) visit(this.#start + (bin + (i + 0.5) / count) * BIN_MS)
      }
      return
    }
    if (!this.#sorted) {
      this.#times.sort((a, b) => a - b)
      this.#sorted = true
    }
    for (let i = 0; i < this.#times.length; i++) visit(this.#times[i]!)
  }

  /** The bins' counts, or null while exact. For summaries that need not visit each event. */
  get bins(): Uint32Array | null {
    return this.#bins
  }

  toJSON(): { times: number[] } | { bins: number[] } {
    return this.#bins ? { bins: [...this.#bins] } : { times: this.#times }
  }

  static fromJSON(start: number, stored: { times?: number[]; bins?: number[] }): PaneTimes {
    const times = new PaneTimes(start)
    times.#times = stored.times ?? []
    times.#sorted = false
    times.#bins = stored.bins ? Uint32Array.from(stored.bins) : null
    return times
  }

  #binOf(ts: number): number {
    return Math.min(BINS - 1, Math.max(0, Math.floor((ts - this.#start) / BIN_MS)))
  }
}
