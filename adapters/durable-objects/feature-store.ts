import { FEATURE_STORE_NAME, type FeatureStoreObject } from '../../core/features/store/object-port.ts'
import type { Shelf } from '../../core/features/store/port.ts'
import { ok } from '../../core/result.ts'

/** The Durable Object namespace; the real binding and a test's stand-in both fit. */
export interface FeatureStoreNamespace {
  getByName(name: string): FeatureStoreObject
}

/** Vectors in the feature-store object. It takes no signal: who waits stops waiting, and the object is soon done. */
export function embeddedShelf(namespace: FeatureStoreNamespace): Shelf {
  const object = () => namespace.getByName(FEATURE_STORE_NAME)
  return {
    backend: 'embedded',
    async get(keys) {
      return (await object().get([...keys])).map(ok)
    },
    async set(entries, ttlS) {
      await object().set([...entries], ttlS)
      return entries.map(() => null)
    },
    size: () => object().size(),
  }
}
