import type { IncidentRow } from '../incidents/view.ts'
import type { Finding } from '../intel/finding.ts'
import type { ClassId } from '../taxonomy.ts'
import { findAddressedText } from './addressed-text.ts'
import { chooseEvents } from './choose-events.ts'
import type { EvidencePack, PackEvent, ScenarioHit } from './evidence-pack.ts'
import type { SimilarCase } from './memory/past-case.ts'

/** What of an incident's row a pack is made from. */
export type PackIncident = Pick<
  IncidentRow,
  | 'id'
  | 'incident_key'
  | 'kind'
  | 'src_ip'
  | 'sources_count'
  | 'first_seen'
  | 'last_seen'
  | 'events_count'
  | 'targets'
  | 'threat_class'
  | 'ml_confidence'
  | 'uncertain'
  | 'anomaly_score'
  | 'route'
  | 'probabilities'
  | 'features'
  | 'schema_hash'
  | 'triage_note'
  | 'model_version'
>

/** What others know of the case; absent parts are told as such. */
export interface PackKnowledge {
  scenarioHits: ScenarioHit[]
  similar: SimilarCase[]
  intel: Finding[] | null
}

/** Kinds of event that are counted by name. */
const MOST_TYPES = 20

/** The pack of an incident and all of its kept evidence. */
export function assemblePack(
  incident: PackIncident,
  evidence: readonly PackEvent[],
  { scenarioHits, similar, intel }: PackKnowledge,
): EvidencePack {
  const shown = chooseEvents(evidence)
  const byType = new Map<string, number>()
  for (const { event } of evidence) byType.set(event.event_type, (byType.get(event.event_type) ?? 0) + 1)
  return {
    incidentKey: incident.incident_key,
    incidentId: incident.id,
    kind: incident.kind,
    source: incident.src_ip,
    sourcesCount: incident.sources_count,
    firstSeen: incident.first_seen,
    lastSeen: incident.last_seen,
    counts: {
      // The evidence may have been written after the row that was read.
      seen: Math.max(incident.events_count, evidence.length),
      kept: evidence.length,
      shown: shown.length,
    },
    targets: incident.targets,
    prediction: {
      threatClass: incident.threat_class as ClassId,
      confidence: incident.ml_confidence,
      uncertain: incident.uncertain,
      anomaly: incident.anomaly_score,
      route: incident.route,
      probabilities: incident.probabilities,
      votes: incident.triage_note.votes,
      modelVersion: incident.model_version,
    },
    window: {
      schemaHash: incident.schema_hash,
      features: incident.features,
      probabilities: incident.probabilities,
      predictedClass: incident.threat_class as ClassId,
    },
    indicators: incident.triage_note.indicators,
    byType: [...byType]
      .map(([eventType, events]) => ({ eventType, events }))
      .sort((a, b) => b.events - a.events || (a.eventType < b.eventType ? -1 : 1))
      .slice(0, MOST_TYPES),
    scenarioHits,
    similar,
    intel,
    addressed: findAddressedText(evidence),
    shown,
  }
}

/** The pack with one more slice of events, which the judge asked for. */
export function withSlice(pack: EvidencePack, slice: readonly PackEvent[]): EvidencePack {
  const shown = [...pack.shown, ...slice].sort((a, b) => a.ts - b.ts || a.n - b.n)
  return { ...pack, shown, counts: { ...pack.counts, shown: shown.length } }
}
