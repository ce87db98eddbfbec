import { DurableObject } from 'cloudflare:workers'
import type { FeatureStoreObject, StoreHistory } from '../core/features/store/object-port.ts'
import type { StoreBackend, StoreSize } from '../core/features/store/port.ts'
import type { StoreCounts } from '../core/features/store/statistics.ts'
import { StatisticsLedger } from './feature-store/statistics-ledger.ts'
import { VectorShelf } from './feature-store/vector-shelf.ts'

/**
 * The embedded feature store, and the statistics of whichever store is used: isolates come and go, so what they counted is
 * kept here.
 */
export class FeatureStore extends DurableObject implements FeatureStoreObject {
  readonly #shelf = new VectorShelf(this.ctx.storage.sql)
  readonly #statistics = new StatisticsLedger(this.ctx.storage.sql)

  async get(keys: string[]): Promise<(string | null)[]> {
    return this.ctx.storage.transactionSync(() => this.#shelf.get(keys, Date.now()))
  }

  async set(entries: { key: string; value: string }[], ttlS: number): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#shelf.set(entries, ttlS * 1000, Date.now()))
  }

  async size(): Promise<StoreSize> {
    return this.#shelf.size(Date.now())
  }

  async note(backend: StoreBackend, counts: StoreCounts, failure: string | null): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#statistics.note(backend, counts, failure, Date.now()))
  }

  async history(backend: StoreBackend): Promise<StoreHistory> {
    return this.#statistics.history(backend, Date.now())
  }
}
