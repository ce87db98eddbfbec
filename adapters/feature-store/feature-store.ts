import { GuardedStore } from '../../core/features/store/guarded-store.ts'
import type { FeatureStore, Shelf } from '../../core/features/store/port.ts'
import { type StoreEnvironment, storeSettings } from '../../core/features/store/settings.ts'
import type { Clock } from '../../core/time.ts'
import { embeddedShelf, type FeatureStoreNamespace } from '../durable-objects/feature-store.ts'
import { upstashShelf } from '../redis/feature-store.ts'
import { deadlineAfter } from './deadline.ts'

export interface FeatureStoreBindings extends StoreEnvironment {
  FEATURE_STORE: FeatureStoreNamespace
}

/** The store that the settings ask for. One for each isolate or object: it remembers whether it works. */
export function openFeatureStore(bindings: FeatureStoreBindings, clock: Clock): FeatureStore {
  const settings = storeSettings(bindings)
  const shelf = !settings.ok
    ? unusable(settings.error)
    : settings.value.upstash === null
      ? embeddedShelf(bindings.FEATURE_STORE)
      : upstashShelf(settings.value.upstash)
  return new GuardedStore(shelf, clock, deadlineAfter)
}

/** Asked for and wrongly set: the embedded store in its place would hide that. */
function unusable(why: string): Shelf {
  const refuse = async (): Promise<never> => {
    throw new Error(why)
  }
  return { backend: 'upstash', get: refuse, set: refuse, size: refuse }
}
