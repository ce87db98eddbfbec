import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { unstable_splitSqlQuery } from 'wrangler'
import { type Credentials, readRemembered, rememberSeeded } from './credentials.ts'
import { digestOf, localSeed } from './seed.ts'
import type { StateFolder } from './state.ts'
import { workerConfig } from './worker-config.ts'

/**
 * Brings the local D1 database up to date and seeds it, before the app runs on it. Done in this process on the files
 * that wrangler uses, with wrangler's own table of applied migrations: `wrangler d1 migrations apply` takes 4 s a call.
 */
export async function prepareDatabase(state: StateFolder, credentials: Credentials): Promise<{ applied: string[] }> {
  const { migrationsFolder, options } = workerConfig()
  const { d1Databases } = options
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      resourcePersistencePath: state.resources,
      workers: [{ name: 'prepare', modules: true, script: 'export default {}', d1Databases }],
    }),
  )
  try {
    const database: D1Database = await miniflare.getD1Database('DB')
    const applied = await applyMigrations(database, migrationsFolder)
    await seed(database, state, credentials)
    return { applied }
  } finally {
    await miniflare.dispose()
  }
}

/** Runs the migrations that have not run, in the order of their names, each with its mark in one transaction. */
async function applyMigrations(database: D1Database, folder: string): Promise<string[]> {
  await database.exec(
    'CREATE TABLE IF NOT EXISTS d1_migrations(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
  )
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const done = new Set(results.map(({ name }) => name))
  const missing = readdirSync(folder)
    .filter((name) => name.endsWith('.sql') && !done.has(name))
    .sort()
  for (const name of missing) {
    const statements = unstable_splitSqlQuery(readFileSync(path.join(folder, name), 'utf8'))
    await database.batch([
      ...statements.map((sql) => database.prepare(sql)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ])
  }
  return missing
}

/** Seeds a database that has no user, and one whose credentials changed since; else leaves what users changed alone. */
async function seed(database: D1Database, state: StateFolder, credentials: Credentials): Promise<void> {
  const digest = digestOf(credentials)
  const users = await database.prepare('SELECT count(*) AS count FROM users').first<{ count: number }>()
  if (readRemembered(state).seeded === digest && (users?.count ?? 0) > 0) return
  const statements = await localSeed(credentials, Date.now())
  await database.batch(statements.map(({ sql, params }) => database.prepare(sql).bind(...params)))
  rememberSeeded(state, digest)
}
