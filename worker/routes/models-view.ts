import type { Context } from 'hono'
import { newestModels } from '../../adapters/d1/model-versions.ts'
import type { ModelsView } from '../../web/pages/models/view.ts'
import type { AppEnv } from '../app-env.ts'
import { MOST_MODELS, trainingOf } from './training.ts'

/** What the page of models shows, read now. */
export async function modelsView(c: Context<AppEnv>): Promise<ModelsView> {
  const [{ state, triggers, heldUntil, nextCheck, trainer, going, runs }, models] = await Promise.all([
    trainingOf(c),
    newestModels(c.var.db, MOST_MODELS),
  ])
  return {
    now: c.var.now,
    samples: { total: state.samples, unused: state.unused },
    triggers,
    heldUntil,
    nextCheck,
    error: trainer.ok ? null : trainer.error,
    going,
    unit: trainer.ok ? trainer.value.unit : null,
    trainedAt: trainer.ok ? trainer.value.trainedAt : null,
    runs,
    models,
    shipped: c.var.parts.manifest,
  }
}
