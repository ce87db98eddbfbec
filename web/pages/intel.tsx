import type { FC } from 'hono/jsx'
import type { ListCounts } from '../../core/intel/list-builder.ts'
import type { IntelDeskHealth } from '../../core/intel/live/health.ts'
import type { Reading } from '../../core/live-figures.ts'
import type { intelLists } from '../../core/store/schema.ts'
import type { EpochMs } from '../../core/time.ts'
import { Attribution } from '../components/attribution.tsx'
import { Layout, type Viewer } from '../components/layout.tsx'
import { LiveLookUpTable } from '../components/live-look-up-table.tsx'
import { LogText } from '../components/log-text.tsx'
import { Age, Time } from '../components/time.tsx'
import { count, percent, plural } from '../format.ts'

type List = typeof intelLists.$inferSelect

export interface IntelListsView {
  now: EpochMs
  /** By name. */
  lists: List[]
  desk: Reading<IntelDeskHealth>
}

export const IntelPage: FC<{ view: IntelListsView; viewer: Viewer }> = ({ view, viewer }) => (
  <Layout title="Threat intelligence" viewer={viewer} place="intel">
    <h1>Threat intelligence</h1>
    <p class="lead">
      What others know of addresses, domains and TLS fingerprints. A list is used on events from seven days before the
      moment it was true at its source until it expires, never on older ones.
    </p>
    <section class="card" aria-labelledby="lists">
      <h2 id="lists">Loaded lists</h2>
      {view.lists.length === 0 ? (
        <p class="empty">
          No list is loaded. An administrator loads one with <code>npm run intel -- add FILE|URL --name NAME</code>.
        </p>
      ) : (
        <div class="scroll">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">List</th>
                <th scope="col">Says</th>
                <th scope="col">Holds</th>
                <th scope="col" class="number">
                  Trust
                </th>
                <th scope="col">As of</th>
                <th scope="col">Loaded</th>
                <th scope="col">Refresh</th>
              </tr>
            </thead>
            <tbody>
              {view.lists.map((list) => (
                <Row list={list} now={view.now} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
    <section class="card" aria-labelledby="live">
      <h2 id="live">Services that are asked</h2>
      <p>
        Asked about the sources of incidents, only where a key is set; judgement never waits for them. Private addresses
        and your own networks are never sent out.
      </p>
      {view.desk.health.ok ? (
        <LiveLookUpTable desk={view.desk.health.value} />
      ) : (
        <p class="missing">
          Their state is not known: <LogText text={view.desk.health.error} />
        </p>
      )}
    </section>
    <section class="card" aria-labelledby="shipped">
      <h2 id="shipped">Shipped with Picket</h2>
      <p>Country and network of every address, and the names by which known crawlers call themselves (isbot).</p>
      <Attribution />
    </section>
  </Layout>
)

const Row: FC<{ list: List; now: EpochMs }> = ({ list, now }) => (
  <tr>
    <td>
      <b>
        <LogText text={list.name} />
      </b>
      <br />
      <small>
        {list.licence === null ? <span class="absent">no licence named</span> : <LogText text={list.licence} />}
        {list.url === null ? null : (
          <>
            {' · '}
            <LogText text={list.url} />
          </>
        )}
      </small>
      {list.last_error === null ? null : (
        <p class="missing">
          Last refresh failed: <LogText text={list.last_error} />. The entries of <Time at={list.loaded_at} /> are used.
        </p>
      )}
      {list.examples.length === 0 ? null : (
        <details>
          <summary>Entries left out</summary>
          <ul>
            {list.examples.map((example) => (
              <li>
                <LogText text={example} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </td>
    <td>{list.kind}</td>
    <td>{holdings(list.counts)}</td>
    <td class="number">{percent(list.weight)}</td>
    <td>
      <Age at={list.as_of} now={now} /> ago
      {list.expires_at !== null && list.expires_at < now ? <span class="missing"> expired, not used</span> : null}
    </td>
    <td>
      <Time at={list.loaded_at} />
    </td>
    <td>
      {list.refresh_minutes === null ? (
        <span class="absent">handed over, no address</span>
      ) : (
        <>
          every {plural(list.refresh_minutes, 'minute')}, asked <Age at={list.checked_at} now={now} /> ago
        </>
      )}
    </td>
  </tr>
)

/** What a list holds and what was left out, in words. */
function holdings(counts: ListCounts): string {
  const parts: [number, string][] = [
    [counts.addresses, counts.addresses === 1 ? 'address' : 'addresses'],
    [counts.ranges, counts.ranges === 1 ? 'range' : 'ranges'],
    [counts.domains, counts.domains === 1 ? 'domain' : 'domains'],
    [counts.ja3, counts.ja3 === 1 ? 'fingerprint' : 'fingerprints'],
    [counts.expired, 'expired'],
    [counts.refused, 'refused'],
    [counts.unreadable, 'unreadable'],
  ]
  return parts
    .filter(([n]) => n > 0)
    .map(([n, what]) => `${count(n)} ${what}`)
    .join(', ')
}
