import { storeSettings } from '../../core/features/store/settings.ts'
import { readSettings } from '../../core/settings.ts'
import type { Environment } from './repository.ts'

/** Throws with the name of every setting whose value cannot be used. */
export function checkSettings(environment: Environment): void {
  const { faults } = readSettings(environment)
  if (faults.length > 0) throw new Error(faults.map(({ name, why }) => `${name} ${why}`).join('; '))
  const store = storeSettings(environment)
  if (!store.ok) throw new Error(store.error)
}
