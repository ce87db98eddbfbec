import { Hono } from 'hono'
import { databaseOf } from '../adapters/d1/database.ts'
import { pruneDeliveries } from '../adapters/d1/incident-writer.ts'
import { TrainingSamples } from '../adapters/d1/training-samples.ts'
import { parseManifest } from '../core/ensemble/manifest.ts'
import { SCHEMA_HASH } from '../core/features/schema.ts'
import manifest from '../models/manifest.json'
import { createApp } from './app.ts'
import type { AppBindings } from './app-env.ts'
import { listLoader } from './intel-loader.ts'
import { ingest } from './routes/ingest.ts'
import { beginIfDue } from './training.ts'
import { rememberDue } from './verdict-memory.ts'

export { CaseMemory } from '../durable-objects/case-memory.ts'
export { Council } from '../durable-objects/council.ts'
export { CouncilBudget } from '../durable-objects/council-budget.ts'
export { FeatureStore } from '../durable-objects/feature-store.ts'
export { IntelDesk } from '../durable-objects/intel-desk.ts'
export { Sensor } from '../durable-objects/sensor.ts'
export { SourcePartition } from '../durable-objects/source-partition.ts'
export { Trainer } from '../durable-objects/trainer.ts'

const DAY_MS = 24 * 3_600_000
/** As in wrangler.toml; the other trigger refreshes lists. */
const HOURLY = '0 * * * *'

const shipped = parseManifest(manifest)
const clock = () => Date.now()
const pages = createApp({ manifest: shipped.ok ? shipped.value : null })

/** Sensors post to the one, people and scripts ask the other; each has its own limits and its own way to say who asks. */
const worker = new Hono<{ Bindings: AppBindings & Env }>()
worker.route('/', ingest(clock))
worker.all('*', (c) => pages.fetch(c.req.raw, c.env, c.executionCtx))

/** Samples, and verdicts for memory, in one turn that a crash or a failure left undone. */
const SAMPLES = 500
const VERDICTS = 200

async function tidySamples(samples: TrainingSamples, now: number): Promise<void> {
  const { failed } = await samples.collectDue(SAMPLES, now)
  for (const one of failed) console.error(JSON.stringify({ what: 'training sample', ...one }))
  await samples.prune(now)
}

export default {
  fetch: worker.fetch,
  async scheduled({ cron }, env) {
    if (cron === HOURLY) {
      await pruneDeliveries(env.DB, clock() - DAY_MS)
      const db = databaseOf(env.DB)
      await tidySamples(new TrainingSamples(db), clock())
      await rememberDue(env, db, VERDICTS)
      const serving = shipped.ok ? shipped.value.version : null
      await beginIfDue(env, db, { schemaHash: SCHEMA_HASH, serving }, clock())
    } else {
      for (const { name, outcome, error } of await listLoader(env, { fetch, clock }).refreshDue())
        if (outcome === 'failed') console.error(JSON.stringify({ what: 'refresh of a list', name, error }))
    }
  },
} satisfies ExportedHandler<Env>
