import { type FeatureStoreBindings, openFeatureStore } from '../../adapters/feature-store/feature-store.ts'
import { cursorText, type WindowCursor } from '../../core/features/store/cursor.ts'
import { FEATURE_STORE_NAME } from '../../core/features/store/object-port.ts'
import type { FeatureStore } from '../../core/features/store/port.ts'
import { newStoreCounts } from '../../core/features/store/statistics.ts'
import { WaitingWrites, type Weight } from '../../core/features/store/waiting-writes.ts'
import type { Beside } from '../../core/incidents/beside.ts'
import type { Judgement } from '../../core/incidents/judge.ts'
import type { TrackedSource } from '../../core/window/window-table.ts'

/** One request a second with at most this many vectors: 64 KB, and some 3 ms of work. */
const WRITES_A_SECOND = 64
const SAMPLED_A_SECOND = 8
const WAITING = 512
const BETWEEN_WRITES_MS = 1_000
/** Addresses that somebody has asked about in the last hour are written whatever their windows look like. */
const ASKED_KEPT = 1_024
const ASKED_FOR_MS = 3_600_000

/**
 * What a partition tells of its judged windows outside: their cursors to whoever asks, and their vectors to the feature
 * store. Nothing here is waited for: a store that does not work costs a counter.
 */
export class JudgedVectors {
  readonly #bindings: FeatureStoreBindings
  readonly #store: FeatureStore
  /** Newest judged windows by source, then scope: the one judged last stands last. */
  readonly #judged = new Map<string, Map<string, WindowCursor>>()
  readonly #waiting = new WaitingWrites({ most: WAITING, mostSampled: SAMPLED_A_SECOND })
  /** Address → when it was last asked about; least recent first. */
  readonly #asked = new Map<string, number>()
  #isWriting = false

  constructor(bindings: FeatureStoreBindings) {
    this.#bindings = bindings
    this.#store = openFeatureStore(bindings, () => Date.now())
  }

  /** After a round: notes its windows, and hands those over that somebody outside may want. */
  note(judgements: readonly Judgement[], now: number): void {
    for (const { task, window, row, prediction, consequence } of judgements) {
      const { tracked, last } = task
      const source = tracked.window.source
      const cursor = cursorOf(tracked, last, window.judgedEvents)
      const known = this.#judged.get(source)?.get(tracked.scope)
      // Late events: the newest window has them too, but this vector is of an older one.
      if (known && known.trackedAs === cursor.trackedAs && known.pane > last) {
        this.#remember(source, { ...cursor, pane: known.pane })
        continue
      }
      this.#remember(source, cursor)
      const isSought = consequence.tag !== 'nothing' || prediction.route !== 'TRUST' || this.#isAskedFor(source, now)
      const weight: Weight = isSought ? 'sought' : 'sampled'
      this.#waiting.offer({ address: source, row, cursor: cursorText(cursor), at: now }, weight)
    }
    void this.#write()
  }

  /** Of a source out of the checkpoint, with nothing unjudged: its newest pane was judged before the restart. */
  restored(tracked: TrackedSource<Beside>): void {
    const { window, pending } = tracked
    if (pending.length === 0) this.#remember(window.source, cursorOf(tracked, window.newestPane, window.cursor))
  }

  /** @param key of the window table: scope and source */
  forget(key: string): void {
    const bar = key.lastIndexOf('|')
    const source = key.slice(bar + 1)
    const scopes = this.#judged.get(source)
    scopes?.delete(key.slice(0, bar))
    if (scopes?.size === 0) this.#judged.delete(source)
  }

  /** The judged window of a source; without a scope the live one, else the one judged last. */
  windowOf(source: string, scope: string | null, now: number): WindowCursor | null {
    this.#noteAsked(source, now)
    const scopes = this.#judged.get(source)
    if (!scopes) return null
    if (scope !== null) return scopes.get(scope) ?? null
    return scopes.get('') ?? [...scopes.values()].at(-1) ?? null
  }

  #remember(source: string, cursor: WindowCursor): void {
    let scopes = this.#judged.get(source)
    if (!scopes) {
      scopes = new Map()
      this.#judged.set(source, scopes)
    }
    scopes.delete(cursor.scope)
    scopes.set(cursor.scope, cursor)
  }

  #noteAsked(source: string, now: number): void {
    this.#asked.delete(source)
    this.#asked.set(source, now)
    if (this.#asked.size > ASKED_KEPT) this.#asked.delete(this.#asked.keys().next().value!)
  }

  #isAskedFor(source: string, now: number): boolean {
    const at = this.#asked.get(source)
    return at !== undefined && now - at < ASKED_FOR_MS
  }

  /** Writes what waits, a batch a second, until nothing waits; one at a time. */
  async #write(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      while (this.#waiting.size > 0) {
        const { written, failed, why } = await this.#store.write(this.#waiting.take(WRITES_A_SECOND))
        const { dropped } = this.#waiting
        this.#waiting.dropped = 0
        await Promise.all([this.#count(written, failed, dropped, why), scheduler.wait(BETWEEN_WRITES_MS)])
      }
    } finally {
      this.#isWriting = false
    }
  }

  async #count(written: number, write_errors: number, dropped: number, why: string | null): Promise<void> {
    try {
      const counts = { ...newStoreCounts(), written, write_errors, dropped }
      await this.#bindings.FEATURE_STORE.getByName(FEATURE_STORE_NAME).note(this.#store.backend, counts, why)
    } catch (error) {
      console.error(JSON.stringify({ what: 'feature-store statistics', error: String(error) }))
    }
  }
}

/** @param events of the source up to the pane */
export const cursorOf = (tracked: TrackedSource<Beside>, pane: number, events: number): WindowCursor => ({
  scope: tracked.scope,
  trackedAs: tracked.beside.trackedAs,
  pane,
  events,
})

/** Events of a source that have not been judged, in panes after `pane`. */
export const pendingOf = ({ pending }: TrackedSource<Beside>, pane = Number.NEGATIVE_INFINITY): number =>
  pending.reduce((sum, one) => (one.pane > pane ? sum + one.events : sum), 0)
