import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type ModelVersionRow, newestModels } from '../../adapters/d1/model-versions.ts'
import { askTrainer } from '../../adapters/durable-objects/trainer-caller.ts'
import type { ModelManifest } from '../../core/ensemble/prediction.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { apiApp, json, refusals, refused } from '../api.ts'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'
import { actorOf } from '../auth/identify.ts'
import { requires } from '../auth/requires.ts'
import type { Refusal } from '../problem.ts'
import { readTraining, type Training } from '../training.ts'
import { endedRunJson, goingRunJson, Model, TrainingStatus } from './training-schemas.ts'

export const MOST_MODELS = 50
const LONGEST_REASON = 300

export const Reason = z.string().trim().max(LONGEST_REASON)
const Named = z.object({ id: z.string() }).openapi({ description: 'The run' })

const statusRoute = (path: string) =>
  createRoute({
    method: 'get',
    path,
    summary: 'How the learning loop stands: samples, triggers, the run that goes on, and runs before',
    middleware: requires('viewer'),
    responses: { 200: json(TrainingStatus, 'The learning loop'), ...refusals(401, 403) },
  })

const run = createRoute({
  method: 'post',
  path: '/api/training/run',
  summary: 'Begin a run of the trainer; one at a time. The serving model stays what it is',
  middleware: requires('admin'),
  request: {
    body: { content: { 'application/json': { schema: z.strictObject({ reason: Reason.optional() }) } } },
  },
  responses: { 202: json(Named, 'It is begun'), ...refusals(400, 401, 403, 409, 503) },
})

const stop = createRoute({
  method: 'post',
  path: '/api/training/stop',
  summary: 'Stop the run that goes on; its samples stay unused',
  middleware: requires('admin'),
  responses: { 202: json(Named, 'It ends'), ...refusals(401, 403, 409, 503) },
})

const models = createRoute({
  method: 'get',
  path: '/api/models',
  summary: 'The model that serves and those that were trained, newest first, with what the gate found',
  middleware: requires('viewer'),
  responses: { 200: json(z.object({ items: z.array(Model), next: z.null() }), 'Models'), ...refusals(401, 403) },
})

export const trainingApi = apiApp()
  .openapi(statusRoute('/api/training/status'), async (c) => c.json(statusJson(await trainingOf(c)), 200))
  .openapi(statusRoute('/api/training'), async (c) => c.json(statusJson(await trainingOf(c)), 200))
  .openapi(run, async (c) => {
    const begun = await beginRun(c, c.req.valid('json').reason)
    return begun.ok ? c.json({ id: begun.value }, 202) : refused(c, begun.error)
  })
  .openapi(stop, async (c) => {
    const stopped = await stopRun(c)
    return stopped.ok ? c.json({ id: stopped.value }, 202) : refused(c, stopped.error)
  })
  .openapi(models, async (c) => {
    const { manifest } = c.var.parts
    const trained = (await newestModels(c.var.db, MOST_MODELS)).map(modelJson)
    return c.json({ items: manifest === null ? trained : [shippedJson(manifest), ...trained], next: null }, 200)
  })

/** The learning loop as it stands, for whoever shows it. */
export const trainingOf = (c: Context<AppEnv>): Promise<Training> =>
  readTraining(
    c.env,
    c.var.db,
    { schemaHash: c.var.parts.schemaHash, serving: c.var.parts.manifest?.version ?? null },
    c.var.now,
  )

/** Begins a run in the name of who asks. */
export async function beginRun(c: Context<AppEnv>, reason: string | undefined): Promise<Result<string, Refusal>> {
  const by = actorOf(whoOf(c))
  const begun = await askTrainer(c.env, (trainer) => trainer.start(reason || 'asked for by hand', by))
  if (!begun.ok) return err({ tag: 'unavailable', detail: begun.error })
  const { started, id } = begun.value
  return started ? ok(id) : err({ tag: 'training-goes-on', detail: `The run of ${id} goes on.` })
}

export async function stopRun(c: Context<AppEnv>): Promise<Result<string, Refusal>> {
  const stopped = await askTrainer(c.env, (trainer) => trainer.stop(actorOf(whoOf(c))))
  if (!stopped.ok) return err({ tag: 'unavailable', detail: stopped.error })
  return stopped.value === null ? err({ tag: 'no-training' }) : ok(stopped.value)
}

const iso = (ms: number): string => new Date(ms).toISOString()

function statusJson(training: Training): z.input<typeof TrainingStatus> {
  const { state, trainer, going, runs } = training
  const ended = runs.map(endedRunJson)
  return {
    samples: { total: state.samples, unused: state.unused },
    override_rate: state.verdicts === 0 ? null : state.overrides / state.verdicts,
    last_run: ended[0] ?? null,
    next_check: iso(training.nextCheck),
    held_until: training.heldUntil === null ? null : iso(training.heldUntil),
    triggers: training.triggers.map(({ name, value, limit, isMet, projectedAt, why }) => ({
      name,
      value,
      limit,
      met: isMet,
      projected_at: projectedAt === null ? null : iso(projectedAt),
      why,
    })),
    run: going && trainer.ok ? goingRunJson(going, trainer.value.unit, trainer.value.trainedAt) : null,
    runs: ended,
    error: trainer.ok ? null : trainer.error,
  }
}

const manifestJson = (manifest: ModelManifest) => ({
  version: manifest.version,
  parent: manifest.parent,
  created_from: manifest.created_from,
  trainer: manifest.trainer,
  sha256: manifest.sha256,
  schema_hash: manifest.schema_hash,
  member_weights: manifest.member_weights,
  temperature: manifest.temperature,
  thresholds: manifest.thresholds,
  metrics: manifest.metrics,
})

const modelJson = ({ manifest, state, created_at, run_id, checks }: ModelVersionRow): z.input<typeof Model> => ({
  ...manifestJson(manifest),
  state,
  created_at: iso(created_at),
  run: run_id,
  checks,
})

/** No run made it, and nothing else serves yet. */
const shippedJson = (manifest: ModelManifest): z.input<typeof Model> => ({
  ...manifestJson(manifest),
  state: 'active',
  created_at: null,
  run: null,
  checks: [],
})
