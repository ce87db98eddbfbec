import { CircuitBreaker } from '../../circuit-breaker.ts'
import { err, ok, type Result } from '../../result.ts'
import type { Clock } from '../../time.ts'
import type { DeadlineAfter } from './deadline.ts'
import {
  type FeatureStore,
  type Found,
  type Shelf,
  type StoreSize,
  TTL_S,
  type VectorEntry,
  type Wanted,
  type WriteOutcome,
} from './port.ts'
import { packValue, readValue, storeKey } from './value.ts'

/** Somebody waits for a read: longer than this and the partition itself is as quick. */
export const READ_LIMIT_MS = 50
/** Nobody waits for a write; but one that hangs must not keep the next ones for long. */
export const WRITE_LIMIT_MS = 1_000
/** What a page waits for when it shows the store's size. */
const SIZE_LIMIT_MS = 250

const BREAKER = { failures: 3, waitMs: 1_000, longestWaitMs: 30_000, trialMs: 2_000 }

/** Any backend as a feature store: in its form, within its time, and left alone while it does not work. */
export class GuardedStore implements FeatureStore {
  readonly #shelf: Shelf
  readonly #clock: Clock
  readonly #deadlineAfter: DeadlineAfter
  /** Apart: a store that is full still answers, one that is read-only too. */
  readonly #reading = new CircuitBreaker(BREAKER)
  readonly #writing = new CircuitBreaker(BREAKER)
  readonly #lastFailure = { read: '', write: '' }

  constructor(shelf: Shelf, clock: Clock, deadlineAfter: DeadlineAfter) {
    this.#shelf = shelf
    this.#clock = clock
    this.#deadlineAfter = deadlineAfter
  }

  get backend() {
    return this.#shelf.backend
  }

  async read(wanted: readonly Wanted[]): Promise<Found[]> {
    if (wanted.length === 0) return []
    const keys = wanted.map(({ address }) => storeKey(address))
    const texts = await this.#guarded('read', READ_LIMIT_MS, (signal) => this.#shelf.get(keys, signal))
    return wanted.map((one, i) => {
      if (!texts.ok) return { tag: texts.error.tag, why: texts.error.why }
      const text = texts.value[i]
      if (text === undefined) return { tag: 'error', why: 'the answer is shorter than the question' }
      return text.ok ? readValue(text.value, one) : { tag: 'error', why: oneLine(text.error) }
    })
  }

  async write(entries: readonly VectorEntry[]): Promise<WriteOutcome> {
    if (entries.length === 0) return { written: 0, failed: 0, why: null }
    const outcomes = await this.#guarded('write', WRITE_LIMIT_MS, async (signal) => {
      const packed = entries.map((entry) => ({ key: storeKey(entry.address), value: packValue(entry) }))
      const refusals = await this.#shelf.set(packed, TTL_S, signal)
      if (refusals.length < entries.length) throw new Error('the answer is shorter than what was sent')
      // A full or read-only store refuses every one: no better than none.
      if (refusals.every((why) => why !== null)) throw new Error(refusals[0]!)
      return refusals
    })
    if (!outcomes.ok) return { written: 0, failed: entries.length, why: outcomes.error.why }
    const refused = outcomes.value.filter((why) => why !== null)
    const why = refused[0] === undefined ? null : oneLine(refused[0])
    return { written: entries.length - refused.length, failed: refused.length, why }
  }

  async size(): Promise<Result<StoreSize, string>> {
    const size = await this.#guarded('read', SIZE_LIMIT_MS, (signal) => this.#shelf.size(signal))
    return size.ok ? size : err(size.error.why)
  }

  async #guarded<Value>(
    kind: 'read' | 'write',
    limitMs: number,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Result<Value, { tag: 'error' | 'unasked'; why: string }>> {
    const breaker = kind === 'read' ? this.#reading : this.#writing
    if (!breaker.lets(this.#clock()))
      return err({ tag: 'unasked', why: `left alone for a moment: ${this.#lastFailure[kind]}` })
    const { signal, over } = this.#deadlineAfter(limitMs)
    try {
      const value = await Promise.race([work(signal), rejectionOf(signal, limitMs)])
      breaker.succeeded()
      return ok(value)
    } catch (error) {
      const why = signal.aborted ? noAnswerIn(limitMs) : oneLine(error instanceof Error ? error.message : String(error))
      this.#lastFailure[kind] = why
      breaker.failed(this.#clock())
      return err({ tag: 'error', why })
    } finally {
      over()
    }
  }
}

const noAnswerIn = (ms: number): string => `no answer within ${ms} ms`

/** A backend that does not heed the signal keeps nobody waiting either. */
const rejectionOf = (signal: AbortSignal, limitMs: number): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(noAnswerIn(limitMs))), { once: true })
  })

/** For people, bounded: @upstash/redis appends the whole command to what the server said. */
const oneLine = (text: string): string =>
  text.split(', command was:')[0]!.split('\n')[0]!.slice(0, 160) || 'it failed without a word'
