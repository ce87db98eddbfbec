import { type FeatureStoreBindings, openFeatureStore } from '../../adapters/feature-store/feature-store.ts'
import type { WindowCursor } from '../../core/features/store/cursor.ts'
import { HandOver } from '../../core/features/store/hand-over.ts'
import { FEATURE_STORE_NAME } from '../../core/features/store/object-port.ts'
import type { FeatureStore } from '../../core/features/store/port.ts'
import { storeSettings } from '../../core/features/store/settings.ts'
import { newStoreCounts } from '../../core/features/store/statistics.ts'
import type { Beside } from '../../core/incidents/beside.ts'
import type { Judgement } from '../../core/incidents/judge.ts'
import type { TrackedSource } from '../../core/window/window-table.ts'

const BETWEEN_WRITES_MS = 1_000
/** Batches between two calls to the statistics, while there is always more. */
const COUNTED_EVERY = 5

/**
 * Hands a partition's judged windows over to the feature store. Nothing here is waited for: a store that does not work costs
 * a counter.
 */
export class JudgedVectors {
  readonly #bindings: FeatureStoreBindings
  readonly #store: FeatureStore
  readonly #handOver: HandOver
  #isWriting = false
  /** What the statistics have not been told. */
  #counts = newStoreCounts()
  #failure: string | null = null
  #uncounted = 0

  constructor(bindings: FeatureStoreBindings) {
    this.#bindings = bindings
    this.#store = openFeatureStore(bindings, () => Date.now())
    const settings = storeSettings(bindings)
    this.#handOver = new HandOver(settings.ok ? settings.value.writesASecond : 0)
  }

  /** After a round. */
  note(judgements: readonly Judgement[], now: number): void {
    this.#handOver.note(judgements, now)
    void this.#write()
  }

  restored(tracked: TrackedSource<Beside>): void {
    this.#handOver.restored(tracked)
  }

  extracted(source: string, cursor: WindowCursor): void {
    this.#handOver.extracted(source, cursor)
  }

  forget(key: string): void {
    this.#handOver.forget(key)
  }

  windowOf(source: string, scope: string | null, now: number): WindowCursor | null {
    return this.#handOver.windowOf(source, scope, now)
  }

  /** Stores what waits, a batch a second, until nothing waits; one at a time. */
  async #write(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      while (this.#handOver.waiting > 0) {
        const { written, failed, why } = await this.#store.write(this.#handOver.take())
        this.#counts.written += written
        this.#counts.write_errors += failed
        this.#failure = why ?? this.#failure
        await Promise.all([
          this.#handOver.waiting === 0 || ++this.#uncounted >= COUNTED_EVERY ? this.#count() : null,
          scheduler.wait(BETWEEN_WRITES_MS),
        ])
      }
    } finally {
      this.#isWriting = false
    }
  }

  async #count(): Promise<void> {
    const counts = { ...this.#counts, dropped: this.#handOver.takeDropped() }
    const failure = this.#failure
    this.#counts = newStoreCounts()
    this.#failure = null
    this.#uncounted = 0
    try {
      await this.#bindings.FEATURE_STORE.getByName(FEATURE_STORE_NAME).note(this.#store.backend, counts, failure)
    } catch (error) {
      console.error(JSON.stringify({ what: 'feature-store statistics', error: String(error) }))
    }
  }
}
