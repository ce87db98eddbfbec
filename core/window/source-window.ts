import type { CanonicalEvent } from '../events/event.ts'
import { C } from './counters.ts'
import { History, type StoredHistory } from './history.ts'
import { observe } from './observe.ts'
import { Pane, type StoredPane } from './pane.ts'
import { PANE_MS, paneOf, WINDOW_PANES } from './pane-times.ts'

/** Events may come this much later than the newest of their timeline and still be judged in their place. */
export const LATENESS_MS = 30_000
const LATENESS_PANES = LATENESS_MS / PANE_MS

/** A window as the features see it: up to 30 panes ending with pane `last`, their sum, and the past before them. */
export interface WindowView {
  source: string
  last: number
  panes: readonly Pane[]
  merged: Pane
  history: History
}

/**
 * One source's panes in order of event time, and its history. Takes events in any order within the lateness bound and
 * gives, for each pane boundary, what in-order events would have given.
 */
export class SourceWindow {
  readonly source: string
  /** Rising by index; sparse: a pane without events does not exist. */
  #panes: Pane[] = []
  #history: History
  /** Panes before this one are in the history and take no more events. */
  #firstOpen = Number.NEGATIVE_INFINITY
  /** Sum of the first `#summed` panes, those before the newest: a judgement then adds one pane instead of thirty. */
  #sum: Pane | null = null
  #summed = 0
  /** Events taken in since the source was first seen. */
  cursor = 0

  constructor(source: string, history = new History()) {
    this.source = source
    this.#history = history
  }

  /** Adds an event to its pane. False when that pane has left the window, so that the event is late beyond use. */
  add(event: CanonicalEvent): boolean {
    const index = paneOf(event.ts)
    if (index < this.#firstOpen || index < this.newestPane - WINDOW_PANES - LATENESS_PANES) return false
    observe(this.#paneAt(index), event)
    this.cursor++
    return true
  }

  /** Index of the newest pane that holds an event; -∞ when none does. */
  get newestPane(): number {
    return this.#panes.at(-1)?.index ?? Number.NEGATIVE_INFINITY
  }

  /**
   * The window that ends with pane `last`. Panes older than it are folded into the history first, so `last` must not
   * fall from one call to the next.
   */
  view(last: number): WindowView {
    this.#foldBefore(last - WINDOW_PANES + 1)
    let count = this.#panes.length
    while (count > 0 && this.#panes[count - 1]!.index > last) count--
    const panes = count === this.#panes.length ? this.#panes : this.#panes.slice(0, count)
    return { source: this.source, last, panes, merged: this.#merged(panes), history: this.#history }
  }

  /** Events in the panes that are kept, for deciding which source to forget first. */
  get eventsKept(): number {
    let events = 0
    for (const pane of this.#panes) events += pane.counters[C.events]!
    return events
  }

  toJSON(): object {
    const firstOpen = this.#firstOpen === Number.NEGATIVE_INFINITY ? null : this.#firstOpen
    return { source: this.source, cursor: this.cursor, firstOpen, panes: this.#panes, history: this.#history }
  }

  static fromJSON(stored: StoredWindow): SourceWindow {
    const window = new SourceWindow(stored.source, History.fromJSON(stored.history))
    window.cursor = stored.cursor
    window.#firstOpen = stored.firstOpen ?? Number.NEGATIVE_INFINITY
    window.#panes = stored.panes.map(Pane.fromJSON)
    return window
  }

  #paneAt(index: number): Pane {
    const panes = this.#panes
    let at = panes.length
    while (at > 0 && panes[at - 1]!.index > index) at--
    const before = panes[at - 1]
    if (at < this.#summed || (at === this.#summed && before?.index === index)) this.#forgetSum()
    if (before?.index === index) return before
    const pane = new Pane(index)
    panes.splice(at, 0, pane)
    return pane
  }

  /** The panes added up, in order: a sum of sums would differ in the last digit. */
  #merged(panes: readonly Pane[]): Pane {
    const newest = panes.length - 1
    if (newest <= 0) return panes[0] ?? new Pane(0)
    if (newest === 1) return panes[0]!.copy().merge(panes[1]!)
    if (this.#summed > newest) this.#forgetSum()
    this.#sum ??= panes[0]!.copy()
    for (let i = Math.max(1, this.#summed); i < newest; i++) this.#sum.merge(panes[i]!)
    this.#summed = newest
    return this.#sum.copy().merge(panes[newest]!)
  }

  #forgetSum(): void {
    this.#sum = null
    this.#summed = 0
  }

  #foldBefore(first: number): void {
    this.#firstOpen = Math.max(this.#firstOpen, first)
    while (this.#panes.length > 0 && this.#panes[0]!.index < first) {
      this.#history.fold(this.#panes.shift()!)
      this.#forgetSum()
    }
  }
}

export interface StoredWindow {
  source: string
  cursor: number
  firstOpen: number | null
  panes: StoredPane[]
  history: StoredHistory
}
