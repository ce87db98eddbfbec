import { is, sql } from 'drizzle-orm'
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as schema from '../../core/store/schema.ts'
import type { Database } from './database.ts'

/**
 * Columns that the code needs and the database lacks, as `table.column`: empty when all migrations were applied.
 * It asks the database what it has, not a log of what was once run.
 */
export async function missingColumns(db: Database): Promise<string[]> {
  const rows = await db.all<{ name: string }>(
    sql`select m.name || '.' || c.name as name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table' and m.name not like '\\_cf%' escape '\\'`,
  )
  const present = new Set(rows.map((row) => row.name))
  return Object.values(schema)
    .filter((value) => is(value, SQLiteTable))
    .flatMap((table) => {
      const { name, columns } = getTableConfig(table as SQLiteTable)
      return columns.map((column) => `${name}.${column.name}`)
    })
    .filter((name) => !present.has(name))
}
