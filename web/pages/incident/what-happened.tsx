import type { FC } from 'hono/jsx'
import { explainOpening } from '../../../core/incidents/explain.ts'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import { incidentHref, sourceHref } from '../../components/incident-link.tsx'
import { LogText } from '../../components/log-text.tsx'
import { Target } from '../../components/target.tsx'
import { Time } from '../../components/time.tsx'
import { duration, plural } from '../../format.ts'

/** A sentence of measured facts, and nothing else. */
export const WhatHappened: FC<{ incident: IncidentRow; previousId: number | null }> = ({ incident, previousId }) => {
  const [first, ...others] = incident.targets
  return (
    <section class="card" aria-labelledby="happened">
      <h2 id="happened">What happened</h2>
      <p class="sentence">
        <Who incident={incident} /> sent {plural(incident.events_count, 'event')}
        {first === undefined ? null : (
          <>
            {others.length === 0 ? ' to ' : ', mostly to '}
            <Target target={first} />
          </>
        )}{' '}
        between <Time at={incident.first_seen} /> and <Time at={incident.last_seen} />
        {incident.last_seen > incident.first_seen ? ` (${duration(incident.last_seen - incident.first_seen)})` : null},
        seen by {incident.sensors.length === 1 ? 'sensor' : 'the sensors'}{' '}
        <LogText text={incident.sensors.join(', ')} />.
      </p>
      <p>{explainOpening(incident.opened_by)}</p>
      {incident.reopened_count > 0 ? <p>It was opened again {plural(incident.reopened_count, 'time')}.</p> : null}
      {previousId === null ? null : (
        <p>
          <a href={incidentHref(previousId)}>The previous incident, #{previousId}</a>
        </p>
      )}
      <p>
        <a href={sourceHref(incident.src_ip)}>All incidents of this source</a>
      </p>
    </section>
  )
}

const Who: FC<{ incident: IncidentRow }> = ({ incident }) =>
  incident.kind === 'campaign' ? (
    <>
      <a href="#sources">{plural(incident.sources_count, 'source')}</a>, the strongest of them{' '}
      <span class="address">
        <LogText text={incident.src_ip} />
      </span>
      ,
    </>
  ) : (
    <span class="address">
      <LogText text={incident.src_ip} />
    </span>
  )
