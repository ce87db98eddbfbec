import type { FC } from 'hono/jsx'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { ClassTable } from '../components/class-table.tsx'
import { EvidenceTable } from '../components/evidence-table.tsx'
import { FeatureTable } from '../components/feature-table.tsx'
import { IncidentHeader } from '../components/incident-header.tsx'
import { incidentHref } from '../components/incident-link.tsx'
import { IndicatorTable } from '../components/indicator-table.tsx'
import { Layout, type Viewer } from '../components/layout.tsx'
import { RuleIndicatorTable } from '../components/rule-indicator-table.tsx'
import { SourceList } from '../components/source-list.tsx'
import { Target } from '../components/target.tsx'
import { count, plural } from '../format.ts'
import { History } from './incident/history.tsx'
import { HowSure } from './incident/how-sure.tsx'
import type { IncidentView } from './incident/view.ts'
import { WhatHappened } from './incident/what-happened.tsx'
import { WhatNow } from './incident/what-now.tsx'
import { WhatOthersKnow } from './incident/what-others-know.tsx'

export const IncidentPage: FC<{ view: IncidentView; viewer: Viewer }> = ({ view, viewer }) => {
  const { incident } = view
  return (
    <Layout
      title={`#${incident.id} ${incident.threat_category} from ${incident.src_ip}`}
      viewer={viewer}
      place="incidents"
    >
      <IncidentHeader incident={incident} tab="overview" evidence={view.evidence.kept} />
      <div class="answers">
        <WhatHappened incident={incident} previousId={view.previousId} />
        <HowSure view={view} />
        <section class="card" aria-labelledby="done">
          <h2 id="done">What was done</h2>
          <p>Nothing was done to the source: Picket has no response part yet, so nothing was blocked.</p>
          <History entries={view.history} />
        </section>
        <WhatNow view={view} viewer={viewer} />
      </div>
      <WhatOthersKnow incident={incident} now={view.now} />
      <section class="card" aria-labelledby="indicators">
        <h2 id="indicators">Why: the strongest indicators</h2>
        <h3>Scenario rules that match</h3>
        <RuleIndicatorTable incident={incident} kept={view.evidence.kept} />
        <h3>Features that moved the prediction most</h3>
        <IndicatorTable incident={incident} definitions={view.definitions} />
      </section>
      <section class="card" aria-labelledby="classes">
        <h2 id="classes">What the models say</h2>
        <ClassTable classes={view.classes} modelAtHand={view.modelAtHand} modelVersion={incident.model_version} />
      </section>
      {view.sources === null ? null : (
        <section class="card" id="sources" aria-labelledby="sources-title">
          <h2 id="sources-title">Sources of the campaign</h2>
          <SourceList sources={view.sources} incidentId={incident.id} />
        </section>
      )}
      <Targets incident={incident} />
      <section class="card" aria-labelledby="first-events">
        <h2 id="first-events">Evidence</h2>
        {view.evidence.kept === 0 ? (
          <p class="empty">No event is kept with this incident.</p>
        ) : (
          <>
            <EvidenceTable events={view.evidence.first} href={incidentHref(incident.id, '/evidence')} />
            <p>
              <a href={incidentHref(incident.id, '/evidence')}>
                All {plural(view.evidence.kept, 'event')} kept of{' '}
                {count(Math.max(incident.events_count, view.evidence.kept))}
              </a>
            </p>
          </>
        )}
      </section>
      <section class="card" id="features" aria-labelledby="features-title">
        <h2 id="features-title">All {view.features.length} features of the window that decided</h2>
        <FeatureTable features={view.features} />
      </section>
    </Layout>
  )
}

const Targets: FC<{ incident: IncidentRow }> = ({ incident }) =>
  incident.targets.length === 0 ? null : (
    <section class="card" aria-labelledby="targets">
      <h2 id="targets">Targets that this source turned to most</h2>
      <ul class="targets">
        {incident.targets.map((target) => (
          <li>
            <Target target={target} /> <span class="number">{plural(target.events, 'event')}</span>
          </li>
        ))}
      </ul>
    </section>
  )
