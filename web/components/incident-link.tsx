import type { FC } from 'hono/jsx'
import { plural } from '../format.ts'
import { LogText } from './log-text.tsx'

export const incidentHref = (id: number, part = ''): string => `/incidents/incident/${id}${part}`
export const sourceHref = (source: string): string => `/incidents?status=all&src_ip=${encodeURIComponent(source)}`

/** A citation: jumps to the event's row among the evidence. */
export const EvidenceLink: FC<{ incidentId: number; n: number }> = ({ incidentId, n }) => (
  <a href={incidentHref(incidentId, `/evidence#${evidenceAnchor(n)}`)}>E{n}</a>
)
export const evidenceAnchor = (n: number): string => `E${n}`

/** The source of an incident; for a campaign the strongest one, with how many there are. */
export const Source: FC<{ incident: { kind: string; src_ip: string; sources_count: number } }> = ({ incident }) => (
  <span>
    <a class="address" href={sourceHref(incident.src_ip)}>
      <LogText text={incident.src_ip} />
    </a>{' '}
    {incident.kind === 'campaign' ? (
      <small class="sources">and {plural(incident.sources_count - 1, 'more source')}</small>
    ) : null}
  </span>
)
