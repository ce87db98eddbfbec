import type { FC } from 'hono/jsx'
import type { IncidentSummary } from '../../core/incidents/view.ts'
import { INCIDENT_STATUSES } from '../../core/store/schema.ts'
import { CLASSES, SEVERITIES } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'
import { Confidence, SeverityBadge, StatusBadge } from '../components/badges.tsx'
import { incidentHref, Source } from '../components/incident-link.tsx'
import { Layout, type Viewer } from '../components/layout.tsx'
import { LogText } from '../components/log-text.tsx'
import { Target } from '../components/target.tsx'
import { Age } from '../components/time.tsx'
import { count } from '../format.ts'

export interface QueueView {
  now: EpochMs
  incidents: IncidentSummary[]
  /** How many match, and whether counting stopped there. */
  matching: { n: number; more: boolean }
  /** The filter as it stands in the address; what is absent is not asked for. */
  asked: Record<string, string>
  /** The same list from after the last row; null at its end. */
  nextHref: string | null
  /** The same list from its beginning; null when this is it. */
  firstHref: string | null
  /** No incident exists at all. */
  nothingYet: boolean
}

export const QueuePage: FC<{ view: QueueView; viewer: Viewer }> = ({ view, viewer }) => (
  <Layout title="Incidents" viewer={viewer} place="incidents">
    <h1>
      Incidents{' '}
      <small>
        {count(view.matching.n)}
        {view.matching.more ? ' and more' : ''} {view.asked.status === undefined ? 'open' : 'match'}
      </small>
    </h1>
    <Filters asked={view.asked} />
    {view.incidents.length === 0 ? <Nothing view={view} /> : <Queue view={view} />}
    <nav class="paging" aria-label="Pages of the list">
      {view.firstHref === null ? null : <a href={view.firstHref}>First page</a>}
      {view.nextHref === null ? null : (
        <a href={view.nextHref} rel="next">
          Next page
        </a>
      )}
    </nav>
  </Layout>
)

const ORDER_NAMES = [
  ['newest', 'newest first'],
  ['oldest', 'oldest first'],
  ['risk', 'highest risk first'],
  ['active', 'last active first'],
  ['events', 'most events first'],
] as const

const Filters: FC<{ asked: Record<string, string> }> = ({ asked }) => (
  <search>
    <form class="filters" method="get" action="/incidents">
      <Choice
        name="status"
        title="Status"
        asked={asked.status ?? 'open'}
        options={[['open', 'open'], ['all', 'any'], ...INCIDENT_STATUSES.map((name) => [name, name] as const)]}
      />
      <Choice
        name="severity"
        title="Severity"
        asked={asked.severity}
        options={[['', 'any'], ...[...SEVERITIES].reverse().map((name) => [name, name] as const)]}
      />
      <Choice
        name="class"
        title="Class"
        asked={asked.class}
        options={[['', 'any'], ...CLASSES.map(({ id, name }) => [String(id), name] as const)]}
      />
      <label>
        Source address
        <input name="src_ip" value={asked.src_ip ?? ''} maxlength={64} />
      </label>
      <label>
        Text
        <input name="q" value={asked.q ?? ''} maxlength={200} placeholder="target, sensor, assignee" />
      </label>
      <label>
        Created from (UTC)
        <input name="from" value={asked.from ?? ''} maxlength={40} placeholder="2026-11-24T08:00" />
      </label>
      <label>
        to
        <input name="to" value={asked.to ?? ''} maxlength={40} />
      </label>
      <Choice name="sort" title="Order" asked={asked.sort} options={ORDER_NAMES} />
      <button type="submit">Apply</button>
      <a class="reset" href="/incidents">
        Reset
      </a>
    </form>
  </search>
)

const Choice: FC<{
  name: string
  title: string
  asked: string | undefined
  options: readonly (readonly [string, string])[]
}> = ({ name, title, asked, options }) => (
  <label>
    {title}
    <select name={name}>
      {options.some(([value]) => value === (asked ?? '')) || asked === undefined ? null : (
        <option value={asked} selected>
          {asked}
        </option>
      )}
      {options.map(([value, text]) => (
        <option value={value} selected={value === asked}>
          {text}
        </option>
      ))}
    </select>
  </label>
)

const Nothing: FC<{ view: QueueView }> = ({ view }) =>
  view.nothingYet ? (
    <p class="empty">
      No incident yet. Post logs with <code>npm run replay -- FILE</code>, or a scripted day of traffic with{' '}
      <code>npm run demo</code>.
    </p>
  ) : (
    <p class="empty">
      No incident is like this. <a href="/incidents?status=all">Show all incidents</a>
    </p>
  )

const Queue: FC<{ view: QueueView }> = ({ view }) => (
  <div class="scroll">
    <table class="list cards">
      <thead>
        <tr>
          <th scope="col">Severity</th>
          <th scope="col">What</th>
          <th scope="col">Source</th>
          <th scope="col">Most hit target</th>
          <th scope="col">Sensors</th>
          <th scope="col">Confidence</th>
          <th scope="col" class="number">
            Events
          </th>
          <th scope="col">Age</th>
          <th scope="col">Status</th>
        </tr>
      </thead>
      <tbody>
        {view.incidents.map((incident) => (
          <QueueRow incident={incident} now={view.now} />
        ))}
      </tbody>
    </table>
  </div>
)

/** The weightiest rule that matches; nothing where none does. */
const TopRule: FC<{ incident: IncidentSummary }> = ({ incident }) => {
  const [top] = incident.triage_note.rules ?? []
  if (!top) return null
  return (
    <small class="top-rule">
      {top.explains === null ? null : 'harmless? '}
      {top.title}
    </small>
  )
}

const QueueRow: FC<{ incident: IncidentSummary; now: EpochMs }> = ({ incident, now }) => (
  <tr>
    <td data-label="Severity">
      <SeverityBadge severity={incident.severity} />
    </td>
    <th scope="row" data-label="What">
      <a href={incidentHref(incident.id)}>{incident.threat_category}</a> <small>#{incident.id}</small>
      <TopRule incident={incident} />
    </th>
    <td class="source" data-label="Source">
      <Source incident={incident} />
    </td>
    <td data-label="Most hit target">
      {incident.targets[0] === undefined ? (
        <span class="absent">none seen</span>
      ) : (
        <Target target={incident.targets[0]} />
      )}
    </td>
    <td data-label="Sensors">
      <LogText text={incident.sensors.slice(0, 3).join(', ')} />
      {incident.sensors.length > 3 ? <small> and {incident.sensors.length - 3} more</small> : null}
    </td>
    <td data-label="Confidence">
      <Confidence incident={incident} />
    </td>
    <td class="number" data-label="Events">
      <a href={incidentHref(incident.id, '/evidence')}>{count(incident.events_count)}</a>
    </td>
    <td data-label="Age">
      <Age at={incident.created_at} now={now} />
    </td>
    <td data-label="Status">
      <StatusBadge status={incident.status} />
      {incident.assignee === null ? null : (
        <small>
          {' '}
          <LogText text={incident.assignee} />
        </small>
      )}
    </td>
  </tr>
)
