import { desc, eq } from 'drizzle-orm'
import { type GivenVerdict, STATUS_AFTER, type VerdictRow } from '../../core/incidents/analyst-verdict.ts'
import { incidentVerdicts } from '../../core/store/schema.ts'
import { type ClassId, classOf } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** The newest row of the analysts. */
const STANDING = `(SELECT * FROM incident_verdicts WHERE incident_key = ?1 AND trust = 'analyst' ORDER BY id DESC LIMIT 1)`
/**
 * The status from before the analysts' first word is carried on, as long as the status is the one that they gave; a change
 * that somebody made meanwhile counts as the one from before.
 */
const IS_THEIRS = 's.verdict IS NOT NULL AND s.status_set = i.status'
const ofBefore = (column: string, otherwise: string) => `CASE WHEN ${IS_THEIRS} THEN s.${column} ELSE ${otherwise} END`
/** Whose the status is: of one that came back when a verdict was taken back, of who had set it before. */
export const STATUS_BY = (key: string) => `(SELECT coalesce(json_extract(detail, '$.stands_for'), actor) FROM audit_log
  WHERE subject_type = 'incident' AND subject_id = ${key} AND action = 'status-changed' ORDER BY at DESC, id DESC LIMIT 1)`
const columns = 'incident_key, trust, verdict, label, comment, actor, at, status_before, status_by, status_set'

const GIVE = `INSERT INTO incident_verdicts (${columns})
  SELECT i.incident_key, 'analyst', ?2, ?3, ?4, ?5, ?6, ${ofBefore('status_before', 'i.status')},
    ${ofBefore('status_by', STATUS_BY('i.incident_key'))}, coalesce(json_extract(?7, '$.' || i.status), i.status)
  FROM incidents i LEFT JOIN ${STANDING} s WHERE i.incident_key = ?1`
const TAKE_BACK = `INSERT INTO incident_verdicts (${columns})
  SELECT i.incident_key, 'analyst', NULL, NULL, ?2, ?3, ?4, i.status, ${ofBefore('status_by', 'NULL')},
    ${ofBefore('status_before', 'i.status')}
  FROM incidents i JOIN ${STANDING} s WHERE i.incident_key = ?1 AND s.verdict IS NOT NULL`

const NOTE = `INSERT INTO audit_log (at, actor, action, subject_type, subject_id, detail)
  SELECT ?2, ?3, ?4, 'incident', ?1, ?5`
/** There is something to take back. */
const IF_ANY = 'EXISTS (SELECT 1 FROM incidents WHERE incident_key = ?1 AND analyst_verdict IS NOT NULL)'
/** What the council dismissed is the council's again when a verdict is taken back: the ensemble may then bring it back. */
const NOTE_STATUS = `INSERT INTO audit_log (at, actor, action, subject_type, subject_id, detail)
  SELECT s.at, s.actor, 'status-changed', 'incident', i.incident_key, json_object('from', i.status, 'to', s.status_set,
    'stands_for', CASE WHEN s.verdict IS NULL THEN s.status_by END)
  FROM incidents i JOIN ${STANDING} s WHERE i.incident_key = ?1 AND (s.status_set <> i.status
    OR (s.verdict IS NULL AND s.status_by IS NOT NULL AND s.status_by <> ${STATUS_BY('i.incident_key')}))`
const SET_ON_INCIDENT = `UPDATE incidents SET analyst_verdict = ?2, analyst_class = ?3, updated_at = ?4,
  status = (SELECT status_set FROM ${STANDING}) WHERE incident_key = ?1`

/** What analysts say of incidents. Of two at once the later counts, and both are kept. */
export class IncidentVerdicts {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** Writes the verdict, the status that follows and who did it: all of it or nothing. */
  async give(
    incidentKey: string,
    { verdict, comment }: GivenVerdict,
    taught: ClassId,
    by: { actor: string; at: EpochMs },
  ): Promise<void> {
    const { $client: db } = this.#db
    const label = classOf(taught).name
    await db.batch([
      db
        .prepare(GIVE)
        .bind(incidentKey, verdict, label, comment, by.actor, by.at, JSON.stringify(STATUS_AFTER[verdict])),
      db
        .prepare(NOTE)
        .bind(incidentKey, by.at, by.actor, 'analyst-verdict', JSON.stringify({ verdict, label, comment })),
      db.prepare(NOTE_STATUS).bind(incidentKey),
      db.prepare(SET_ON_INCIDENT).bind(incidentKey, verdict, taught, by.at),
    ])
  }

  /**
   * Takes back what the analysts said; nothing where they said nothing. The status from before comes back, unless somebody
   * changed it since.
   */
  async takeBack(incidentKey: string, comment: string | null, by: { actor: string; at: EpochMs }): Promise<void> {
    const { $client: db } = this.#db
    await db.batch([
      db.prepare(TAKE_BACK).bind(incidentKey, comment, by.actor, by.at),
      db
        .prepare(`${NOTE} WHERE ${IF_ANY}`)
        .bind(incidentKey, by.at, by.actor, 'analyst-verdict-taken-back', JSON.stringify({ comment })),
      db.prepare(`${NOTE_STATUS} AND ${IF_ANY}`).bind(incidentKey),
      db.prepare(`${SET_ON_INCIDENT} AND ${IF_ANY}`).bind(incidentKey, null, null, by.at),
    ])
  }

  /** All that the council and analysts said of an incident, newest first. */
  async ofIncident(incidentKey: string, limit: number): Promise<VerdictRow[]> {
    return this.#db
      .select()
      .from(incidentVerdicts)
      .where(eq(incidentVerdicts.incident_key, incidentKey))
      .orderBy(desc(incidentVerdicts.id))
      .limit(limit)
  }
}
