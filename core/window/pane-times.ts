import type { NumberPrinter, NumberReader } from './printed-numbers.ts'

/** A window is 30 panes of 10 s of event time. */
export const PANE_MS = 10_000
export const WINDOW_PANES = 30

/** Index of the pane that a time (ms) lies in. */
export const paneOf = (ts: number): number => Math.floor(ts / PANE_MS)

/** Up to this many event times a pane keeps exactly; beyond, it counts them in 64 bins of 156.25 ms. */
export const TIMES_EXACT = 48
/** Printed in place of the number of exact times. */
const BINNED = TIMES_EXACT + 1
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

  print(out: NumberPrinter): void {
    if (this.#bins) {
      out.number(BINNED)
      out.numbers(this.#bins)
      return
    }
    out.number(this.#times.length)
    this.forEach((ts) => {
      out.number(ts - this.#start)
    })
  }

  /** The times of a pane from `start` that `print` wrote. */
  static read(start: number, printed: NumberReader): PaneTimes {
    const times = new PaneTimes(start)
    const count = printed.number()
    if (count === BINNED) times.#bins = Uint32Array.from(printed.numbers())
    else for (let i = 0; i < count; i++) times.#times.push(start + printed.number())
    return times
  }

  /** As `forEach` of the times that `print` wrote. */
  static forEachOf(start: number, printed: NumberReader, visit: (ts: number) => void): void {
    const count = printed.number()
    if (count === BINNED) {
      const times = new PaneTimes(start)
      times.#bins = Uint32Array.from(printed.numbers())
      times.forEach(visit)
    } else for (let i = 0; i < count; i++) visit(start + printed.number())
  }

  /** Passes over what `print` wrote. */
  static skip(printed: NumberReader): void {
    const count = printed.number()
    if (count === BINNED) printed.numbers()
    else for (let i = 0; i < count; i++) printed.number()
  }

  #binOf(ts: number): number {
    return Math.min(BINS - 1, Math.max(0, Math.floor((ts - this.#start) / BIN_MS)))
  }
}
