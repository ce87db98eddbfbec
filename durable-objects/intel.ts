import { databaseOf } from '../adapters/d1/database.ts'
import { IntelListStore } from '../adapters/d1/intel-list-store.ts'
import { type LoadedSnapshot, loadSnapshot } from '../adapters/intel/snapshot-loader.ts'
import { ListObjects } from '../adapters/r2/list-objects.ts'
import { parseOwnRanges } from '../core/intel/own-ranges.ts'
import { IntelSnapshot } from '../core/intel/snapshot.ts'

export interface IntelEnv {
  DB: D1Database
  /** Absent in an older deployment: there are then no lists. */
  INTEL?: R2Bucket
  ASSETS?: Fetcher
  OWN_RANGES?: string
}

/** A newer version is looked for no oftener than this. */
const CHECK_MS = 30_000
/** What a fresh isolate waits for its first snapshot; judgement then goes on without. */
const FIRST_WAIT_MS = 2_000
/** A load whose object was stopped never ends. */
const GIVEN_UP_MS = 30_000

const NOTHING = new IntelSnapshot([], null)

let loaded: LoadedSnapshot | null = null
let loading: { done: Promise<void>; startedAt: number } | null = null
let checkedAt = Number.NEGATIVE_INFINITY

/** The snapshot as it is at hand, without waiting. */
export const intelAtHand = (): IntelSnapshot => loaded?.snapshot ?? NOTHING

/**
 * The snapshot that all partitions of the isolate share. The first is waited for, two seconds at most; later a newer one is
 * loaded beside judgement, and what cannot be loaded leaves the old one in force.
 */
export async function intelSnapshot(env: IntelEnv, now: number): Promise<IntelSnapshot> {
  if (now - checkedAt >= CHECK_MS && (loading === null || now - loading.startedAt >= GIVEN_UP_MS)) {
    const done = load(env).finally(() => {
      loading = null
    })
    checkedAt = now
    loading = { done, startedAt: now }
  }
  if (loaded === null && loading !== null && now - loading.startedAt < FIRST_WAIT_MS)
    await Promise.race([loading.done, scheduler.wait(FIRST_WAIT_MS)])
  return intelAtHand()
}

async function load(env: IntelEnv): Promise<void> {
  const report = (what: string, why: string) =>
    console.error(JSON.stringify({ what: `threat intelligence: ${what}`, why }))
  const own = parseOwnRanges(env.OWN_RANGES)
  if (!own.ok) {
    // Own addresses could be looked up and told: rather nothing is known.
    report('setting', own.error)
    return
  }
  try {
    loaded = await loadSnapshot(
      {
        store: env.INTEL === undefined ? { all: async () => [] } : new IntelListStore(databaseOf(env.DB)),
        objects: new ListObjects(env.INTEL!),
        assets: env.ASSETS === undefined ? null : { fetch: (address) => env.ASSETS!.fetch(address) },
        own: own.value,
        report,
      },
      loaded,
    )
  } catch (error) {
    report('lists', String(error))
  }
}
