import { type DrizzleD1Database, drizzle } from 'drizzle-orm/d1'

export type Database = DrizzleD1Database<Record<string, never>> & { $client: D1Database }

export const databaseOf = (binding: D1Database): Database => drizzle(binding)
