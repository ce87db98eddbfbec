import { memberVotes, strongestIndicators } from '../ensemble/indicators.ts'
import type { Classifier, Prediction } from '../ensemble/prediction.ts'
import { FEATURES, SCHEMA_HASH } from '../features/schema.ts'
import type { KnownOfSource } from '../intel/known-of-source.ts'
import type { incidents, TargetCount } from '../store/schema.ts'
import { classOf, type Severity } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import { escalationOf, riskScore, severityOf, successEvidence } from './risk.ts'
import { type OpenedBy, type OpenIncident, REOPENS_WITHIN_MS, routingPath } from './standing.ts'

/** A row of D1's incidents as its owner writes it: everything but what people and later stages set. */
export type IncidentRow = Omit<
  typeof incidents.$inferInsert,
  'id' | 'status' | 'assignee' | 'reopened_count' | 'analyst_verdict' | 'analyst_class'
>

/** A judged window that opens or continues an incident. */
export interface IncidentWindow {
  scope: string
  source: string
  /** Event times of the window's first and last event. */
  firstTs: EpochMs
  lastTs: EpochMs
  /** All events of the window, and those judged for the first time with it. */
  events: number
  newEvents: number
  /** Names this tracking of the source, and how many of its events have been judged in it with this window. */
  trackedAs: string
  judgedEvents: number
  row: Float32Array
  prediction: Prediction
  openedBy: OpenedBy
  targets: TargetCount[]
  sensors: string[]
  /** Asked only when the row is written. */
  intel: () => KnownOfSource
  /** Newest event to decision, ms; null in a replay. */
  decidedInMs: number | null
}

/**
 * The incident of this source and class family after one more window: the one that is open, or a new one that links to
 * the last when that has been silent for over an hour.
 */
export function continueIncident(
  known: OpenIncident | undefined,
  window: IncidentWindow,
  model: Pick<Classifier, 'manifest' | 'explain'>,
  now: EpochMs,
): { open: OpenIncident; row: () => IncidentRow } {
  const { prediction, row: features } = window
  const { family } = classOf(prediction.threatClass)
  const success = successEvidence(features)
  const severity = severityOf(prediction.threatClass, success)
  const risk = riskScore(severity, prediction.confidence, success, features)
  const goesOn = known !== undefined && window.firstTs - known.lastSeen <= REOPENS_WITHIN_MS
  const open: OpenIncident = goesOn
    ? {
        ...known,
        revision: known.revision + 1,
        lastSeen: Math.max(known.lastSeen, window.lastTs),
        events: known.events + uncounted(known, window),
        countedIn: window.trackedAs,
        countedTo: Math.max(window.judgedEvents, known.countedIn === window.trackedAs ? known.countedTo : 0),
        peakRisk: Math.max(known.peakRisk, risk),
      }
    : {
        key: `${family}|${window.scope}|${window.source}|${Math.floor(window.firstTs)}`,
        revision: 1,
        previousKey: known?.key ?? null,
        firstSeen: window.firstTs,
        lastSeen: window.lastTs,
        // Also those that were judged before and were too few by themselves; the last incident ended over an hour before them.
        events: window.events,
        countedIn: window.trackedAs,
        countedTo: window.judgedEvents,
        peakRisk: risk,
        openedBy: window.openedBy,
        evidence: [],
        evidenceAt: 0,
        writes: 0,
        writtenAt: 0,
      }
  return { open, row: () => incidentRow(open, window, model, { severity, risk, now }) }
}

/** Events of the window that the incident has not counted: after a restart some are judged a second time. */
function uncounted(known: OpenIncident, { trackedAs, judgedEvents, newEvents }: IncidentWindow): number {
  return known.countedIn === trackedAs ? Math.max(0, judgedEvents - known.countedTo) : newEvents
}

function incidentRow(
  open: OpenIncident,
  window: IncidentWindow,
  model: Pick<Classifier, 'manifest' | 'explain'>,
  { severity, risk, now }: { severity: Severity; risk: number; now: EpochMs },
): IncidentRow {
  const { prediction, row: features } = window
  const { name, family } = classOf(prediction.threatClass)
  const { manifest } = model
  const contributions = model.explain(features, prediction.threatClass)
  return {
    incident_key: open.key,
    revision: open.revision,
    kind: 'source',
    src_ip: window.source,
    sources_count: 1,
    escalation_level: escalationOf(severity),
    severity,
    risk_score: risk,
    peak_risk: open.peakRisk,
    threat_class: prediction.threatClass,
    threat_category: name,
    class_family: family,
    ml_confidence: prediction.confidence,
    anomaly_score: prediction.anomaly,
    route: prediction.route,
    uncertain: prediction.uncertain,
    opened_by: open.openedBy,
    containment_method: null,
    council_verdict: null,
    council_reasoning: null,
    council_confidence: null,
    routing_path: routingPath(prediction.route),
    api_calls_made: [],
    processing_time_ms: window.decidedInMs,
    gemini_analysis: null,
    grok_intel: null,
    openai_remediation: null,
    triage_note: {
      indicators: strongestIndicators(contributions, features, manifest.usual, FEATURES),
      votes: memberVotes(prediction.output),
      missing: prediction.route === 'TRUST' ? [] : [NOT_VERIFIED],
    },
    probabilities: Array.from(prediction.output.probabilities, shortest),
    features: Array.from(features, (value) => (Number.isNaN(value) ? null : shortest(value))),
    contributions: Array.from(contributions, shortest),
    model_version: manifest.version,
    schema_hash: SCHEMA_HASH,
    events_count: open.events,
    targets: window.targets,
    intel: window.intel(),
    sensors: window.sensors,
    previous_key: open.previousKey,
    first_seen: Math.floor(open.firstSeen),
    last_seen: Math.floor(open.lastSeen),
    created_at: now,
    updated_at: now,
  }
}

/** Said on the incident while no verifier has looked at it. */
export const NOT_VERIFIED = 'Not yet verified: the ensemble alone was not sure enough, and no verifier has looked.'

/** A float32 has seven digits; its full decimal form as a double has seventeen, most of them noise. */
export const shortest = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(7)))
