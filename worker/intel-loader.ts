import { type Database, databaseOf } from '../adapters/d1/database.ts'
import { IntelListStore } from '../adapters/d1/intel-list-store.ts'
import { ListLoader } from '../adapters/intel/list-loader.ts'
import { ListObjects } from '../adapters/r2/list-objects.ts'
import { parseOwnRanges } from '../core/intel/own-ranges.ts'
import type { Clock } from '../core/time.ts'
import type { AppBindings } from './app-env.ts'

interface LoaderBindings extends Pick<AppBindings, 'INTEL' | 'OWN_RANGES'> {
  DB: D1Database
}

/** The loader of lists on this Worker's bindings. Throws when OWN_RANGES cannot be read: own addresses could be listed. */
export function listLoader(
  env: LoaderBindings,
  parts: { fetch: typeof fetch; clock: Clock },
  database: Database = databaseOf(env.DB),
): ListLoader {
  const own = parseOwnRanges(env.OWN_RANGES)
  if (!own.ok) throw new Error(own.error)
  return new ListLoader({
    store: new IntelListStore(database),
    objects: new ListObjects(env.INTEL),
    fetch: parts.fetch,
    clock: parts.clock,
    own: own.value,
  })
}
