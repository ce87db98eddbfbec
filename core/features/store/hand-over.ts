import type { Beside } from '../../incidents/beside.ts'
import type { Judgement } from '../../incidents/judge.ts'
import type { EpochMs } from '../../time.ts'
import type { TrackedSource } from '../../window/window-table.ts'
import { cursorText, intelDigest, type WindowCursor } from './cursor.ts'
import type { VectorEntry } from './port.ts'
import { WaitingWrites, type Weight } from './waiting-writes.ts'

const SAMPLED_A_SECOND = 8
const WAITING = 512
/** Addresses that somebody has asked about in the last hour are written whatever their windows look like. */
const ASKED_KEPT = 1_024
const ASKED_FOR_MS = 3_600_000

/** What a partition knows of its judged windows: their cursors for whoever asks, and the vectors that are to be stored. */
export class HandOver {
  readonly #writesASecond: number
  /** Newest judged windows by source, then scope: the one judged last stands last. */
  readonly #judged = new Map<string, Map<string, WindowCursor>>()
  readonly #waiting = new WaitingWrites({ most: WAITING, mostSampled: SAMPLED_A_SECOND })
  /** Address → when it was last asked about; least recent first. */
  readonly #asked = new Map<string, EpochMs>()

  /** @param writesASecond vectors in one batch at most; 0 stores nothing */
  constructor(writesASecond: number) {
    this.#writesASecond = writesASecond
  }

  /** Vectors that wait to be stored. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** The next batch, to be stored a second after the last one at the soonest. What it holds waits no longer. */
  take(): VectorEntry[] {
    return this.#waiting.take(this.#writesASecond)
  }

  /** Vectors that found no room since this was last asked. */
  takeDropped(): number {
    const { dropped } = this.#waiting
    this.#waiting.dropped = 0
    return dropped
  }

  /** After a round: notes its windows, and hands those over that somebody outside may want. */
  note(judgements: readonly Judgement[], now: EpochMs): void {
    for (const { task, window, row, prediction, consequence } of judgements) {
      const { tracked, last } = task
      const source = tracked.window.source
      const cursor = cursorOf(tracked, last, window.judgedEvents, intelDigest(row))
      const known = this.#judged.get(source)?.get(tracked.scope)
      // Late events: the newest window has them too, but this vector is of an older one.
      if (known && known.trackedAs === cursor.trackedAs && known.pane > last) {
        this.#remember(source, { ...cursor, pane: known.pane })
        continue
      }
      this.#remember(source, cursor)
      if (this.#writesASecond === 0) continue
      const isSought = consequence.tag !== 'nothing' || prediction.route !== 'TRUST' || this.#isAskedFor(source, now)
      const weight: Weight = isSought ? 'sought' : 'sampled'
      this.#waiting.offer(source, weight, () => ({
        address: source,
        // A part of the docket's rows would keep all of them in memory.
        row: row.byteLength === row.buffer.byteLength ? row : row.slice(),
        cursor: cursorText(cursor),
        at: now,
      }))
    }
  }

  /** Of a source out of the checkpoint, with nothing unjudged: its newest pane was judged before the restart. */
  restored(tracked: TrackedSource<Beside>): void {
    const { window, pending } = tracked
    if (pending.length === 0) this.#remember(window.source, cursorOf(tracked, window.newestPane, window.cursor, ''))
  }

  /** The judged window was extracted again: threat intelligence may say more by now, or less after a restart. */
  extracted(source: string, cursor: WindowCursor): void {
    const known = this.#judged.get(source)?.get(cursor.scope)
    const isSame = known?.trackedAs === cursor.trackedAs && known.pane === cursor.pane && known.events === cursor.events
    if (isSame) this.#judged.get(source)!.set(cursor.scope, cursor)
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
}

/** @param events of the source up to the pane */
const cursorOf = (tracked: TrackedSource<Beside>, pane: number, events: number, intel: string): WindowCursor => ({
  scope: tracked.scope,
  trackedAs: tracked.beside.trackedAs,
  pane,
  events,
  intel,
})

/** Events of a source that have not been judged, in panes after `pane`. */
export const pendingOf = ({ pending }: TrackedSource<Beside>, pane = Number.NEGATIVE_INFINITY): number =>
  pending.reduce((sum, one) => (one.pane > pane ? sum + one.events : sum), 0)
