import { asc, eq } from 'drizzle-orm'
import type { CouncilCase } from '../../core/council/case.ts'
import type { PackEvent } from '../../core/council/evidence-pack.ts'
import type { PersonRequest } from '../../core/council/person-request.ts'
import { MISSING_PREFIX, type VerdictRecord } from '../../core/council/verdict-record.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { incidentEvidence, incidents } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Database } from './database.ts'

/** Of an original line a case keeps as much; the rest is in the incident's evidence. */
const MOST_ORIGINAL = 8_192

const NOTE_VERDICT = `INSERT INTO audit_log (once_key, at, actor, action, subject_type, subject_id, detail)
  VALUES (?1, ?2, 'council', 'council-verdict', 'incident', ?3, ?4) ON CONFLICT (once_key) DO NOTHING`

const NOTE_REQUEST = `INSERT INTO audit_log (once_key, at, actor, action, subject_type, subject_id, detail)
  SELECT ?1, ?2, ?3, ?4, 'incident', incident_key, json_object('reason', ?5, 'round', ?6)
  FROM incidents WHERE incident_key = ?7 ON CONFLICT (once_key) DO NOTHING`

/** A person who has taken the incident up decides alone: only a new one is dismissed. */
const DISMISSES = `?1 AND status = 'new'`
const NOTE_DISMISSAL = `INSERT INTO audit_log (once_key, at, actor, action, subject_type, subject_id, detail)
  SELECT ?2, ?3, 'council', 'status-changed', 'incident', incident_key, json_object('from', status, 'to', 'dismissed')
  FROM incidents WHERE incident_key = ?4 AND ${DISMISSES} ON CONFLICT (once_key) DO NOTHING`

/** A case that failed or was stopped has no verdict: the one of an earlier case stands. */
const STANDS = '?2 IS NULL AND council_verdict IS NOT NULL'

const WRITE_VERDICT = `UPDATE incidents SET
  status = CASE WHEN ${DISMISSES} THEN 'dismissed' ELSE status END,
  council_verdict = coalesce(?2, council_verdict),
  council_confidence = CASE WHEN ${STANDS} THEN council_confidence ELSE ?3 END,
  council_reasoning = CASE WHEN ${STANDS} THEN council_reasoning ELSE ?4 END,
  routing_path = json(?5), api_calls_made = json(?6),
  gemini_analysis = json(?7), grok_intel = json(?8), openai_remediation = json(?9),
  triage_note = json_set(triage_note, '$.council', json(?10), '$.missing', (
    SELECT json_group_array(value) FROM (
      SELECT value FROM json_each(incidents.triage_note, '$.missing')
        WHERE value NOT IN (SELECT value FROM json_each(?11)) AND substr(value, 1, length(?12)) <> ?12
      UNION ALL SELECT value FROM json_each(?13)))),
  updated_at = ?14
  WHERE incident_key = ?15`

/** What analysts and the learning loop go by. */
const KEEP_VERDICT = `INSERT INTO incident_verdicts (once_key, incident_key, trust, verdict, label, actor, at)
  VALUES (?1, ?2, 'council', ?3, ?4, 'council', ?5) ON CONFLICT (once_key) DO NOTHING`

/** What the council reads of incidents and writes to them. */
export class CouncilIncidents {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  async byKey(incidentKey: string): Promise<IncidentRow | null> {
    const [row] = await this.#db.select().from(incidents).where(eq(incidents.incident_key, incidentKey))
    return row ?? null
  }

  /** All kept events in order of their numbers, 500 at most. */
  async evidence(incidentKey: string): Promise<PackEvent[]> {
    const rows = await this.#db
      .select()
      .from(incidentEvidence)
      .where(eq(incidentEvidence.incident_key, incidentKey))
      .orderBy(asc(incidentEvidence.n))
    return rows.map(({ n, ts, sensor, format, event, original, matched }) => ({
      n,
      ts,
      sensor,
      format,
      event,
      original: original.slice(0, MOST_ORIGINAL),
      matched,
    }))
  }

  /** Notes who asked for a case and who ended it, each once however often it is told. */
  async noteRequests({ incidentKey: key, askedBy, stoppedBy }: CouncilCase, round: number): Promise<void> {
    const { $client: db } = this.#db
    const note = (action: string, request: PersonRequest | null) =>
      request === null
        ? []
        : [
            db
              .prepare(NOTE_REQUEST)
              .bind(`${action}|${key}|${round}`, request.at, request.actor, action, request.reason, round, key),
          ]
    const notes = [...note('council-asked-again', askedBy), ...note('council-stopped', stoppedBy)]
    if (notes.length > 0) await db.batch(notes)
  }

  /** Writes what a case came to, all of it or nothing; written again after a crash it changes nothing. */
  async writeVerdict(record: VerdictRecord, now: EpochMs): Promise<void> {
    const { $client: db } = this.#db
    const { incidentKey: key, round, columns, missing, note } = record
    const [incident] = await this.#db
      .select({ path: incidents.routing_path })
      .from(incidents)
      .where(eq(incidents.incident_key, key))
    if (!incident) return
    // The ensemble's part stands in front; an earlier case's is replaced.
    const path = [...incident.path.slice(0, 2), ...record.path]
    const dismisses = record.isDismissed ? 1 : 0
    const statements = [
      db
        .prepare(NOTE_VERDICT)
        .bind(
          `council|${key}|${round}`,
          now,
          key,
          JSON.stringify({ verdict: record.verdict, confidence: record.confidence, failure: note.failure, round }),
        ),
      db.prepare(NOTE_DISMISSAL).bind(dismisses, `council-dismissed|${key}|${round}`, now, key),
      db
        .prepare(WRITE_VERDICT)
        .bind(
          dismisses,
          record.verdict,
          record.confidence,
          record.reasoning,
          JSON.stringify(path),
          JSON.stringify(record.apiCalls),
          json(columns.gemini_analysis),
          json(columns.grok_intel),
          json(columns.openai_remediation),
          JSON.stringify(note),
          JSON.stringify(missing.removed),
          MISSING_PREFIX,
          JSON.stringify(missing.added),
          now,
          key,
        ),
    ]
    if (record.verdict !== null)
      statements.push(db.prepare(KEEP_VERDICT).bind(`council|${key}|${round}`, key, record.verdict, record.label, now))
    await db.batch(statements)
  }
}

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))
