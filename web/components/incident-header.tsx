import type { FC } from 'hono/jsx'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { count } from '../format.ts'
import { Confidence, SeverityBadge, StatusBadge } from './badges.tsx'
import { incidentHref, Source } from './incident-link.tsx'
import { LogText } from './log-text.tsx'

export type IncidentTab = 'overview' | 'council' | 'evidence'

/** Source, class, risk, status and confidence, then the tabs. */
export const IncidentHeader: FC<{ incident: IncidentRow; tab: IncidentTab; evidence: number }> = ({
  incident,
  tab,
  evidence,
}) => (
  <>
    <header class="incident-header">
      <p class="trail">
        <a href="/incidents">Incidents</a> / #{incident.id}
      </p>
      <h1>
        {incident.threat_category} <small>from</small> <Source incident={incident} />
      </h1>
      <p class="facts">
        <SeverityBadge severity={incident.severity} />
        <StatusBadge status={incident.status} />
        <Confidence incident={incident} />
        <span>
          risk <b>{Math.round(incident.risk_score)}</b> now, {Math.round(incident.peak_risk)} at its peak
        </span>
        <span>
          {incident.assignee === null ? (
            'nobody assigned'
          ) : (
            <>
              assigned to <LogText text={incident.assignee} />
            </>
          )}
        </span>
      </p>
    </header>
    <nav class="tabs" aria-label="Parts of the incident">
      <a class="tab" href={incidentHref(incident.id)} aria-current={tab === 'overview' ? 'page' : undefined}>
        Overview
      </a>
      <a class="tab" href={incidentHref(incident.id, '/council')} aria-current={tab === 'council' ? 'page' : undefined}>
        Council
      </a>
      <a
        class="tab"
        href={incidentHref(incident.id, '/evidence')}
        aria-current={tab === 'evidence' ? 'page' : undefined}
      >
        Evidence <small>{count(evidence)}</small>
      </a>
    </nav>
  </>
)
