import type { LearningState } from '../../core/learning/retraining/triggers.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

const WEEK_MS = 7 * 86_400_000
const USABLE = `used_for_training = 0 AND correct_label IS NOT NULL AND features IS NOT NULL AND schema_hash = ?1`
/** What a council or an analyst said of what this model decided. */
const JUDGED = `trust <> 'weak' AND correct_label IS NOT NULL AND model_version = ?2`
const COUNT = `SELECT count(*) AS total, coalesce(sum(${USABLE}), 0) AS unused,
    coalesce(sum(${USABLE} AND labelled_at >= ?3), 0) AS unused_in_week, min(created_at) AS first_sample_at,
    coalesce(sum(${JUDGED}), 0) AS verdicts, coalesce(sum(${JUDGED} AND correct_label <> ml_prediction), 0) AS overrides,
    (SELECT max(ended_at) FROM training_runs WHERE state IN ('passed', 'rejected')) AS last_run_at
  FROM training_samples`

interface Counted {
  total: number
  unused: number
  unused_in_week: number
  first_sample_at: number | null
  verdicts: number
  overrides: number
  last_run_at: number | null
}

/** What triggers are told by, and all samples there are. Throws what D1 throws. */
export interface CountedState extends LearningState {
  samples: number
}

/** @param serving version of the model that serves; null: no verdict is held against it */
export async function learningState(
  { $client: db }: Database,
  schemaHash: string,
  serving: string | null,
  now: EpochMs,
): Promise<CountedState> {
  const row = (await db
    .prepare(COUNT)
    .bind(schemaHash, serving, now - WEEK_MS)
    .first<Counted>())!
  return {
    samples: row.total,
    unused: row.unused,
    unusedInWeek: row.unused_in_week,
    lastRunAt: row.last_run_at,
    firstSampleAt: row.first_sample_at,
    verdicts: row.verdicts,
    overrides: row.overrides,
    drift: null,
  }
}
