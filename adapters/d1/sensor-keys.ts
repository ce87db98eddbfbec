import { and, eq, isNull } from 'drizzle-orm'
import type { SensorIdentity, SensorKeys } from '../../core/events/sensor.ts'
import { sensors } from '../../core/store/schema.ts'
import type { Clock, EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** How long a revoked key may still be taken by an isolate that has seen it. */
const FRESH_MS = 10_000
/** Sensors remembered at once; an isolate that serves more asks D1 more often. */
const REMEMBERED = 1000

/**
 * Keys of the `sensors` table. A sensor posts many times a second, so an answer is remembered for ten seconds; that no
 * sensor has a key is not remembered, so that a new key works at once and guesses fill no memory.
 */
export class D1SensorKeys implements SensorKeys {
  #db: Database
  #clock: Clock
  #known = new Map<string, { identity: SensorIdentity; until: EpochMs }>()

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#clock = clock
  }

  async find(keyHash: string): Promise<SensorIdentity | null> {
    const now = this.#clock()
    const known = this.#known.get(keyHash)
    if (known && now < known.until) return known.identity
    this.#known.delete(keyHash)
    const [row] = await this.#db
      .select({ id: sensors.id, formats: sensors.formats, sourceRanges: sensors.source_ranges })
      .from(sensors)
      .where(and(eq(sensors.key_hash, keyHash), isNull(sensors.revoked_at)))
      .limit(1)
    if (row === undefined) return null
    // The oldest goes first: a Map keeps the order of insertion.
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(keyHash, { identity: row, until: now + FRESH_MS })
    return row
  }
}
