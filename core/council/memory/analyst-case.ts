import type { IncidentRow } from '../../incidents/view.ts'
import type { ClassId } from '../../taxonomy.ts'
import type { AnalystWord, PastCase } from './past-case.ts'

/**
 * What an analyst says of an incident as a case of its own: also of one that no verifier looked at, and of the window as it
 * is now. Null for a campaign: the window of its strongest source does not stand for it.
 */
export function analystCase(
  incident: Pick<
    IncidentRow,
    'id' | 'incident_key' | 'kind' | 'schema_hash' | 'features' | 'probabilities' | 'threat_class'
  >,
  { verdict, threatClass, who, at }: AnalystWord,
): PastCase | null {
  if (incident.kind === 'campaign') return null
  return {
    schemaHash: incident.schema_hash,
    features: incident.features,
    probabilities: incident.probabilities,
    predictedClass: incident.threat_class as ClassId,
    incidentKey: incident.incident_key,
    incidentId: incident.id,
    // A person is not counted among the council's cases; see CaseMemoryPort.remember.
    round: 0,
    verdict,
    threatClass,
    confidence: 1,
    by: 'analyst',
    who,
    at,
    isReused: false,
  }
}
