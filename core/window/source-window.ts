import type { CanonicalEvent } from '../events/event.ts'
import { ClosedPane, type PaneView } from './closed-pane.ts'
import { History, type StoredHistory } from './history.ts'
import { observe } from './observe.ts'
import { Pane } from './pane.ts'
import { PANE_MS, paneOf, WINDOW_PANES } from './pane-times.ts'
import { NumberReader } from './printed-numbers.ts'

/** Events may come this much later than the newest of their timeline and still be judged in their place. */
export const LATENESS_MS = 30_000
const LATENESS_PANES = LATENESS_MS / PANE_MS
/** Panes kept open, the newest among them: most late events are late by seconds. */
const PANES_OPEN = 2

/** A window as the features see it: up to 30 panes ending with pane `last`, their sum, and the past before them. */
export interface WindowView {
  source: string
  last: number
  panes: readonly PaneView[]
  merged: Pane
  history: History
}

/**
 * One source's panes in order of event time, and its history. Takes events in any order within the lateness bound and
 * gives, for each pane boundary, what in-order events would have given.
 */
export class SourceWindow {
  readonly source: string
  /** Rising by index; sparse: a pane without events does not exist. Those behind the newest are closed, mostly. */
  #panes: (Pane | ClosedPane)[] = []
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

  toJSON(): object {
    const firstOpen = this.#firstOpen === Number.NEGATIVE_INFINITY ? null : this.#firstOpen
    const panes = this.#panes.map((pane) => [pane.index, pane instanceof ClosedPane ? pane.text : pane.print()])
    return { source: this.source, cursor: this.cursor, firstOpen, panes, history: this.#history }
  }

  static fromJSON(stored: StoredWindow): SourceWindow {
    const window = new SourceWindow(stored.source, History.fromJSON(stored.history))
    window.cursor = stored.cursor
    window.#firstOpen = stored.firstOpen ?? Number.NEGATIVE_INFINITY
    window.#panes = stored.panes.map(([index, text]) => Pane.read(index, new NumberReader(text)))
    window.#closePanes()
    return window
  }

  #paneAt(index: number): Pane {
    const panes = this.#panes
    let at = panes.length
    while (at > 0 && panes[at - 1]!.index > index) at--
    const before = panes[at - 1]
    if (at < this.#summed || (at === this.#summed && before?.index === index)) this.#forgetSum()
    if (before?.index === index) {
      if (before instanceof Pane) return before
      const open = before.open()
      panes[at - 1] = open
      return open
    }
    const pane = new Pane(index)
    panes.splice(at, 0, pane)
    this.#closePanes(pane)
    return pane
  }

  /** Closes what is far enough behind the newest pane that few events will come for it; not `filling`, which gets one now. */
  #closePanes(filling: Pane | null = null): void {
    const panes = this.#panes
    const closed = this.newestPane - PANES_OPEN
    for (let i = panes.length - 1; i >= 0; i--) {
      const pane = panes[i]!
      if (pane.index > closed) continue
      // One that was opened again is closed with the next; those before it are closed, but for such.
      if (pane === filling) continue
      if (pane instanceof Pane) panes[i] = new ClosedPane(pane)
      else if (pane.index <= closed - LATENESS_PANES) break
    }
  }

  /** The panes added up, in order: a sum of sums would differ in the last digit. */
  #merged(panes: readonly (Pane | ClosedPane)[]): Pane {
    const newest = panes.length - 1
    if (newest < 0) return new Pane(0)
    if (newest === 0) return opened(panes[0]!)
    if (this.#summed > newest) this.#forgetSum()
    let sum = this.#sum ?? copyOf(panes[0]!)
    for (let i = Math.max(1, this.#summed); i < newest; i++) addTo(sum, panes[i]!)
    // Of two panes the sum is the first one itself.
    if (newest > 1) {
      this.#sum = sum
      this.#summed = newest
      sum = sum.copy()
    }
    addTo(sum, panes[newest]!)
    return sum
  }

  #forgetSum(): void {
    this.#sum = null
    this.#summed = 0
  }

  #foldBefore(first: number): void {
    this.#firstOpen = Math.max(this.#firstOpen, first)
    while (this.#panes.length > 0 && this.#panes[0]!.index < first) {
      this.#history.fold(opened(this.#panes.shift()!))
      this.#forgetSum()
    }
  }
}

export interface StoredWindow {
  source: string
  cursor: number
  firstOpen: number | null
  panes: [index: number, text: string][]
  history: StoredHistory
}

const opened = (pane: Pane | ClosedPane): Pane => (pane instanceof ClosedPane ? pane.open() : pane)

/** A sum that starts with this pane: changing it does not change the pane. */
const copyOf = (pane: Pane | ClosedPane): Pane => (pane instanceof ClosedPane ? pane.open() : pane.copy())

function addTo(sum: Pane, pane: Pane | ClosedPane): void {
  if (pane instanceof ClosedPane) pane.addTo(sum)
  else sum.merge(pane)
}
