import { z } from '@hono/zod-openapi'
import { ANALYST_VERDICTS } from '../../core/incidents/analyst-verdict.ts'
import { INCIDENT_ORDERS } from '../../core/incidents/query.ts'
import { FINDING_KINDS } from '../../core/intel/finding.ts'
import { INCIDENT_STATUSES, ROUTES, TRUSTS } from '../../core/store/schema.ts'
import { SEVERITIES } from '../../core/taxonomy.ts'
import { IncidentCouncil } from './council-schemas.ts'

/** What the API says of incidents: the source of /openapi.json. */

const Time = z.iso.datetime().openapi({ description: 'ISO 8601, UTC' })
const Share = z.number().min(0).max(1)
const SevenShares = z.array(Share).length(7).openapi({ description: 'By class id, 0 to 6' })
const Address = z.string().openapi({ example: '203.0.113.7' })

export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
  })
  .openapi('Problem', { description: 'RFC 9457 problem document' })

export const Incident = z
  .object({
    id: z.number().int(),
    kind: z.enum(['source', 'campaign']),
    src_ip: Address.openapi({ description: 'The source; of a campaign the strongest one' }),
    sources_count: z.number().int(),
    status: z.enum(INCIDENT_STATUSES),
    assignee: z.string().nullable(),
    threat_class: z.number().int().min(0).max(6),
    threat_category: z.string(),
    class_family: z.string(),
    severity: z.enum(SEVERITIES),
    escalation_level: z.string(),
    risk_score: z.number().min(0).max(100),
    peak_risk: z.number().min(0).max(100),
    ml_confidence: Share,
    anomaly_score: Share,
    route: z.enum(ROUTES),
    verification: z.enum(['model-trusted', 'verified', 'not-yet-verified']),
    uncertain: z.boolean().openapi({ description: 'No class reached its threshold' }),
    opened_by: z.enum(['prediction', 'accumulated-evidence', 'campaign']),
    containment_method: z.string().nullable(),
    council_verdict: z.string().nullable(),
    council_confidence: z.number().nullable(),
    council_reasoning: z.string().nullable(),
    analyst_verdict: z
      .enum(ANALYST_VERDICTS)
      .nullable()
      .openapi({ description: 'The newest of the analysts; null: none, or taken back' }),
    analyst_class: z
      .number()
      .int()
      .min(0)
      .max(6)
      .nullable()
      .openapi({ description: 'The class that it says is right' }),
    routing_path: z.array(z.string()),
    api_calls_made: z.array(z.string()),
    processing_time_ms: z.number().nullable(),
    gemini_analysis: z.unknown().nullable(),
    grok_intel: z.unknown().nullable(),
    openai_remediation: z.unknown().nullable(),
    triage_note: z.object({
      indicators: z.array(
        z.object({
          feature: z.string(),
          value: z.number().nullable(),
          unit: z.string(),
          usual: z.number().nullable(),
          contribution: z.number(),
        }),
      ),
      votes: z.object({ forest: z.array(Share), boosting: z.array(Share), network: z.array(Share) }),
      missing: z.array(z.string()),
    }),
    model_version: z.string(),
    schema_hash: z.string(),
    events_count: z.number().int(),
    targets: z.array(
      z.object({ host: z.string().nullable(), port: z.number().int().nullable(), events: z.number().int() }),
    ),
    sensors: z.array(z.string()),
    intel: z
      .object({
        findings: z.array(
          z.object({
            kind: z.enum(FINDING_KINDS),
            source: z.string().openapi({ description: 'The list or provider that says it' }),
            subject: z.string(),
            score: Share.nullable().openapi({
              description: 'How sure it is that the subject is bad; null without a number',
            }),
            value: z.string(),
            detail: z.string(),
            as_of: Time,
            licence: z.string().nullable(),
            expires: Time.nullable(),
          }),
        ),
        asked: z
          .array(z.string())
          .openapi({ description: 'Sources that were asked; without a finding they know nothing' }),
        at: Time,
      })
      .nullable()
      .openapi({ description: 'What threat intelligence knew at judgement; null where it was not asked' }),
    reopened_count: z.number().int(),
    first_seen: Time,
    last_seen: Time,
    created_at: Time,
    updated_at: Time,
  })
  .openapi('Incident')

export const IncidentDetail = Incident.extend({
  previous_id: z.number().int().nullable(),
  council: IncidentCouncil,
  verdicts: z
    .array(
      z.object({
        by: z.enum(['analyst', 'council']),
        actor: z.string(),
        at: Time,
        verdict: z.string().nullable().openapi({ description: 'Null: what analysts had said was taken back' }),
        label: z
          .string()
          .nullable()
          .openapi({ description: 'The class that it says is right; null where it names none' }),
        comment: z.string().nullable(),
      }),
    )
    .openapi({ description: 'What council and analysts said, newest first' }),
  training_sample: z
    .object({
      ml_prediction: z.string(),
      correct_label: z.string().nullable().openapi({ description: 'Null: it teaches nothing' }),
      trust: z.enum(TRUSTS),
      labelled_by: z.string(),
      labelled_at: Time,
      was_override: z.boolean(),
      used_for_training: z.boolean(),
    })
    .nullable()
    .openapi({ description: 'What the learning loop has of it; null where it has none' }),
  features: z.array(
    z.object({
      name: z.string().nullable().openapi({ description: 'Null where the incident has another feature schema' }),
      group: z.string().nullable(),
      value: z.number().nullable().openapi({ description: 'Null where absent' }),
      unit: z.string().nullable(),
      usual: z.number().nullable().openapi({ description: 'Median of ordinary windows' }),
      usual_range: z
        .tuple([z.number(), z.number()])
        .nullable()
        .openapi({ description: '5th to 95th percentile of ordinary windows' }),
      absent: z.string().nullable().openapi({ description: 'Why there is no value' }),
      contribution: z.number().nullable(),
    }),
  ),
  probabilities: SevenShares,
  members: z.object({ forest: z.array(Share), boosting: z.array(Share), network: z.array(Share) }),
  evidence: z.array(
    z.object({
      n: z.number().int(),
      ts: Time,
      sensor: z.string(),
      stream: z.string(),
      format: z.string(),
      event: z.record(z.string(), z.unknown()),
      original: z
        .string()
        .nullable()
        .openapi({ description: 'The line as it arrived; null where it holds a password and the asker is a viewer' }),
      matched: z.array(z.string()),
    }),
  ),
  sources: z
    .array(
      z.object({
        src_ip: Address,
        events: z.number().int(),
        confidence: Share,
        first_seen: Time,
        last_seen: Time,
      }),
    )
    .openapi({ description: 'Of a campaign: the 200 with most events' }),
  actions: z.array(z.unknown()).openapi({ description: 'What was done to the source' }),
  audit: z.array(
    z.object({ at: Time, actor: z.string(), action: z.string(), detail: z.record(z.string(), z.unknown()) }),
  ),
}).openapi('IncidentDetail')

const text = (description: string, example?: string) => z.string().optional().openapi({ description, example })

/** As the address has it; core/incidents/query.ts reads it. */
export const IncidentListParameters = z.object({
  status: text(`Comma-separated: ${INCIDENT_STATUSES.join(', ')}, or open, or all`, 'open'),
  class: text('Comma-separated class ids, 0 to 6', '3,4'),
  severity: text(`Comma-separated: ${SEVERITIES.join(', ')}`, 'high,critical'),
  src_ip: text('An address: its own incidents and campaigns that it takes part in', '203.0.113.7'),
  q: text('Text in source, class, targets, sensors or assignee'),
  from: text('Created at or after this ISO 8601 time; without a zone it is UTC', '2026-11-24T00:00Z'),
  to: text('Created before this time'),
  sort: text(`One of ${INCIDENT_ORDERS.join(', ')}`, 'newest'),
  cursor: text('`next` of the page before'),
  limit: text('Items a page, 1 to 200; 50 when absent', '50'),
})

export const IncidentParameters = z.object({
  id: z
    .string()
    .regex(/^\d{1,15}$/, 'an incident is named by its number')
    .openapi({ param: { name: 'id', in: 'path' }, example: '12' }),
})
