import { z } from '@hono/zod-openapi'
import type { TrainingRunRow } from '../../adapters/d1/training-runs.ts'
import { RUN_STEPS, type TrainingRun } from '../../core/learning/retraining/run.ts'
import { MODEL_STATES } from '../../core/store/schema.ts'

const Time = z.iso.datetime()
const Count = z.number().int()
const ByClass = z.array(z.number()).openapi({ description: 'By class id, seven numbers' })

const Run = z.object({
  id: z.string().openapi({ description: 'When it began; runs never overlap' }),
  state: z.enum(['running', 'passed', 'rejected', 'stopped', 'failed']),
  step: z.enum(RUN_STEPS),
  reason: z.string(),
  started_by: z.string(),
  started_at: Time,
  ended_at: Time.nullable(),
  why: z.string().nullable().openapi({ description: 'Why it ended so' }),
  version: z.string().nullable().openapi({ description: 'Of the model that it made' }),
  samples_read: Count,
  samples_skipped: Count.openapi({ description: 'Rows that are no samples' }),
  data: z
    .object({
      given: Count,
      used: Count,
      overShare: Count,
      empty: Count,
      sources: Count,
      byTrust: z.object({ analyst: Count, council: Count, weak: Count }),
      byClass: ByClass,
      rehearsal: Count,
      parts: z.object({ train: Count, calibration: Count, validation: Count }),
    })
    .nullable(),
  balance: z
    .object({ strategy: z.enum(['ADASYN', 'SMOTE', 'none']), imbalance: z.number(), before: ByClass, after: ByClass })
    .nullable(),
  losses: z.array(z.number()).openapi({ description: "Mean loss of the network's epochs" }),
})

export const GoingRun = Run.extend({
  done: Count.openapi({ description: 'Of the step' }),
  total: Count.nullable(),
  unit: z
    .object({ member: z.string(), index: Count, total: Count })
    .nullable()
    .openapi({ description: 'What is trained next' }),
  trained_at: Time.nullable().openapi({ description: 'When the members are expected to be trained' }),
  attempts: Count.openapi({ description: 'Beginnings of this step that did not come to their end' }),
  last_error: z.string().nullable(),
}).openapi('GoingTrainingRun')
export const EndedRun = Run.openapi('TrainingRun')

export const TrainingStatus = z
  .object({
    samples: z.object({
      total: Count,
      unused: Count.openapi({ description: 'With a label, of the present features' }),
    }),
    override_rate: z.number().nullable().openapi({ description: 'Of the serving model; null without a verdict' }),
    last_run: EndedRun.nullable(),
    next_check: Time,
    held_until: Time.nullable().openapi({
      description: 'After a run that was stopped or failed triggers begin nothing until then',
    }),
    triggers: z.array(
      z.object({
        name: z.enum(['samples', 'time', 'overrides', 'drift']),
        value: z.number().nullable(),
        limit: z.number(),
        met: z.boolean(),
        projected_at: Time.nullable(),
        why: z.string(),
      }),
    ),
    run: GoingRun.nullable().openapi({ description: 'The one that goes on' }),
    runs: z.array(EndedRun),
    error: z.string().nullable().openapi({ description: 'Why the trainer does not answer' }),
  })
  .openapi('TrainingStatus')

export const Model = z
  .object({
    version: z.string(),
    state: z.enum(MODEL_STATES),
    parent: z.string().nullable(),
    created_at: Time.nullable().openapi({ description: 'Null for the model that ships' }),
    created_from: z.string(),
    run: z.string().nullable(),
    trainer: z.string(),
    sha256: z.string(),
    schema_hash: z.string(),
    member_weights: z.object({ forest: z.number(), boosting: z.number(), network: z.number() }),
    temperature: z.number(),
    thresholds: ByClass,
    metrics: z.record(z.string(), z.unknown()),
    checks: z
      .array(
        z.object({
          name: z.string(),
          passed: z.boolean(),
          serving: z.number().nullable(),
          candidate: z.number().nullable(),
          limit: z.number(),
          why: z.string(),
        }),
      )
      .openapi({ description: 'What the gate found; none of the model that ships' }),
  })
  .openapi('Model')

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

export function endedRunJson(row: TrainingRunRow): z.input<typeof EndedRun> {
  const { updated_at: _, seed: _seed, ...rest } = row
  return { ...rest, started_at: iso(row.started_at), ended_at: isoOrNull(row.ended_at) }
}

export function goingRunJson(
  run: TrainingRun,
  unit: { member: string; index: number; total: number } | null,
  trainedAt: number | null,
): z.input<typeof GoingRun> {
  return {
    id: run.id,
    state: 'running',
    step: run.step,
    reason: run.reason,
    started_by: run.startedBy,
    started_at: iso(run.startedAt),
    ended_at: null,
    why: run.outcome?.why ?? null,
    version: run.version,
    samples_read: run.samplesRead,
    samples_skipped: run.samplesSkipped,
    data: run.data,
    balance: run.balance,
    losses: run.losses,
    done: run.done,
    total: run.total,
    unit,
    trained_at: isoOrNull(trainedAt),
    attempts: run.attempts,
    last_error: run.lastError,
  }
}
