import type { Context } from 'hono'
import { AuditReader } from '../../adapters/d1/audit-reader.ts'
import { IncidentReader } from '../../adapters/d1/incident-reader.ts'
import { IncidentVerdicts } from '../../adapters/d1/incident-verdicts.ts'
import { allows } from '../../core/auth/role.ts'
import { evidenceFor } from '../../core/incidents/evidence-view.ts'
import { classLines, featureLines, type IncidentRow, modelIsAtHand } from '../../core/incidents/view.ts'
import type { IncidentView } from '../../web/pages/incident/view.ts'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'

/** Events that the overview shows; the rest is on the evidence tab. */
const FIRST_EVENTS = 5
const MOST_SOURCES = 200
const MOST_HISTORY = 100
const MOST_VERDICTS = 20

/** All that the overview of an incident shows. `sourceText` is looked for among a campaign's sources. */
export async function incidentView(
  c: Context<AppEnv>,
  incident: IncidentRow,
  sourceText: string,
): Promise<IncidentView> {
  const { db, now, parts } = c.var
  const { role } = whoOf(c)
  const reader = new IncidentReader(db)
  const key = incident.incident_key
  const [previousId, events, kept, sources, history, verdicts] = await Promise.all([
    incident.previous_key === null ? null : reader.idOf(incident.previous_key),
    reader.evidence(key, FIRST_EVENTS),
    reader.evidenceCount(key),
    incident.kind === 'campaign' ? reader.sources(key, sourceText, MOST_SOURCES) : null,
    new AuditReader(db).ofIncident(incident, MOST_HISTORY),
    new IncidentVerdicts(db).ofIncident(key, MOST_VERDICTS),
  ])
  const modelAtHand = modelIsAtHand(incident, parts)
  return {
    now,
    incident,
    previousId,
    classes: classLines(incident, parts),
    features: featureLines(incident, parts),
    definitions: new Map(parts.features.map(({ name, definition }) => [name, definition])),
    modelAtHand,
    anomalyThreshold: modelAtHand ? parts.manifest!.anomaly_threshold : null,
    evidence: { first: events.map((event) => evidenceFor(role, event)), kept },
    sources: sources && { total: incident.sources_count, text: sourceText, shown: sources },
    history,
    verdicts,
    mayChange: allows(role, 'analyst'),
  }
}
