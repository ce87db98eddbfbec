import { asc } from 'drizzle-orm'
import { sensors } from '../../core/store/schema.ts'
import type { Database } from './database.ts'

/** A sensor without its key's hash, which no page or answer needs. */
export type SensorRow = Omit<typeof sensors.$inferSelect, 'key_hash'>

export class SensorReader {
  #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** All, revoked ones too, by name. */
  async all(): Promise<SensorRow[]> {
    return this.#db
      .select({
        id: sensors.id,
        name: sensors.name,
        formats: sensors.formats,
        source_ranges: sensors.source_ranges,
        rate_limit: sensors.rate_limit,
        created_at: sensors.created_at,
        revoked_at: sensors.revoked_at,
      })
      .from(sensors)
      .orderBy(asc(sensors.name), asc(sensors.id))
  }
}
