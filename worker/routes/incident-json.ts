import type { z } from '@hono/zod-openapi'
import type { VerdictRow } from '../../core/incidents/analyst-verdict.ts'
import { type EvidenceRow, evidenceFor } from '../../core/incidents/evidence-view.ts'
import {
  featureLines,
  type IncidentRow,
  type IncidentSummary,
  type ModelFacts,
  verificationOf,
} from '../../core/incidents/view.ts'
import type { Role, trainingSamples } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import { incidentCouncilJson } from './council-json.ts'
import type { Incident, IncidentDetail } from './incident-schemas.ts'

const iso = (ms: EpochMs): string => new Date(ms).toISOString()

/** An incident as lists of the API give it. */
export function incidentJson(row: IncidentSummary): z.input<typeof Incident> {
  const { incident_key, revision, previous_key, ...rest } = row
  return {
    ...rest,
    verification: verificationOf(row),
    gemini_analysis: row.gemini_analysis ?? null,
    grok_intel: row.grok_intel ?? null,
    openai_remediation: row.openai_remediation ?? null,
    intel: row.intel && {
      findings: row.intel.findings.map(({ asOf, expires, ...finding }) => ({
        ...finding,
        as_of: iso(asOf),
        expires: expires === null ? null : iso(expires),
      })),
      asked: row.intel.asked,
      at: iso(row.intel.at),
    },
    first_seen: iso(row.first_seen),
    last_seen: iso(row.last_seen),
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
  }
}

/** What belongs to an incident beside its row. */
export interface IncidentParts {
  previousId: number | null
  evidence: EvidenceRow[]
  sources: { src_ip: string; events: number; confidence: number; first_seen: EpochMs; last_seen: EpochMs }[]
  audit: { at: EpochMs; actor: string; action: string; detail: Record<string, unknown> }[]
  /** Newest first. */
  verdicts: VerdictRow[]
  sample: typeof trainingSamples.$inferSelect | null
}

/** An incident as the API gives it alone, as much of it as `role` may see. */
export function incidentDetailJson(
  row: IncidentRow,
  parts: IncidentParts,
  facts: ModelFacts,
  role: Role,
): z.input<typeof IncidentDetail> {
  const { features: _features, contributions: _contributions, probabilities, ...summary } = row
  return {
    ...incidentJson(summary),
    previous_id: parts.previousId,
    council: incidentCouncilJson(row),
    verdicts: parts.verdicts.map(({ trust, actor, at, verdict, label, comment }) => ({
      by: trust,
      actor,
      at: iso(at),
      verdict,
      label,
      comment,
    })),
    training_sample: parts.sample && {
      ml_prediction: parts.sample.ml_prediction,
      correct_label: parts.sample.correct_label,
      trust: parts.sample.trust,
      labelled_by: parts.sample.labelled_by,
      labelled_at: iso(parts.sample.labelled_at),
      was_override: parts.sample.was_override,
      used_for_training: parts.sample.used_for_training,
    },
    features: featureLines(row, facts).map(({ name, group, value, unit, usual, usualRange, absent, contribution }) => ({
      name,
      group,
      value,
      unit,
      usual,
      usual_range: usualRange,
      absent,
      contribution,
    })),
    probabilities,
    members: row.triage_note.votes,
    evidence: parts.evidence.map((event) => {
      const { withheld: _, ts, matched, event: canonical, ...rest } = evidenceFor(role, event)
      return {
        ...rest,
        ts: iso(ts),
        event: { ...canonical, ts: iso(canonical.ts) },
        matched: matched.map((m) => m.field),
      }
    }),
    sources: parts.sources.map(({ src_ip, events, confidence, first_seen, last_seen }) => ({
      src_ip,
      events,
      confidence,
      first_seen: iso(first_seen),
      last_seen: iso(last_seen),
    })),
    // No response part exists, so nothing was done.
    actions: [],
    audit: parts.audit.map(({ at, actor, action, detail }) => ({ at: iso(at), actor, action, detail })),
  }
}
