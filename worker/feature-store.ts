import type { Context } from 'hono'
import { answerInTime } from '../adapters/durable-objects/answer-in-time.ts'
import { presentWindows } from '../adapters/durable-objects/present-windows.ts'
import { openFeatureStore } from '../adapters/feature-store/feature-store.ts'
import { entityOf } from '../core/events/source.ts'
import { type FeaturesWanted, featuresOf } from '../core/features/store/features-of.ts'
import { FEATURE_STORE_NAME } from '../core/features/store/object-port.ts'
import type { FeatureStore } from '../core/features/store/port.ts'
import { type StoreReport, storeReport } from '../core/features/store/state.ts'
import type { AppBindings, AppEnv } from './app-env.ts'

/** One an isolate: it remembers whether the store works. */
const stores = new WeakMap<AppBindings, FeatureStore>()

function storeOf({ env, var: { parts } }: Context<AppEnv>): FeatureStore {
  let store = stores.get(env)
  if (!store) {
    store = openFeatureStore(env, parts.clock)
    stores.set(env, store)
  }
  return store
}

/** The present vector of an address (canonical text), through the store. */
export function presentFeatures(c: Context<AppEnv>, { address, scope }: FeaturesWanted) {
  const store = storeOf(c)
  const later = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
  return featuresOf(
    {
      store,
      windows: presentWindows(c.env),
      // Stands still while this computes, in a Worker; both spans are of waiting.
      stopwatch: () => performance.now(),
      tickMs: 1,
      later,
      count: (counts, failure) =>
        later(
          object(c)
            .note(store.backend, counts, failure)
            .catch((error: unknown) => console.error(`feature-store statistics: ${error}`)),
        ),
    },
    { address: entityOf(address), scope },
  )
}

/** Asks the store and its statistics now. */
export async function reportOf(c: Context<AppEnv>): Promise<StoreReport> {
  const store = storeOf(c)
  const [size, history] = await Promise.all([store.size(), answerInTime(() => object(c).history(store.backend))])
  return storeReport(store, size, history)
}

const object = ({ env }: Context<AppEnv>) => env.FEATURE_STORE.getByName(FEATURE_STORE_NAME)
