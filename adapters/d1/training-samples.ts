import { asc, eq, sql } from 'drizzle-orm'
import type { WindowSample } from '../../core/incidents/window-sample.ts'
import { jsonParts } from '../../core/json-parts.ts'
import { type GivenLabel, labelInForce } from '../../core/learning/sample-label.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { incidents, incidentVerdicts, trainingSamples } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** Samples that nobody looked at are kept for so long, and no more than so many of them. */
const WEAK_KEPT_MS = 30 * 86_400_000
const WEAK_KEPT = 20_000

/** A sample that a model has learned keeps what it learned; a new label makes it one to learn again. */
const unlessUsed = (column: string) =>
  `${column} = CASE WHEN training_samples.used_for_training THEN training_samples.${column} ELSE excluded.${column} END`
const PREDICTION = `CASE WHEN training_samples.used_for_training THEN training_samples.ml_prediction
  ELSE excluded.ml_prediction END`
const isOverride = (label: string, prediction: string, trust: string) =>
  `coalesce(${label} <> ${prediction} OR (${trust} = 'analyst' AND ${label} <> ?8), 0)`

/** An older state of the verdicts never overwrites a newer one. */
const UPSERT = `INSERT INTO training_samples (sample_key, incident_id, features, schema_hash, model_version, ml_prediction,
    ml_confidence, council_verdict, correct_label, trust, labelled_by, labelled_at, verdict_id, was_override,
    used_for_training, src_ip, seen_at, created_at)
  SELECT 'incident|' || incident_key, id, features, schema_hash, model_version, threat_category, ml_confidence,
    ?9, ?2, ?3, ?4, ?5, ?6, ${isOverride('?2', 'threat_category', '?3')}, 0, src_ip, last_seen, ?7
  FROM incidents WHERE incident_key = ?1
  ON CONFLICT (sample_key) DO UPDATE SET
    ${['features', 'schema_hash', 'model_version', 'ml_prediction', 'ml_confidence', 'seen_at'].map(unlessUsed).join(', ')},
    council_verdict = excluded.council_verdict, correct_label = excluded.correct_label, trust = excluded.trust,
    labelled_by = excluded.labelled_by, labelled_at = excluded.labelled_at, verdict_id = excluded.verdict_id,
    was_override = ${isOverride('excluded.correct_label', PREDICTION, 'excluded.trust')},
    used_for_training = training_samples.used_for_training AND training_samples.correct_label IS excluded.correct_label
      AND training_samples.trust = excluded.trust
  WHERE excluded.verdict_id >= training_samples.verdict_id`
const MARK_COLLECTED =
  'UPDATE incident_verdicts SET collected = 1 WHERE incident_key = ?1 AND id <= ?2 AND collected = 0'

const WINDOW_COLUMNS: (keyof WindowSample)[] = [
  'sample_key',
  'features',
  'schema_hash',
  'model_version',
  'ml_prediction',
  'ml_confidence',
  'correct_label',
  'src_ip',
  'seen_at',
  'created_at',
]
const INSERT_WINDOWS = `INSERT INTO training_samples (${WINDOW_COLUMNS.join(', ')}, trust, labelled_by, labelled_at, was_override)
  SELECT ${WINDOW_COLUMNS.map((name) => `json_extract(value, '$.${name}')`).join(', ')}, 'weak', 'ensemble',
    json_extract(value, '$.created_at'), 0
  FROM json_each(?1) WHERE true ON CONFLICT (sample_key) DO NOTHING`

const PRUNE_WEAK = `DELETE FROM training_samples WHERE trust = 'weak' AND incident_id IS NULL AND (created_at < ?1
  OR created_at < (SELECT created_at FROM training_samples WHERE trust = 'weak' ORDER BY created_at DESC LIMIT 1 OFFSET ?2))`

/** Why an incident's sample was not stored. Its verdicts wait, and it is tried again. */
export interface NotCollected {
  incidentKey: string
  why: string
}

/** The learning loop's samples. Nothing waits for them: whoever stores one goes on when it fails. */
export class TrainingSamples {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /**
   * Makes the sample of an incident what its verdicts by now say. Done twice it changes nothing. Where it fails the verdicts
   * stay marked as not collected, and `collectDue` does it later.
   */
  async collect(incidentKey: string, now: EpochMs): Promise<Result<void, NotCollected>> {
    try {
      const [[incident], verdicts] = await Promise.all([
        this.#db
          .select({ prediction: incidents.threat_category, route: incidents.route })
          .from(incidents)
          .where(eq(incidents.incident_key, incidentKey)),
        this.#db
          .select()
          .from(incidentVerdicts)
          .where(eq(incidentVerdicts.incident_key, incidentKey))
          .orderBy(asc(incidentVerdicts.id)),
      ])
      const newest = verdicts.at(-1)
      if (!incident || !newest) return ok(undefined)
      const { label, trust, labelledBy, labelledAt, councilVerdict, councilLabel } = labelInForce(
        verdicts as GivenLabel[],
        {
          prediction: incident.prediction,
          isTrusted: incident.route === 'TRUST',
          at: now,
        },
      )
      const { $client: db } = this.#db
      await db.batch([
        db
          .prepare(UPSERT)
          .bind(incidentKey, label, trust, labelledBy, labelledAt, newest.id, now, councilLabel, councilVerdict),
        db.prepare(MARK_COLLECTED).bind(incidentKey, newest.id),
      ])
      return ok(undefined)
    } catch (error) {
      return err({ incidentKey, why: String(error) })
    }
  }

  /** Does what a crash or a failure left undone, oldest first. */
  async collectDue(most: number, now: EpochMs): Promise<{ collected: number; failed: NotCollected[] }> {
    const due = await this.#db
      .selectDistinct({ key: incidentVerdicts.incident_key })
      .from(incidentVerdicts)
      .where(sql`${incidentVerdicts.collected} = 0`)
      .orderBy(asc(incidentVerdicts.id))
      .limit(most)
    const failed: NotCollected[] = []
    for (const { key } of due) {
      const result = await this.collect(key, now)
      if (!result.ok) failed.push(result.error)
    }
    return { collected: due.length - failed.length, failed }
  }

  /** Stores windows that opened no incident; those that are known already stay as they are. Throws what D1 throws. */
  async addWindows(rows: readonly WindowSample[]): Promise<void> {
    const { $client: db } = this.#db
    const statements = jsonParts(rows).map((part) => db.prepare(INSERT_WINDOWS).bind(part))
    if (statements.length > 0) await db.batch(statements)
  }

  /** Forgets windows that nobody looked at: the old ones, and the oldest of too many. */
  async prune(now: EpochMs): Promise<void> {
    await this.#db.$client
      .prepare(PRUNE_WEAK)
      .bind(now - WEAK_KEPT_MS, WEAK_KEPT)
      .run()
  }

  /** Null when there is none; or why it cannot be read. */
  async ofIncident(incidentId: number): Promise<Result<typeof trainingSamples.$inferSelect | null, string>> {
    try {
      const [row] = await this.#db.select().from(trainingSamples).where(eq(trainingSamples.incident_id, incidentId))
      return ok(row ?? null)
    } catch (error) {
      return err(String(error))
    }
  }
}
