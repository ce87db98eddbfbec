import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { missingColumns } from '../../adapters/d1/migration-check.ts'
import { readPartitions } from '../../adapters/durable-objects/health-reader.ts'
import { servingModel } from '../../core/live-figures.ts'
import { apiApp, json } from '../api.ts'
import type { AppEnv } from '../app-env.ts'
import { requires } from '../auth/requires.ts'
import { reportOf } from '../feature-store.ts'

const Dependency = z.object({
  ok: z.boolean(),
  detail: z.string(),
  degraded: z.literal(true).optional().openapi({ description: 'It works badly, and Picket does without it' }),
})
type Dependency = z.output<typeof Dependency>

const Readiness = z
  .object({ ready: z.boolean(), dependencies: z.record(z.string(), Dependency) })
  .openapi('Readiness', { example: { ready: true, dependencies: { d1: { ok: true, detail: 'answers' } } } })

const alive = createRoute({
  method: 'get',
  path: '/healthz',
  summary: 'Liveness: the worker answers',
  middleware: requires('public'),
  responses: { 200: json(z.object({ status: z.literal('ok') }), 'It answers') },
})

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  summary: 'Readiness: each dependency by name, with what is wrong',
  middleware: requires('public'),
  responses: { 200: json(Readiness, 'All that is needed answers'), 503: json(Readiness, 'Some do not') },
})

export const health = apiApp()
  .openapi(alive, (c) => c.json({ status: 'ok' as const }, 200))
  .openapi(ready, async (c) => {
    const dependencies = await checkDependencies(c)
    const allOk = Object.values(dependencies).every(({ ok, degraded }) => ok || degraded)
    return allOk ? c.json({ ready: true, dependencies }, 200) : c.json({ ready: false, dependencies }, 503)
  })

async function checkDependencies(c: Context<AppEnv>): Promise<Record<string, Dependency>> {
  const [partitions, database, store] = await Promise.all([readPartitions(c.env), checkDatabase(c), reportOf(c)])
  const silent = partitions.flatMap(({ name, health }) => (health.ok ? [] : [`${name}: ${health.error}`]))
  return {
    ...database,
    partitions: {
      ok: silent.length === 0,
      detail:
        silent.length === 0 ? `${partitions.length} of ${partitions.length} answer` : silent.slice(0, 3).join('; '),
    },
    model: modelDependency(servingModel(partitions)),
    feature_store:
      store.state === 'ok'
        ? { ok: true, detail: store.detail }
        : { ok: false, degraded: true, detail: `${store.detail}; vectors come from their partitions` },
  }
}

async function checkDatabase(c: Context<AppEnv>): Promise<{ d1: Dependency; migrations: Dependency }> {
  try {
    const missing = await missingColumns(c.var.db)
    return {
      d1: { ok: true, detail: 'answers' },
      migrations: {
        ok: missing.length === 0,
        detail: missing.length === 0 ? 'all applied' : `not applied: no ${missing.slice(0, 3).join(', ')}`,
      },
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { d1: { ok: false, detail: why }, migrations: { ok: false, detail: 'not known: D1 does not answer' } }
  }
}

function modelDependency(model: ReturnType<typeof servingModel>): Dependency {
  switch (model.tag) {
    case 'serving':
      return { ok: true, detail: `serving ${model.versions.join(', ')}` }
    case 'not-loaded':
      return { ok: true, detail: 'not loaded yet: it loads with the first window' }
    case 'refused':
      return { ok: false, detail: `refused: ${model.why}` }
    case 'not-known':
      return { ok: false, detail: `not known: ${model.why}` }
  }
}
