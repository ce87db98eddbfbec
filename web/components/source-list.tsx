import type { FC } from 'hono/jsx'
import type { EpochMs } from '../../core/time.ts'
import { count, percent } from '../format.ts'
import { incidentHref, sourceHref } from './incident-link.tsx'
import { LogText } from './log-text.tsx'
import { Time } from './time.tsx'

export interface CampaignSources {
  /** All of them. */
  total: number
  /** What the address must hold; empty shows those with most events. */
  text: string
  /** As many as the page shows at most. */
  shown: {
    src_ip: string
    events: number
    confidence: number
    first_seen: EpochMs
    last_seen: EpochMs
  }[]
}

export const SourceList: FC<{ sources: CampaignSources; incidentId: number }> = ({ sources, incidentId }) => (
  <>
    <search>
      <form class="filters" method="get" action={`${incidentHref(incidentId)}#sources`}>
        <label>
          Address holds
          <input name="source" value={sources.text} maxlength={64} />
        </label>
        <button type="submit">Search</button>
      </form>
    </search>
    <p>
      {sources.text === ''
        ? `The first ${count(sources.shown.length)} of ${count(sources.total)}, most events first.`
        : `${count(sources.shown.length)} of ${count(sources.total)} are like this.`}
    </p>
    <div class="scroll tall">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col" class="number">
              Events
            </th>
            <th scope="col" class="number">
              Confidence
            </th>
            <th scope="col">First seen</th>
            <th scope="col">Last seen</th>
          </tr>
        </thead>
        <tbody>
          {sources.shown.map((source) => (
            <tr>
              <td class="source">
                <a class="address" href={sourceHref(source.src_ip)}>
                  <LogText text={source.src_ip} />
                </a>
              </td>
              <td class="number">{count(source.events)}</td>
              <td class="number">{percent(source.confidence)}</td>
              <td>
                <Time at={source.first_seen} />
              </td>
              <td>
                <Time at={source.last_seen} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </>
)
