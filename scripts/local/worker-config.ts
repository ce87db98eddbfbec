import path from 'node:path'
import type { V4WorkerOptionsSchema } from 'miniflare'
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler'
import { inRoot, ROOT } from './repository.ts'

export type WorkerOptions = Partial<ReturnType<typeof V4WorkerOptionsSchema.parse>>

export interface WorkerConfig {
  name: string
  /** Name of the built entry: that of `main`, as JavaScript. */
  entry: string
  crons: string[]
  migrationsFolder: string
  /** Bindings and the rest as Miniflare takes them. */
  options: WorkerOptions & { bindings?: Record<string, unknown>; d1Databases?: Record<string, { id: string }> }
}

/** What wrangler.toml says of the Worker, and .dev.vars where there is one. */
export function workerConfig(): WorkerConfig {
  // wrangler's types come from a package that it does not install, so they are told here.
  const config = unstable_readConfig({ config: inRoot('wrangler.toml') }) as unknown as {
    name: string
    main: string
    triggers?: { crons?: string[] }
    d1_databases: { binding: string; migrations_dir?: string }[]
  }
  const { modulesRules: _, ...options } = unstable_getMiniflareWorkerOptions(config as never)
    .workerOptions as WorkerConfig['options'] & { modulesRules?: unknown }
  const database = config.d1_databases.find(({ binding }) => binding === 'DB')
  return {
    name: config.name,
    entry: `${path.basename(config.main).replace(/\.\w+$/, '')}.js`,
    crons: config.triggers?.crons ?? [],
    migrationsFolder: path.resolve(ROOT, database?.migrations_dir ?? 'migrations'),
    options,
  }
}
