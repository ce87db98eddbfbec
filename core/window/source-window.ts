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
    const panes = this.#panes.filter((pane) => pane.index <= last)
    const only = panes.length === 1 ? panes[0]! : null
    return { source: this.source, last, panes, merged: only ?? mergeOf(panes), history: this.#history }
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
    if (before?.index === index) return before
    const pane = new Pane(index)
    panes.splice(at, 0, pane)
    return pane
  }

  #foldBefore(first: number): void {
    this.#firstOpen = Math.max(this.#firstOpen, first)
    while (this.#panes.length > 0 && this.#panes[0]!.index < first) this.#history.fold(this.#panes.shift()!)
  }
}

export interface StoredWindow {
  source: string
  cursor: number
  firstOpen: number | null
  panes: StoredPane[]
  history: StoredHistory
}

function mergeOf(panes: readonly Pane[]): Pane {
  const merged = new Pane(panes.at(-1)?.index ?? 0)
  for (const pane of panes) merged.merge(pane)
  return merged
}
