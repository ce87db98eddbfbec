import { and, eq, isNull } from 'drizzle-orm'
import type { SensorIdentity, SensorKeys, SigningSensor } from '../../core/events/sensor.ts'
import { sensorSecrets, sensors } from '../../core/store/schema.ts'
import type { Clock, EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** How long a revoked key may still be taken by an isolate that has seen it. */
const FRESH_MS = 10_000
/** Sensors remembered at once; an isolate that serves more asks D1 more often. */
const REMEMBERED = 1000

/** Answers of D1, each for ten seconds. That something is not there is not remembered: a new key works at once. */
class Remembered<Answer> {
  #clock: Clock
  #known = new Map<string, { answer: Answer; until: EpochMs }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async get(key: string, ask: () => Promise<Answer | null>): Promise<Answer | null> {
    const now = this.#clock()
    const known = this.#known.get(key)
    if (known && now < known.until) return known.answer
    this.#known.delete(key)
    const answer = await ask()
    if (answer === null) return null
    // The oldest goes first: a Map keeps the order of insertion.
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(key, { answer, until: now + FRESH_MS })
    return answer
  }
}

const IDENTITY = { id: sensors.id, formats: sensors.formats, sourceRanges: sensors.source_ranges }

/** Keys of the `sensors` table. A sensor posts many times a second, so answers are remembered for ten seconds. */
export class D1SensorKeys implements SensorKeys {
  #db: Database
  #byKey: Remembered<SensorIdentity>
  #signing: Remembered<SigningSensor>

  constructor(db: Database, clock: Clock) {
    this.#db = db
    this.#byKey = new Remembered(clock)
    this.#signing = new Remembered(clock)
  }

  find(keyHash: string): Promise<SensorIdentity | null> {
    return this.#byKey.get(keyHash, async () => {
      const [row] = await this.#db
        .select(IDENTITY)
        .from(sensors)
        .where(and(eq(sensors.key_hash, keyHash), isNull(sensors.revoked_at)))
        .limit(1)
      return row ?? null
    })
  }

  findSigning(sensor: string): Promise<SigningSensor | null> {
    return this.#signing.get(sensor, async () => {
      const [row] = await this.#db
        .select({ ...IDENTITY, sealedSecret: sensorSecrets.sealed })
        .from(sensors)
        .innerJoin(sensorSecrets, eq(sensorSecrets.sensor_id, sensors.id))
        .where(and(eq(sensors.id, sensor), isNull(sensors.revoked_at)))
        .limit(1)
      if (row === undefined) return null
      const { sealedSecret, ...identity } = row
      return { identity, sealedSecret }
    })
  }
}
