import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import type { CouncilNote } from '../council/verdict-record.ts'
import type { Indicator, MemberVotes, ModelManifest } from '../ensemble/prediction.ts'
import type { CanonicalEvent, FormatName } from '../events/event.ts'
import type { AnalystVerdict } from '../incidents/analyst-verdict.ts'
import type { ListFormatName } from '../intel/formats/formats.ts'
import type { Scale } from '../intel/indicator.ts'
import type { KnownOfSource } from '../intel/known-of-source.ts'
import type { ListCounts } from '../intel/list-builder.ts'
import type { ListKind } from '../intel/list-kinds.ts'
import type { BalanceReport } from '../learning/balance/balance.ts'
import type { GateCheck } from '../learning/retraining/gate.ts'
import type { RunOutcome, RunStep } from '../learning/retraining/run.ts'
import type { DataReport } from '../learning/retraining/training-data.ts'
import type { RuleIndicator } from '../rules/indicators.ts'
import type { ClassId, Severity } from '../taxonomy.ts'

/**
 * D1's tables: the one source of migrations (`npm run migrations` writes SQL from it).
 * Times are ms since 1970 UTC. The columns that the data-flow document names keep its names.
 */

export const INCIDENT_STATUSES = ['new', 'investigating', 'contained', 'resolved', 'dismissed'] as const
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number]
export const ROUTES = ['TRUST', 'VERIFY', 'INVESTIGATE'] as const
export type Route = (typeof ROUTES)[number]
export const ROLES = ['viewer', 'analyst', 'admin'] as const
export type Role = (typeof ROLES)[number]
/** Who said what a window was, most trusted first. */
export const TRUSTS = ['analyst', 'council', 'weak'] as const
export type Trust = (typeof TRUSTS)[number]

/** What the model and later the council and agents leave for the analyst. Parts are merged, never replaced as a whole. */
export interface TriageNote {
  indicators: Indicator[]
  votes: MemberVotes
  /** What would make this incident better known but did not run, in plain words. */
  missing: string[]
  /** Scenario rules that match the kept evidence; absent while they have not been looked at. Not the owner's part. */
  rules?: RuleIndicator[]
  /** What the council came to; absent while no case of it is over. */
  council?: CouncilNote
}

/** One target of the incident, by events received. */
export interface TargetCount {
  host: string | null
  port: number | null
  events: number
}

export const incidents = sqliteTable(
  'incidents',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    /** Names the incident before it has an id: written again after a crash, it is the same row. */
    incident_key: text().notNull(),
    /** Grows with each update by the partition or sensor that owns the incident; an older one never overwrites. */
    revision: integer().notNull(),
    /** `source`: one source. `campaign`: many thin sources that do the same to the same target or port. */
    kind: text().$type<'source' | 'campaign'>().notNull(),
    src_ip: text().notNull(),
    sources_count: integer().notNull(),
    status: text().$type<IncidentStatus>().notNull().default('new'),
    assignee: text(),
    escalation_level: text().notNull(),
    severity: text().$type<Severity>().notNull(),
    /** 0-100: now, and the highest it has been. */
    risk_score: real().notNull(),
    peak_risk: real().notNull(),
    threat_class: integer().notNull(),
    threat_category: text().notNull(),
    class_family: text().notNull(),
    ml_confidence: real().notNull(),
    anomaly_score: real().notNull(),
    route: text().$type<Route>().notNull(),
    /** No class reached its threshold. */
    uncertain: integer({ mode: 'boolean' }).notNull(),
    /** What asked for the incident: confidence, accumulated evidence, or a campaign. */
    opened_by: text().$type<'prediction' | 'accumulated-evidence' | 'campaign'>().notNull(),
    containment_method: text(),
    council_verdict: text(),
    council_reasoning: text(),
    council_confidence: real(),
    /** The newest of the analysts; null: none, or taken back. With the class that it says is right. */
    analyst_verdict: text().$type<AnalystVerdict>(),
    analyst_class: integer().$type<ClassId>(),
    routing_path: text({ mode: 'json' }).$type<string[]>().notNull(),
    api_calls_made: text({ mode: 'json' }).$type<string[]>().notNull(),
    /** From the newest event of the window to the decision, in ms; null in a replay, where it means nothing. */
    processing_time_ms: integer(),
    gemini_analysis: text({ mode: 'json' }),
    grok_intel: text({ mode: 'json' }),
    openai_remediation: text({ mode: 'json' }),
    triage_note: text({ mode: 'json' }).$type<TriageNote>().notNull(),
    /** Calibrated, by class id; 7 numbers. */
    probabilities: text({ mode: 'json' }).$type<number[]>().notNull(),
    /** The 100 features of the window that decided; null where absent. */
    features: text({ mode: 'json' }).$type<(number | null)[]>().notNull(),
    contributions: text({ mode: 'json' }).$type<number[]>().notNull(),
    model_version: text().notNull(),
    schema_hash: text().notNull(),
    events_count: integer().notNull(),
    targets: text({ mode: 'json' }).$type<TargetCount[]>().notNull(),
    /** What threat intelligence knew of the source at judgement; null where it was not asked. */
    intel: text({ mode: 'json' }).$type<KnownOfSource>(),
    sensors: text({ mode: 'json' }).$type<string[]>().notNull(),
    previous_key: text(),
    reopened_count: integer().notNull().default(0),
    /** Event time. */
    first_seen: integer().notNull(),
    last_seen: integer().notNull(),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (table) => [
    uniqueIndex('incidents_key').on(table.incident_key),
    index('incidents_newest').on(table.created_at, table.id),
    index('incidents_status_newest').on(table.status, table.created_at, table.id),
    index('incidents_source').on(table.src_ip, table.created_at),
    index('incidents_class_newest').on(table.threat_class, table.created_at, table.id),
  ],
)

/** At most 500 events an incident, chosen to represent; `n` counts from 1 and is what a citation names. */
export const incidentEvidence = sqliteTable(
  'incident_evidence',
  {
    incident_key: text().notNull(),
    n: integer().notNull(),
    ts: real().notNull(),
    sensor: text().notNull(),
    /** The file or feed the sensor read it from, as it named it; empty when it did not. */
    stream: text().notNull(),
    format: text().$type<FormatName>().notNull(),
    event: text({ mode: 'json' }).$type<CanonicalEvent>().notNull(),
    /** The line as it arrived, unaltered. */
    original: text().notNull(),
    /** Names of the event's fields that the strongest indicators rest on. */
    matched: text({ mode: 'json' }).$type<string[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.incident_key, table.n] })],
)

/** The sources of a campaign. */
export const incidentSources = sqliteTable(
  'incident_sources',
  {
    incident_key: text().notNull(),
    src_ip: text().notNull(),
    events: integer().notNull(),
    confidence: real().notNull(),
    first_seen: integer().notNull(),
    last_seen: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.incident_key, table.src_ip] })],
)

/** Sources too thin for an incident of their own: counted and searchable, in no queue. */
export const backgroundSources = sqliteTable(
  'background_sources',
  {
    scope: text().notNull(),
    src_ip: text().notNull(),
    threat_class: integer().notNull(),
    windows: integer().notNull(),
    events: integer().notNull(),
    confidence: real().notNull(),
    first_seen: integer().notNull(),
    last_seen: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.scope, table.src_ip, table.threat_class] }),
    index('background_source').on(table.src_ip),
    index('background_newest').on(table.last_seen),
  ],
)

/**
 * The loaded lists of threat intelligence. The entries lie in R2 under `object_key`, which names them by their digest:
 * a partition that reads an old row finds the old entries or none, never others.
 */
export const intelLists = sqliteTable('intel_lists', {
  /** Made from the name. */
  id: text().primaryKey(),
  name: text().notNull(),
  kind: text().$type<ListKind>().notNull(),
  format: text().$type<ListFormatName>().notNull(),
  scale: text().$type<Scale>().notNull(),
  /** Trust in the list, 0-1. */
  weight: real().notNull(),
  licence: text(),
  /** Where it is fetched from again; null for a list that was handed over. */
  url: text(),
  refresh_minutes: integer(),
  /** Entries that no list may hold (private, own, too wide) are left out; else they refuse the list. */
  leave_out_refused: integer({ mode: 'boolean' }).notNull(),
  object_key: text().notNull(),
  /** Of the stored entries. */
  bytes: integer().notNull(),
  counts: text({ mode: 'json' }).$type<ListCounts>().notNull(),
  /** Quotes of entries that could not be read or were left out, at most ten. */
  examples: text({ mode: 'json' }).$type<string[]>().notNull(),
  /** When it was true at its source; after `expires_at` it is used no more. */
  as_of: integer().notNull(),
  expires_at: integer(),
  max_age_days: real(),
  loaded_at: integer().notNull(),
  /** When its URL was last asked, also where that failed or nothing was new. */
  checked_at: integer().notNull(),
  etag: text(),
  last_modified: text(),
  /** Why the last refresh failed; null when it went well. The entries are then those of `loaded_at`. */
  last_error: text(),
})

/** Messages of Durable Objects whose effect adds up, so that one told twice counts once. Pruned after a day. */
export const deliveries = sqliteTable('deliveries', { id: text().primaryKey(), at: integer().notNull() }, (table) => [
  index('deliveries_age').on(table.at),
])

/**
 * What the council and analysts said of incidents, one row each time, never changed: the labels of the learning loop come
 * from here, by trust and time.
 */
export const incidentVerdicts = sqliteTable(
  'incident_verdicts',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    /** Names a write that may be tried twice; the second changes nothing. */
    once_key: text(),
    incident_key: text().notNull(),
    trust: text().$type<'analyst' | 'council'>().notNull(),
    /** Of the council's or the analysts' words; null: an analyst took back what analysts had said. */
    verdict: text(),
    /** Name of the class that it says is right; null where it names none. */
    label: text(),
    comment: text(),
    /** `council`, `user:NAME` or `token:NAME`. */
    actor: text().notNull(),
    at: integer().notNull(),
    /** The incident's status before analysts said anything, and the one that this verdict gave it; null of the council's. */
    status_before: text().$type<IncidentStatus>(),
    status_set: text().$type<IncidentStatus>(),
    /** Who had set `status_before`; null: nobody, it was opened so. */
    status_by: text(),
    /** The incident's sample has taken it in. */
    collected: integer({ mode: 'boolean' }).notNull().default(false),
    /** The council's memory knows an analyst's; what the council says it tells memory itself. */
    remembered: integer({ mode: 'boolean' }).notNull().default(false),
  },
  (table) => [
    uniqueIndex('incident_verdicts_once').on(table.once_key),
    index('incident_verdicts_incident').on(table.incident_key, table.id),
    index('incident_verdicts_uncollected').on(table.id).where(sql`collected = 0`),
    index('incident_verdicts_not_remembered').on(table.id).where(sql`remembered = 0 AND trust = 'analyst'`),
  ],
)

/** Windows for the learning loop: one an incident that somebody judged, and few of those that opened none. */
export const trainingSamples = sqliteTable(
  'training_samples',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    /** `incident|KEY`, or `window|SCOPE|SOURCE|DAY` of one that opened none. */
    sample_key: text().notNull(),
    incident_id: integer().references(() => incidents.id),
    /** Where a large vector is stored apart; null while `features` holds it. */
    features_file_path: text(),
    features: text({ mode: 'json' }).$type<(number | null)[]>(),
    schema_hash: text().notNull(),
    /** Whose prediction it is; null of samples from before it was kept. */
    model_version: text(),
    ml_prediction: text().notNull(),
    ml_confidence: real().notNull(),
    council_verdict: text(),
    /** Name of the class to learn. Null: nobody knows, and nothing may be learned from it. */
    correct_label: text(),
    /** Who said the label; `weak`: the ensemble itself, and nobody looked. */
    trust: text().$type<Trust>().notNull(),
    labelled_by: text().notNull(),
    labelled_at: integer().notNull(),
    /** The newest row of incident_verdicts that is taken in; 0 where there is none. */
    verdict_id: integer().notNull().default(0),
    /** The label is another than the ensemble's prediction, or an analyst's is another than the council's. */
    was_override: integer({ mode: 'boolean' }).notNull(),
    used_for_training: integer({ mode: 'boolean' }).notNull().default(false),
    src_ip: text().notNull(),
    /** Event time of the newest event. */
    seen_at: integer().notNull(),
    created_at: integer().notNull(),
  },
  (table) => [
    uniqueIndex('training_samples_key').on(table.sample_key),
    index('training_samples_unused').on(table.used_for_training, table.created_at),
    index('training_samples_trust').on(table.trust, table.created_at),
  ],
)

/** What runs of the trainer did, and why. The Trainer object knows of the present one first; this is what stays. */
export const trainingRuns = sqliteTable(
  'training_runs',
  {
    /** When it began, ISO-8601: runs never overlap. */
    id: text().primaryKey(),
    reason: text().notNull(),
    started_by: text().notNull(),
    started_at: integer().notNull(),
    seed: integer().notNull(),
    state: text().$type<'running' | RunOutcome>().notNull(),
    /** The step that it is at, or was at when it ended. */
    step: text().$type<RunStep>().notNull(),
    samples_read: integer().notNull(),
    samples_skipped: integer().notNull(),
    data: text({ mode: 'json' }).$type<DataReport>(),
    balance: text({ mode: 'json' }).$type<BalanceReport>(),
    /** Mean loss of the network's epochs. */
    losses: text({ mode: 'json' }).$type<number[]>().notNull(),
    /** Of the model that it made; null while it has made none. */
    version: text(),
    /** Why it ended so; null while it goes on. */
    why: text(),
    updated_at: integer().notNull(),
    ended_at: integer(),
  },
  (table) => [index('training_runs_newest').on(table.started_at)],
)

/** Which samples a run learned from, calibrated with or measured by. */
export const trainingRunSamples = sqliteTable(
  'training_run_samples',
  { run_id: text().notNull(), sample_id: integer().notNull() },
  (table) => [
    primaryKey({ columns: [table.run_id, table.sample_id] }),
    index('training_run_samples_sample').on(table.sample_id),
  ],
)

export const MODEL_STATES = ['rejected', 'passed', 'shadow', 'active', 'retired'] as const
export type ModelState = (typeof MODEL_STATES)[number]

/** Models that runs made, also those that the gate rejected. Graph and manifest lie in R2, named by the graph's digest. */
export const modelVersions = sqliteTable(
  'model_versions',
  {
    version: text().primaryKey(),
    /** The version that served when it was made, and that it was held against. */
    parent: text(),
    state: text().$type<ModelState>().notNull(),
    run_id: text().notNull(),
    graph_key: text().notNull(),
    manifest_key: text().notNull(),
    manifest: text({ mode: 'json' }).$type<ModelManifest>().notNull(),
    /** What the gate found, in numbers and words. */
    checks: text({ mode: 'json' }).$type<GateCheck[]>().notNull(),
    created_at: integer().notNull(),
  },
  (table) => [index('model_versions_newest').on(table.created_at)],
)

export const auditLog = sqliteTable(
  'audit_log',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    /** Names a write that may be tried twice; the second changes nothing. */
    once_key: text(),
    at: integer().notNull(),
    /** `user:NAME`, `token:NAME`, `sensor:ID`, or `picket` itself. */
    actor: text().notNull(),
    action: text().notNull(),
    subject_type: text().notNull(),
    subject_id: text().notNull(),
    detail: text({ mode: 'json' }).$type<Record<string, unknown>>().notNull(),
  },
  (table) => [
    uniqueIndex('audit_once').on(table.once_key),
    index('audit_subject').on(table.subject_type, table.subject_id, table.at),
  ],
)

export const sensors = sqliteTable(
  'sensors',
  {
    id: text().primaryKey(),
    name: text().notNull(),
    /** SHA-256 hex of the key. Keys are 256 random bits, so a slow hash would add nothing. */
    key_hash: text().notNull(),
    /** Formats it may send and source ranges (CIDR) it may report; null is all. */
    formats: text({ mode: 'json' }).$type<FormatName[]>(),
    source_ranges: text({ mode: 'json' }).$type<string[]>(),
    /** Events a minute; null is no limit. */
    rate_limit: integer(),
    created_at: integer().notNull(),
    revoked_at: integer(),
  },
  (table) => [uniqueIndex('sensors_key').on(table.key_hash)],
)

/** What a sensor signs its requests with, for those that sign. */
export const sensorSecrets = sqliteTable('sensor_secrets', {
  sensor_id: text()
    .primaryKey()
    .references(() => sensors.id, { onDelete: 'cascade' }),
  /** Encrypted under SESSION_SECRET; see core/auth/sealed-secret.ts. */
  sealed: text().notNull(),
  created_at: integer().notNull(),
})

export const users = sqliteTable(
  'users',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull(),
    /** `pbkdf2-sha256$ITERATIONS$SALT$HASH`, base64url. */
    password_hash: text().notNull(),
    role: text().$type<Role>().notNull(),
    created_at: integer().notNull(),
    disabled_at: integer(),
    /** Wrong passwords since the last right one, and until when log-in is refused. */
    failed_logins: integer().notNull().default(0),
    locked_until: integer(),
  },
  (table) => [uniqueIndex('users_name').on(table.name)],
)

export const sessions = sqliteTable('sessions', {
  /** SHA-256 hex of the cookie's value. */
  token_hash: text().primaryKey(),
  user_id: integer()
    .notNull()
    .references(() => users.id),
  /** Proves that a form came from our page (synchroniser token). */
  csrf_token: text().notNull(),
  created_at: integer().notNull(),
  expires_at: integer().notNull(),
})

export const apiTokens = sqliteTable(
  'api_tokens',
  {
    id: integer().primaryKey({ autoIncrement: true }),
    name: text().notNull(),
    token_hash: text().notNull(),
    role: text().$type<Role>().notNull(),
    created_at: integer().notNull(),
    expires_at: integer(),
    revoked_at: integer(),
  },
  (table) => [uniqueIndex('api_tokens_hash').on(table.token_hash)],
)
