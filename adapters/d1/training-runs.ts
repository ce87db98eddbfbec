import { desc } from 'drizzle-orm'
import type { ModelManifest } from '../../core/ensemble/prediction.ts'
import { jsonParts } from '../../core/json-parts.ts'
import type { GateCheck } from '../../core/learning/retraining/gate.ts'
import type { RunOutcome, TrainingRun } from '../../core/learning/retraining/run.ts'
import { trainingRuns } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

export type TrainingRunRow = typeof trainingRuns.$inferSelect

/** A model that a run made, what the gate found of it, and where it lies. */
export interface MadeModel {
  manifest: ModelManifest
  checks: GateCheck[]
  isPassed: boolean
  graphKey: string
  manifestKey: string
}

/** Ids that the run has looked at, and those that it learned from, calibrated with or measured by. */
export interface RunSamples {
  seen: readonly number[]
  used: readonly number[]
}

/** A run that has ended stays as it ended. */
const UPSERT_RUN = `INSERT INTO training_runs (id, reason, started_by, started_at, seed, state, step, samples_read,
    samples_skipped, data, balance, losses, version, why, updated_at, ended_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
  ON CONFLICT (id) DO UPDATE SET ${[
    'state',
    'step',
    'samples_read',
    'samples_skipped',
    'data',
    'balance',
    'losses',
    'version',
    'why',
    'updated_at',
    'ended_at',
  ]
    .map((name) => `${name} = excluded.${name}`)
    .join(', ')} WHERE training_runs.ended_at IS NULL`
const AUDIT = `INSERT INTO audit_log (once_key, at, actor, action, subject_type, subject_id, detail)
  VALUES (?1, ?2, ?3, ?4, 'training-run', ?5, ?6) ON CONFLICT (once_key) DO NOTHING`
const INSERT_MODEL = `INSERT INTO model_versions (version, parent, state, run_id, graph_key, manifest_key, manifest, checks,
    created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (version) DO NOTHING`
const KEEP_IDS = `INSERT INTO training_run_samples (run_id, sample_id) SELECT ?1, value FROM json_each(?2)
  WHERE true ON CONFLICT DO NOTHING`
/** A label that was given while the run went on is for the next. */
const MARK_USED = `UPDATE training_samples SET used_for_training = 1
  WHERE id IN (SELECT value FROM json_each(?1)) AND labelled_at <= ?2`

/** Runs of the trainer in the database. What is written twice is written once. Throws what D1 throws. */
export class TrainingRuns {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** How far it is; with the first writing, who began it and why. */
  async note(run: TrainingRun, now: EpochMs): Promise<void> {
    await this.#db.$client.batch([this.#upsert(run, now), this.#began(run)])
  }

  /**
   * How a run ended, with its model, samples and audit: all of it or nothing. Samples are marked as used only when a model
   * came of them; those that were left out (beyond a source's share) too, or they would ask for a run again and again.
   */
  async end(run: TrainingRun, model: MadeModel | null, samples: RunSamples): Promise<void> {
    const { $client: db } = this.#db
    if (run.outcome === null) throw new Error('the run goes on')
    const { kind, why, at } = run.outcome
    const isLearned = kind === 'passed' || kind === 'rejected'
    await db.batch([
      this.#upsert(run, at),
      this.#began(run),
      this.#audit(run, kind, 'picket', at, { why, version: run.version }),
      ...(model === null ? [] : [this.#insertModel(run, model, at)]),
      ...jsonParts(samples.used).map((part) => db.prepare(KEEP_IDS).bind(run.id, part)),
      ...(isLearned ? jsonParts(samples.seen).map((part) => db.prepare(MARK_USED).bind(part, run.startedAt)) : []),
    ])
  }

  /** Who asked for the run's end. */
  async noteStop(run: TrainingRun, by: { actor: string; at: EpochMs }): Promise<void> {
    await this.#audit(run, 'stop-asked', by.actor, by.at, {}).run()
  }

  newest(limit: number): Promise<TrainingRunRow[]> {
    return this.#db.select().from(trainingRuns).orderBy(desc(trainingRuns.started_at)).limit(limit)
  }

  #upsert(run: TrainingRun, now: EpochMs): D1PreparedStatement {
    const { outcome } = run
    return this.#db.$client
      .prepare(UPSERT_RUN)
      .bind(
        run.id,
        run.reason,
        run.startedBy,
        run.startedAt,
        run.seed,
        outcome?.kind ?? ('running' satisfies TrainingRunRow['state']),
        run.step,
        run.samplesRead,
        run.samplesSkipped,
        run.data && JSON.stringify(run.data),
        run.balance && JSON.stringify(run.balance),
        JSON.stringify(run.losses),
        run.version,
        outcome?.why ?? null,
        now,
        outcome?.at ?? null,
      )
  }

  #began(run: TrainingRun): D1PreparedStatement {
    return this.#audit(run, 'started', run.startedBy, run.startedAt, { reason: run.reason })
  }

  #audit(
    run: TrainingRun,
    action: 'started' | 'stop-asked' | RunOutcome,
    actor: string,
    at: EpochMs,
    detail: Record<string, unknown>,
  ): D1PreparedStatement {
    return this.#db.$client
      .prepare(AUDIT)
      .bind(`training-run|${run.id}|${action}`, at, actor, `training-${action}`, run.id, JSON.stringify(detail))
  }

  #insertModel(run: TrainingRun, { manifest, checks, isPassed, graphKey, manifestKey }: MadeModel, at: EpochMs) {
    return this.#db.$client
      .prepare(INSERT_MODEL)
      .bind(
        manifest.version,
        manifest.parent,
        isPassed ? 'passed' : 'rejected',
        run.id,
        graphKey,
        manifestKey,
        JSON.stringify(manifest),
        JSON.stringify(checks),
        at,
      )
  }
}
