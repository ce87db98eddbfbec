import { desc } from 'drizzle-orm'
import { modelVersions } from '../../core/store/schema.ts'
import type { Database } from './database.ts'

export type ModelVersionRow = typeof modelVersions.$inferSelect

/** Models that the trainer made, newest first. The one that ships with the worker is not among them. */
export const newestModels = (db: Database, limit: number): Promise<ModelVersionRow[]> =>
  db.select().from(modelVersions).orderBy(desc(modelVersions.created_at)).limit(limit)
