import { getTableColumns } from 'drizzle-orm'
import type { EvidenceRow, IncidentWrites } from '../../core/incidents/messages.ts'
import { jsonParts } from '../../core/json-parts.ts'
import {
  backgroundSources,
  incidentEvidence,
  incidentSources,
  incidents as incidentsTable,
} from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import { STATUS_BY } from './incident-verdicts.ts'

/** Set by people, verifiers and agents, or once for all: an owner's later revision leaves them as they are. */
const KEPT_ON_UPDATE = new Set([
  'id',
  'incident_key',
  'status',
  'assignee',
  'containment_method',
  'council_verdict',
  'council_reasoning',
  'council_confidence',
  'analyst_verdict',
  'analyst_class',
  'routing_path',
  'api_calls_made',
  'gemini_analysis',
  'grok_intel',
  'openai_remediation',
  'reopened_count',
  'created_at',
  'severity',
  'escalation_level',
  'triage_note',
  'processing_time_ms',
])
const NOT_INSERTED = new Set(['id', 'status', 'assignee', 'analyst_verdict', 'analyst_class', 'reopened_count'])

const columnsOf = (table: Parameters<typeof getTableColumns>[0]): string[] =>
  Object.values(getTableColumns(table)).map((column) => column.name)

const INCIDENT_COLUMNS = columnsOf(incidentsTable).filter((name) => !NOT_INSERTED.has(name))

/**
 * Events newer than the moment it was resolved bring an incident back; what people dismissed stays dismissed. The row's own
 * time does not serve: it moves with every revision, and a sensor that is behind would never overtake it. Of a sensor that is
 * ahead the events that were there already are newer than that moment.
 */
const COMES_BACK = `incidents.status = 'resolved' AND excluded.last_seen > incidents.last_seen
  AND excluded.last_seen > coalesce((SELECT max(at) FROM audit_log
  WHERE subject_type = 'incident' AND subject_id = incidents.incident_key AND action = 'status-changed'),
  incidents.updated_at)`
/** What the council alone dismissed comes back when the ensemble is sure of it. */
const COUNCIL_ERRED = `incidents.status = 'dismissed' AND excluded.route = 'TRUST'
  AND incidents.analyst_verdict IS NULL AND ${STATUS_BY('incidents.incident_key')} = 'council'`
const SEVERITY_IS_CHOSEN = `EXISTS (SELECT 1 FROM audit_log WHERE subject_type = 'incident'
  AND subject_id = incidents.incident_key AND action = 'severity-changed')`

/** What is missing is the council's to say once it has looked. */
const NOTE_OF_OWNER = `CASE WHEN json_type(incidents.triage_note, '$.council') IS NULL THEN excluded.triage_note
      ELSE json_remove(excluded.triage_note, '$.missing') END`

const UPSERT_INCIDENTS = `${insertFromJson('incidents', INCIDENT_COLUMNS)}
  ON CONFLICT (incident_key) DO UPDATE SET
    ${INCIDENT_COLUMNS.filter((name) => !KEPT_ON_UPDATE.has(name))
      .map((name) => `${name} = excluded.${name}`)
      .join(', ')},
    severity = CASE WHEN ${SEVERITY_IS_CHOSEN} THEN incidents.severity ELSE excluded.severity END,
    escalation_level = CASE WHEN ${SEVERITY_IS_CHOSEN} THEN incidents.escalation_level ELSE excluded.escalation_level END,
    processing_time_ms = coalesce(excluded.processing_time_ms, incidents.processing_time_ms),
    triage_note = json_patch(incidents.triage_note, ${NOTE_OF_OWNER}),
    reopened_count = incidents.reopened_count + (${COMES_BACK} OR ${COUNCIL_ERRED}),
    status = CASE WHEN ${COMES_BACK} OR ${COUNCIL_ERRED} THEN 'new' ELSE incidents.status END
  WHERE excluded.revision > incidents.revision`

const NOTE_OPENED = `INSERT INTO audit_log (once_key, at, actor, action, subject_type, subject_id, detail)
  SELECT 'opened|' || json_extract(value, '$.incident_key'), json_extract(value, '$.created_at'), 'picket',
    'incident-opened', 'incident', json_extract(value, '$.incident_key'),
    json_object('class', json_extract(value, '$.threat_category'), 'route', json_extract(value, '$.route'),
      'confidence', json_extract(value, '$.ml_confidence'), 'model', json_extract(value, '$.model_version'))
  FROM json_each(?1) WHERE true ON CONFLICT (once_key) DO NOTHING`

const EVIDENCE_COLUMNS = columnsOf(incidentEvidence) as (keyof EvidenceRow)[]
const INSERT_EVIDENCE = `${insertFromJson('incident_evidence', EVIDENCE_COLUMNS)}
  ON CONFLICT (incident_key, n) DO NOTHING`
/** Characters of a line that is written by itself: as JSON it may take six times its length, and parameters end at 2 MB. */
const LONG_LINE = 100_000
const INSERT_LONG_LINE = `INSERT INTO incident_evidence (${EVIDENCE_COLUMNS.join(', ')})
  VALUES (${EVIDENCE_COLUMNS.map((_, i) => `?${i + 1}`).join(', ')}) ON CONFLICT (incident_key, n) DO NOTHING`

const UPSERT_SOURCES = `${insertFromJson('incident_sources', columnsOf(incidentSources))}
  ON CONFLICT (incident_key, src_ip) DO UPDATE SET events = excluded.events, confidence = excluded.confidence,
    first_seen = excluded.first_seen, last_seen = excluded.last_seen`

const ADD_BACKGROUND = `${insertFromJson(
  'background_sources',
  columnsOf(backgroundSources),
  'NOT EXISTS (SELECT 1 FROM deliveries WHERE id = ?2)',
)}
  ON CONFLICT (scope, src_ip, threat_class) DO UPDATE SET
    windows = background_sources.windows + excluded.windows, events = background_sources.events + excluded.events,
    confidence = max(background_sources.confidence, excluded.confidence),
    first_seen = min(background_sources.first_seen, excluded.first_seen),
    last_seen = max(background_sources.last_seen, excluded.last_seen)`

/**
 * Writes what partitions and sensors tell of incidents, all of it or nothing. Told twice it changes nothing: incidents
 * carry a revision, evidence its number, and what adds up is remembered by id. Throws what D1 throws.
 */
export async function writeIncidents(db: D1Database, writes: IncidentWrites, now: EpochMs): Promise<void> {
  const { incidents: incidentRows = [], evidence = [], sources = [], background = [] } = writes
  const statements: D1PreparedStatement[] = []
  for (const part of jsonParts(incidentRows)) {
    statements.push(db.prepare(UPSERT_INCIDENTS).bind(part), db.prepare(NOTE_OPENED).bind(part))
  }
  const isLong = ({ original }: EvidenceRow) => original.length > LONG_LINE
  for (const part of jsonParts(evidence.filter((row) => !isLong(row))))
    statements.push(db.prepare(INSERT_EVIDENCE).bind(part))
  for (const row of evidence.filter(isLong))
    statements.push(db.prepare(INSERT_LONG_LINE).bind(...EVIDENCE_COLUMNS.map((name) => boundValue(row[name]))))
  for (const part of jsonParts(sources)) statements.push(db.prepare(UPSERT_SOURCES).bind(part))
  for (const { id, rows } of background) {
    jsonParts(rows).forEach((part, i) => {
      statements.push(
        db.prepare(ADD_BACKGROUND).bind(part, `${id}/${i}`),
        db.prepare('INSERT INTO deliveries (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING').bind(`${id}/${i}`, now),
      )
    })
  }
  if (statements.length > 0) await db.batch(statements)
}

/** Forgets delivered messages' ids once no sender can still hold them. */
export async function pruneDeliveries(db: D1Database, before: EpochMs): Promise<void> {
  await db.prepare('DELETE FROM deliveries WHERE at < ?1').bind(before).run()
}

const boundValue = (value: string | number | object): string | number =>
  typeof value === 'object' ? JSON.stringify(value) : value

function insertFromJson(table: string, columns: readonly string[], condition = 'true'): string {
  const values = columns.map((name) => `json_extract(value, '$.${name}')`)
  return `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM json_each(?1) WHERE ${condition}`
}
