import type { FC } from 'hono/jsx'
import { type EvidenceView, eventFields } from '../../core/incidents/evidence-view.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { EvidenceTable, markedValues, Withheld } from '../components/evidence-table.tsx'
import { IncidentHeader } from '../components/incident-header.tsx'
import { incidentHref } from '../components/incident-link.tsx'
import { Layout, type Viewer } from '../components/layout.tsx'
import { LogText } from '../components/log-text.tsx'
import { Time } from '../components/time.tsx'
import { count } from '../format.ts'

export const EvidencePage: FC<{ incident: IncidentRow; events: EvidenceView[]; viewer: Viewer }> = ({
  incident,
  events,
  viewer,
}) => (
  <Layout title={`Evidence of #${incident.id}`} viewer={viewer} place="incidents">
    <IncidentHeader incident={incident} tab="evidence" evidence={events.length} />
    <section aria-labelledby="evidence">
      <h2 id="evidence">
        {count(events.length)} of {count(Math.max(incident.events_count, events.length))} events
      </h2>
      {events.length === 0 ? (
        <p class="empty">No event is kept with this incident.</p>
      ) : (
        <>
          <p class="hint">
            Chosen to represent all. Lines stand as they arrived; characters that cannot be seen are named, as{' '}
            <span class="hidden-character">U+202E</span>. <mark>Marked</mark> is what the strongest indicators rest on.
            Times are in <span class="zone">UTC</span>.
          </p>
          <EvidenceTable events={events} href={incidentHref(incident.id, '/evidence')} />
        </>
      )}
    </section>
  </Layout>
)

/** One event: every field, and its line whole. */
export const EvidenceEventPage: FC<{
  incident: IncidentRow
  event: EvidenceView
  evidence: number
  viewer: Viewer
}> = ({ incident, event, evidence, viewer }) => {
  const matched = new Set(event.matched.map(({ field }) => field))
  return (
    <Layout title={`Event ${event.n} of #${incident.id}`} viewer={viewer} place="incidents">
      <IncidentHeader incident={incident} tab="evidence" evidence={evidence} />
      <section aria-labelledby="event">
        <h2 id="event">Event {event.n}</h2>
        <nav class="paging" aria-label="Events">
          {event.n > 1 ? <a href={incidentHref(incident.id, `/evidence/${event.n - 1}`)}>Previous</a> : null}
          {event.n < evidence ? <a href={incidentHref(incident.id, `/evidence/${event.n + 1}`)}>Next</a> : null}
          <a href={incidentHref(incident.id, '/evidence')}>All events</a>
        </nav>
        <p>
          <Time at={event.ts} />, seen by <LogText text={event.sensor} />
          {event.stream === '' ? null : (
            <>
              {' '}
              in <LogText text={event.stream} />
            </>
          )}
          , read as {event.format}
        </p>
        {event.original === null ? (
          <p>
            <Withheld />
          </p>
        ) : (
          <pre class="original">
            <code>
              <LogText text={event.original} values={markedValues(event)} />
            </code>
          </pre>
        )}
        <div class="scroll">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Value</th>
              </tr>
            </thead>
            <tbody>
              {eventFields(event.event)
                .filter(({ field }) => field !== 'ts')
                .map(({ field, value }) => (
                  <tr>
                    <th scope="row">
                      <code class="field">
                        <LogText text={field} />
                      </code>
                    </th>
                    <td class="value">
                      {matched.has(field) ? (
                        <mark>
                          <LogText text={value} />
                        </mark>
                      ) : (
                        <LogText text={value} />
                      )}
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </section>
    </Layout>
  )
}
