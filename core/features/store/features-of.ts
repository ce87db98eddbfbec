import { err, ok, type Result } from '../../result.ts'
import type { EpochMs } from '../../time.ts'
import { cursorText, type WindowCursor } from './cursor.ts'
import type { FeatureStore, Found } from './port.ts'
import { newStoreCounts, noteTime, type StoreCounts } from './statistics.ts'

/** What the partition tells of a source's window without computing its features. */
export interface WindowNow {
  cursor: WindowCursor
  /** Events that came since, judged within the second when live. */
  unjudged: number
}

/** The same with the features. */
export interface VectorNow extends WindowNow {
  row: Float32Array
  at: EpochMs
}

/** Who keeps the windows. A promise that rejects is a partition that does not answer. */
export interface Windows {
  /** Null when the partition has no judged window of the source. Without a scope: the live one, else the newest. */
  windowNow(address: string, scope: string | null): Promise<WindowNow | null>
  vectorNow(address: string, scope: string | null): Promise<VectorNow | null>
}

export interface FeatureSources {
  store: FeatureStore
  windows: Windows
  /** Milliseconds of a clock for spans; it may stand still while nothing is waited for. */
  stopwatch: () => number
  /** That clock's tick, ms: a span may be this much longer than it reads. */
  tickMs: number
  /** Takes what happened, for the statistics, and what went wrong if anything did. */
  count: (counts: StoreCounts, failure: string | null) => void
  /** Lets a promise end that nobody waits for. It never rejects. */
  later: (work: Promise<unknown>) => void
}

export interface FeaturesWanted {
  /** An IPv4 address, or an IPv6 /64 as `entityOf` writes it. */
  address: string
  /** Null: the live window, else the newest replay's. */
  scope: string | null
}

export interface PresentFeatures extends VectorNow {
  from: 'store' | 'partition'
  /** What the store had to say. */
  found: Found['tag']
  /** Why the store's value was not used; null for a hit or where there was none. */
  why: string | null
}

export type NoFeatures = { tag: 'no-window' } | { tag: 'partition-silent'; why: string }

/**
 * The vector of a source's newest judged window: out of the store when that holds exactly this window's, else from its
 * partition, and then put into the store. The partition is asked which window is the present one either way, so that
 * the store never hides a change; what it saves is the extraction with all that is looked up for it.
 */
export async function featuresOf(
  { store, windows, stopwatch, tickMs, count, later }: FeatureSources,
  { address, scope }: FeaturesWanted,
): Promise<Result<PresentFeatures, NoFeatures>> {
  const counts = newStoreCounts()
  let failure: string | null = null
  try {
    const now = await windows.windowNow(address, scope)
    if (now === null) return err({ tag: 'no-window' })
    const cursor = cursorText(now.cursor)
    const askedAt = stopwatch()
    const [found = { tag: 'miss' as const }] = await store.read([{ address, cursor }])
    if (found.tag !== 'unasked') noteTime(counts.retrieve, stopwatch() - askedAt + tickMs)
    counts[COUNTED[found.tag]]++
    if (found.tag === 'error') failure = found.why
    if (found.tag === 'hit') {
      const { row, at } = found.entry
      return ok({ ...now, row, at, from: 'store', found: 'hit', why: null })
    }
    const beganAt = stopwatch()
    const present = await windows.vectorNow(address, scope)
    if (present === null) return err({ tag: 'no-window' })
    noteTime(counts.extract, stopwatch() - beganAt + tickMs)
    const { row, at } = present
    later(
      store.write([{ address, row, at, cursor: cursorText(present.cursor) }]).then(({ written, failed, why }) => {
        count({ ...newStoreCounts(), written, write_errors: failed }, why)
      }),
    )
    return ok({ ...present, from: 'partition', found: found.tag, why: 'why' in found ? found.why : null })
  } catch (error) {
    return err({ tag: 'partition-silent', why: error instanceof Error ? error.message : String(error) })
  } finally {
    count(counts, failure)
  }
}

const COUNTED = { hit: 'hits', miss: 'misses', stale: 'stale', error: 'errors', unasked: 'errors' } as const
