import type { Context } from 'hono'
import { presentWindows } from '../adapters/durable-objects/present-windows.ts'
import { openFeatureStore } from '../adapters/feature-store/feature-store.ts'
import { entityOf } from '../core/events/source.ts'
import { type FeaturesWanted, featuresOf } from '../core/features/store/features-of.ts'
import { FEATURE_STORE_NAME, type StoreHistory } from '../core/features/store/object-port.ts'
import type { FeatureStore } from '../core/features/store/port.ts'
import { type StoreReport, storeReport } from '../core/features/store/state.ts'
import { err, ok, type Result } from '../core/result.ts'
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
  const [size, history] = await Promise.all([store.size(), historyOf(c, store)])
  return storeReport(store, size, history)
}

/** A page does not wait longer for them. */
const PATIENCE_MS = 2_000

async function historyOf(c: Context<AppEnv>, { backend }: FeatureStore): Promise<Result<StoreHistory, string>> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const tooLong = new Promise<Result<StoreHistory, string>>((resolve) => {
    timer = setTimeout(() => resolve(err(`no answer in ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([object(c).history(backend).then(ok), tooLong])
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  } finally {
    clearTimeout(timer)
  }
}

const object = ({ env }: Context<AppEnv>) => env.FEATURE_STORE.getByName(FEATURE_STORE_NAME)
