import type { FC } from 'hono/jsx'
import { CLASSES } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'
import { sourceHref } from '../components/incident-link.tsx'
import { Layout, type Viewer } from '../components/layout.tsx'
import { LogText } from '../components/log-text.tsx'
import { Time } from '../components/time.tsx'
import { count, percent, plural } from '../format.ts'

export interface BackgroundView {
  total: number
  text: string
  threatClass: number | null
  /** Newest first, as many as the page shows at most. */
  sources: {
    src_ip: string
    threat_class: number
    windows: number
    events: number
    confidence: number
    first_seen: EpochMs
    last_seen: EpochMs
  }[]
  most: number
}

export const BackgroundPage: FC<{ view: BackgroundView; viewer: Viewer }> = ({ view, viewer }) => (
  <Layout title="Background" viewer={viewer} place="background">
    <h1>Background</h1>
    <p class="lead">
      {plural(view.total, 'source')} with evidence too thin for an incident of their own. They are counted and can be
      searched here; they fill no queue. Many that do the same to one target become a campaign incident.
    </p>
    <search>
      <form class="filters" method="get" action="/background">
        <label>
          Address holds
          <input name="q" value={view.text} maxlength={64} />
        </label>
        <label>
          Class
          <select name="class">
            <option value="">any</option>
            {CLASSES.map(({ id, name }) => (
              <option value={id} selected={view.threatClass === id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Search</button>
      </form>
    </search>
    {view.sources.length === 0 ? (
      <p class="empty">
        {view.total === 0 ? 'No thin source has been counted yet.' : 'No background source is like this.'}
      </p>
    ) : (
      <>
        <div class="scroll">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col">Looks like</th>
                <th scope="col" class="number">
                  Events
                </th>
                <th scope="col" class="number">
                  Windows
                </th>
                <th scope="col" class="number">
                  Highest confidence
                </th>
                <th scope="col">Last seen</th>
              </tr>
            </thead>
            <tbody>
              {view.sources.map((source) => (
                <tr>
                  <td class="source">
                    <a class="address" href={sourceHref(source.src_ip)}>
                      <LogText text={source.src_ip} />
                    </a>
                  </td>
                  <td>{CLASSES[source.threat_class]?.name ?? `class ${source.threat_class}`}</td>
                  <td class="number">{count(source.events)}</td>
                  <td class="number">{count(source.windows)}</td>
                  <td class="number">{percent(source.confidence)}</td>
                  <td>
                    <Time at={source.last_seen} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {view.sources.length >= view.most ? (
          <p class="hint">The {count(view.most)} newest are shown. Search to find others.</p>
        ) : null}
      </>
    )}
  </Layout>
)
