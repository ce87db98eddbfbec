import type { CanonicalEvent } from '../events/event.ts'
import { sourceOf } from '../events/source.ts'
import { paneOf, WINDOW_PANES } from './pane-times.ts'
import { SourceWindow, type StoredWindow } from './source-window.ts'

/** A source's window with what is still to be judged of it and what its owner holds beside it. */
export interface TrackedSource<Beside> {
  key: string
  scope: string
  window: SourceWindow
  /** The feed that brought its newest unjudged event: its watermark decides when panes are closed. */
  feed: string
  /** Panes with unjudged events, rising. */
  pending: PendingPane[]
  /** Arrival of the oldest unjudged event, ms; NaN when there is none. */
  waitingSince: number
  /** Probability of an attack by the last judgement, 0..1. */
  suspicion: number
  beside: Beside
}

export interface PendingPane {
  pane: number
  events: number
}

/** One window to judge: the source as it stands at the end of pane `last`. */
export interface JudgementTask<Beside> {
  tracked: TrackedSource<Beside>
  last: number
  /** The unjudged events that this judgement takes in. */
  taken: PendingPane[]
}

export interface WindowTableOptions<Beside> {
  /** Sources kept at once, 1 or more. */
  maxSources: number
  newBeside: () => Beside
}

/**
 * The windows of one partition's share of sources. Sources beyond `maxSources` are forgotten, least recent and least
 * suspicious first, and never while something of them is unjudged.
 */
export class WindowTable<Beside> {
  /** In order of last use, but for those that wait to be judged: the first is the least recent. */
  readonly #tracked = new Map<string, TrackedSource<Beside>>()
  readonly #waiting = new Set<TrackedSource<Beside>>()
  readonly #options: WindowTableOptions<Beside>
  #unjudged = 0
  late = 0
  evicted = 0

  constructor(options: WindowTableOptions<Beside>) {
    this.#options = options
  }

  get size(): number {
    return this.#tracked.size
  }

  /** Twice as many sources as are to be kept: time to judge what waits as it stands, so that some can be forgotten. */
  get isCrowded(): boolean {
    return this.#tracked.size >= 2 * this.#options.maxSources
  }

  /** Events taken in and not judged since. */
  get unjudged(): number {
    return this.#unjudged
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Takes an event into its source's window. The tracked source, or null for an event older than its window reaches
   * (counted as late).
   * @param ownScope where an event is kept that is late for the window under `scope`
   */
  add(
    scope: string,
    feed: string,
    event: CanonicalEvent,
    receivedAt: number,
    ownScope = scope,
  ): TrackedSource<Beside> | null {
    const source = sourceOf(event)
    const key = `${scope}|${source}`
    let tracked = this.#tracked.get(key)
    if (!tracked) {
      tracked = {
        key,
        scope,
        feed,
        window: new SourceWindow(source),
        pending: [],
        waitingSince: Number.NaN,
        suspicion: 0,
        beside: this.#options.newBeside(),
      }
      this.#tracked.set(key, tracked)
    }
    if (!tracked.window.add(event)) {
      if (ownScope !== scope) return this.add(ownScope, feed, event, receivedAt)
      this.late++
      return null
    }
    if (tracked.pending.length === 0) {
      tracked.waitingSince = receivedAt
      this.#waiting.add(tracked)
      // Re-inserted: the map's order is the order of last use. Once a judgement is enough, what waits is not forgotten.
      this.#tracked.delete(key)
      this.#tracked.set(key, tracked)
    }
    notePending(tracked.pending, paneOf(event.ts))
    tracked.feed = feed
    this.#unjudged++
    return tracked
  }

  /**
   * Judgements that are due for a feed, in order of pane: each pane up to `closedPane` on its own, or with `atOnce` the
   * window as it now stands for every source that waits, and before it windows of what it no longer reaches back to. They
   * stay pending until `settled`.
   */
  due(feed: string, closedPane: number, atOnce: boolean, most: number): JudgementTask<Beside>[] {
    const tasks: JudgementTask<Beside>[] = []
    for (const tracked of this.#waiting) {
      if (tracked.feed !== feed) continue
      if (atOnce) tasks.push(...asItStands(tracked))
      else
        for (const pending of tracked.pending)
          if (pending.pane <= closedPane) tasks.push({ tracked, last: pending.pane, taken: [{ ...pending }] })
      if (tasks.length >= most) break
    }
    return tasks.sort((a, b) => a.last - b.last || (a.tracked.key < b.tracked.key ? -1 : 1))
  }

  /**
   * Notes that a task's judgement has been taken in; events that came since stay unjudged, and wait from `takenAt` (when
   * the task was taken) on at the earliest.
   */
  settled({ tracked, taken }: JudgementTask<Beside>, suspicion: number, takenAt = tracked.waitingSince): void {
    tracked.suspicion = suspicion
    for (const { pane, events } of taken) {
      const pending = tracked.pending.find((known) => known.pane === pane)
      if (!pending) continue
      pending.events -= events
      this.#unjudged -= events
    }
    tracked.pending = tracked.pending.filter(({ events }) => events > 0)
    this.#waiting.delete(tracked)
    if (tracked.pending.length === 0) tracked.waitingSince = Number.NaN
    else {
      tracked.waitingSince = takenAt
      // At the end: sources that never rest must not keep those behind them from being judged.
      this.#waiting.add(tracked)
    }
  }

  /**
   * Forgets sources until at most `maxSources` are left. Of the least recent quarter the least suspicious go first;
   * one with unjudged events stays. Those that were forgotten.
   */
  evict(): TrackedSource<Beside>[] {
    const over = this.#tracked.size - this.#options.maxSources
    if (over <= 0) return []
    const candidates: TrackedSource<Beside>[] = []
    const looked = Math.max(over * 2, Math.ceil(this.#options.maxSources / 4))
    for (const tracked of this.#tracked.values()) {
      if (candidates.length >= looked) break
      if (tracked.pending.length === 0) candidates.push(tracked)
    }
    // A stable sort: of the equally suspicious the least recent stays first.
    candidates.sort((a, b) => a.suspicion - b.suspicion)
    const forgotten = candidates.slice(0, over)
    for (const { key } of forgotten) this.#tracked.delete(key)
    this.evicted += forgotten.length
    return forgotten
  }

  get(key: string): TrackedSource<Beside> | undefined {
    return this.#tracked.get(key)
  }

  /**
   * Has the windows of a source judged again as they stand, without a new event. False where none is kept, or where one waits
   * for its judgement anyhow.
   */
  judgeAgain(source: string): boolean {
    let isAny = false
    for (const tracked of this.#tracked.values()) {
      if (tracked.window.source !== source || tracked.pending.length > 0) continue
      tracked.pending.push({ pane: tracked.window.newestPane, events: 0 })
      this.#waiting.add(tracked)
      isAny = true
    }
    return isAny
  }

  sources(): Iterable<TrackedSource<Beside>> {
    return this.#tracked.values()
  }

  feedsWaiting(): Set<string> {
    return new Set([...this.#waiting].map(({ feed }) => feed))
  }

  /** Puts back a source that `store` wrote. */
  restore(stored: StoredSource, beside: Beside): void {
    const tracked: TrackedSource<Beside> = {
      ...stored,
      window: SourceWindow.fromJSON(stored.window),
      waitingSince: stored.waitingSince ?? Number.NaN,
      beside,
    }
    this.#tracked.set(stored.key, tracked)
    if (tracked.pending.length > 0) this.#waiting.add(tracked)
    for (const { events } of tracked.pending) this.#unjudged += events
  }

  /** A tracked source as `restore` takes it. */
  static store<Beside>({ key, scope, feed, window, pending, waitingSince, suspicion }: TrackedSource<Beside>): object {
    return {
      key,
      scope,
      feed,
      window,
      pending,
      waitingSince: Number.isNaN(waitingSince) ? null : waitingSince,
      suspicion,
    }
  }
}

/** One window in most cases; of a backlog as many as it takes to have every unjudged event in one. */
function asItStands<Beside>(tracked: TrackedSource<Beside>): JudgementTask<Beside>[] {
  const earlier: JudgementTask<Beside>[] = []
  let taken: PendingPane[] = []
  for (const pending of tracked.pending) {
    if (taken.length > 0 && pending.pane - taken[0]!.pane >= WINDOW_PANES) {
      earlier.push({ tracked, last: taken.at(-1)!.pane, taken })
      taken = []
    }
    taken.push({ ...pending })
  }
  return [...earlier, { tracked, last: tracked.window.newestPane, taken }]
}

function notePending(pending: PendingPane[], pane: number): void {
  let at = pending.length
  while (at > 0 && pending[at - 1]!.pane > pane) at--
  const known = pending[at - 1]
  if (known?.pane === pane) known.events++
  else pending.splice(at, 0, { pane, events: 1 })
}

/** A tracked source as it is stored; what its owner holds beside it is stored apart. */
export interface StoredSource {
  key: string
  scope: string
  feed: string
  window: StoredWindow
  pending: PendingPane[]
  waitingSince: number | null
  suspicion: number
}
