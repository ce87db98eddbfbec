import { routeOf } from '../ensemble/decide.ts'
import { strongestIndicators } from '../ensemble/indicators.ts'
import type { Classifier } from '../ensemble/prediction.ts'
import { FEATURES, SCHEMA_HASH } from '../features/schema.ts'
import { CLASSES } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import type { Campaign, CampaignSource } from './campaign.ts'
import type { CampaignSourceRow } from './messages.ts'
import { type IncidentRow, NOT_VERIFIED, shortest } from './record.ts'
import { escalationOf } from './risk.ts'
import { routingPath } from './standing.ts'
import { unpackDetail } from './thin-detail.ts'

const BASE_RISK = { none: 0, low: 20, medium: 40, high: 60, critical: 80 } as const

/**
 * The incident of a campaign. Its prediction is that of the strongest source's window; its probability speaks of the
 * class, its number of sources of the size.
 */
export function campaignIncident(
  campaign: Campaign,
  sensor: string,
  model: Pick<Classifier, 'manifest' | 'explain'>,
  now: EpochMs,
): IncidentRow {
  const { strongest, threatClass } = campaign
  const { features, probabilities, votes } = unpackDetail(strongest.detail ?? '')
  const { name, family, severity } = CLASSES[threatClass]
  const contributions = model.explain(features, threatClass)
  const route = routeOf(strongest.confidence)
  const spread = Math.min(20, 2 * Math.log2(campaign.sources.size))
  const risk = Math.round(10 * Math.min(100, strongest.confidence * (BASE_RISK[severity] + spread))) / 10
  return {
    incident_key: campaign.key,
    revision: campaign.revision,
    kind: 'campaign',
    src_ip: strongest.source,
    sources_count: campaign.sources.size,
    escalation_level: escalationOf(severity),
    severity,
    risk_score: risk,
    // The most certain source only ever grows more certain, so the present risk is the peak.
    peak_risk: risk,
    threat_class: threatClass,
    threat_category: name,
    class_family: family,
    ml_confidence: strongest.confidence,
    anomaly_score: strongest.anomaly,
    route,
    uncertain: strongest.uncertain,
    opened_by: 'campaign',
    containment_method: null,
    council_verdict: null,
    council_reasoning: null,
    council_confidence: null,
    routing_path: [...routingPath(route), 'campaign'],
    api_calls_made: [],
    processing_time_ms: null,
    gemini_analysis: null,
    grok_intel: null,
    openai_remediation: null,
    triage_note: {
      indicators: strongestIndicators(contributions, features, model.manifest.usual, FEATURES),
      votes,
      missing: route === 'TRUST' ? [] : [NOT_VERIFIED],
    },
    probabilities: probabilities.map(shortest),
    features: Array.from(features, (value) => (Number.isNaN(value) ? null : shortest(value))),
    contributions: Array.from(contributions, shortest),
    model_version: model.manifest.version,
    schema_hash: SCHEMA_HASH,
    events_count: campaign.events,
    targets: campaign.targets.list(),
    // Its sources are looked up one by one where they have incidents of their own.
    intel: null,
    sensors: [sensor],
    previous_key: null,
    first_seen: Math.floor(campaign.firstTs),
    last_seen: Math.floor(campaign.lastTs),
    created_at: now,
    updated_at: now,
  }
}

export const campaignSourceRow = (key: string, source: string, seen: CampaignSource): CampaignSourceRow => ({
  incident_key: key,
  src_ip: source,
  events: seen.events,
  confidence: seen.confidence,
  first_seen: Math.floor(seen.firstTs),
  last_seen: Math.floor(seen.lastTs),
})
