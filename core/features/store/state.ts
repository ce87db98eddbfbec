import { err, ok, type Result } from '../../result.ts'
import type { StoreHistory } from './object-port.ts'
import type { FeatureStore, StoreSize } from './port.ts'
import { type StoreStatistics, statisticsOf } from './statistics.ts'

/** How the store does. It is never needed: what works badly is degraded, and nothing waits for it. */
export interface StoreState {
  state: 'ok' | 'degraded'
  detail: string
}

export function storeState(
  { backend }: Pick<FeatureStore, 'backend'>,
  size: Result<StoreSize, string>,
  history: Result<StoreHistory, string>,
): StoreState {
  if (!size.ok) return { state: 'degraded', detail: `${backend}: ${size.error}` }
  if (!history.ok) return { state: 'degraded', detail: `${backend} answers, its statistics do not: ${history.error}` }
  const { recent, lastFailure } = history.value
  if (recent.write_errors > 0 && recent.written === 0)
    return { state: 'degraded', detail: `${backend} takes no vectors: ${lastFailure?.why ?? 'it does not say why'}` }
  const entries = size.value.entries === null ? '' : `, ${size.value.entries} vectors`
  return { state: 'ok', detail: `${backend} answers${entries}` }
}

/** All that is known of the store: how it does, and its figures where they can be had. */
export interface StoreReport extends StoreState {
  statistics: Result<StoreStatistics, string>
  history: Result<StoreHistory, string>
}

export function storeReport(
  store: Pick<FeatureStore, 'backend'>,
  size: Result<StoreSize, string>,
  history: Result<StoreHistory, string>,
): StoreReport {
  const statistics = history.ok
    ? ok(statisticsOf(store.backend, history.value.hour, history.value.day, size))
    : err(history.error)
  return { ...storeState(store, size, history), statistics, history }
}
