import type { FC } from 'hono/jsx'
import type { EvidenceView } from '../../core/incidents/evidence-view.ts'
import { count } from '../format.ts'
import { evidenceAnchor } from './incident-link.tsx'
import { LogText } from './log-text.tsx'

/** Longer lines are cut in a list of five hundred; their own page has them whole. */
const MOST_SHOWN = 400

/** Events in compact rows: when, where seen, what, and the line as it arrived with the fields that matter marked. */
export const EvidenceTable: FC<{ events: EvidenceView[]; href: string }> = ({ events, href }) => (
  <div class="scroll">
    <table class="list evidence cards" data-zone="in-head">
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">
            Time <small class="zone">UTC</small>
          </th>
          <th scope="col">Seen by</th>
          <th scope="col">Event</th>
          <th scope="col">Original line</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <EvidenceRow event={event} href={href} />
        ))}
      </tbody>
    </table>
  </div>
)

const EvidenceRow: FC<{ event: EvidenceView; href: string }> = ({ event, href }) => {
  const line = event.original?.slice(0, MOST_SHOWN) ?? null
  return (
    <tr id={evidenceAnchor(event.n)}>
      <td data-label="#">
        <a href={`${href}/${event.n}`}>{event.n}</a>
      </td>
      <td data-label="Time">
        <EvidenceTime ts={event.ts} />
      </td>
      <td data-label="Seen by">
        <LogText text={event.sensor} />
        {event.stream === '' ? null : (
          <small>
            <LogText text={event.stream} />
          </small>
        )}
      </td>
      <td data-label="Event">
        <LogText text={event.event.event_type} />
        <small>
          <LogText text={toward(event)} values={markedValues(event)} />
        </small>
        <Unseen event={event} line={line} />
      </td>
      <td class="line">
        {line === null ? (
          <Withheld />
        ) : (
          <code>
            <LogText text={line} values={markedValues(event)} />
          </code>
        )}
        {event.original !== null && event.original.length > MOST_SHOWN ? (
          <a href={`${href}/${event.n}`} class="more">
            {count(event.original.length - MOST_SHOWN)} more characters
          </a>
        ) : null}
      </td>
    </tr>
  )
}

/** Matched fields that cannot be marked in the line that is shown: they are cut off, or written in another way. */
const Unseen: FC<{ event: EvidenceView; line: string | null }> = ({ event, line }) => (
  <>
    {event.matched
      .filter(({ field, value }) => value !== null && !OWN_PLACE.has(field) && !line?.includes(value))
      .map(({ field, value }) => (
        <small>
          {field}{' '}
          <mark>
            <LogText text={cut(value!)} />
          </mark>
        </small>
      ))}
  </>
)

export const Withheld: FC = () => (
  <span class="absent">withheld: it holds a password that was tried, which analysts may see</span>
)

/** What to mark in the line: a single digit would be found everywhere. */
export const markedValues = (event: EvidenceView): string[] =>
  event.matched.flatMap(({ field, value }) => (value === null || value.length < 2 || field === 'ts' ? [] : [value]))

/** Fields that a row shows anyway. */
const OWN_PLACE = new Set(['ts', 'event_type', 'dst_ip', 'dst_port'])

const LONGEST_VALUE = 60
const cut = (value: string): string => (value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE)}…` : value)

/** Milliseconds are shown: order within a second matters in evidence. */
const EvidenceTime: FC<{ ts: number }> = ({ ts }) => {
  const iso = new Date(ts).toISOString()
  return <time datetime={iso}>{iso.slice(0, 23).replace('T', ' ')}</time>
}

function toward({ event }: EvidenceView): string {
  const port = event.dst_port === undefined ? '' : `port ${event.dst_port}`
  const host = event.dst_ip ?? event.http?.host ?? event.tls?.sni ?? ''
  const where = `${host} ${port}`.trim()
  return where === '' ? '' : `to ${where}`
}
