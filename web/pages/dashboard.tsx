import type { Child, FC } from 'hono/jsx'
import type { ModelFigures } from '../../core/ensemble/model-figures.ts'
import type { StoreReport } from '../../core/features/store/state.ts'
import type { PartitionHealth } from '../../core/health.ts'
import type { IncidentSummary } from '../../core/incidents/view.ts'
import type { Figure, Reading, ServingModel } from '../../core/live-figures.ts'
import type { Route } from '../../core/store/schema.ts'
import type { Severity } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'
import { Confidence, SeverityBadge } from '../components/badges.tsx'
import { ShareBar } from '../components/bars.tsx'
import { FeatureStoreCard } from '../components/feature-store.tsx'
import { FigureLink, NotKnown } from '../components/figure.tsx'
import { type Hour, HourChart } from '../components/hour-chart.tsx'
import { incidentHref, Source } from '../components/incident-link.tsx'
import { Layout, type Viewer } from '../components/layout.tsx'
import { PartitionTable } from '../components/partition-table.tsx'
import { type SensorLine, SensorTable } from '../components/sensor-table.tsx'
import { Age } from '../components/time.tsx'
import { count, percent, plural } from '../format.ts'

export interface DashboardView {
  now: EpochMs
  /** Worst first. */
  openBySeverity: { severity: Severity; n: number }[]
  incidentsEver: number
  /** Open ones of the highest risk, at most five. */
  riskiest: IncidentSummary[]
  hours: Hour[]
  events: { accepted: Figure; duplicates: Figure; rejected: Figure; lastMinute: Figure }
  sensors: SensorLine[]
  judging: { windows: Figure; unjudged: Figure; late: Figure; routes: Record<Route, Figure> }
  partitions: Reading<PartitionHealth>[]
  serving: ServingModel
  /** Of the model that this worker was built with; null when it has none. */
  shipped: { version: string; figures: ModelFigures | null } | null
  backgroundSources: number
  featureStore: StoreReport
}

export const DashboardPage: FC<{ view: DashboardView; viewer: Viewer }> = ({ view, viewer }) => (
  <Layout title="Dashboard" viewer={viewer} place="dashboard">
    <h1>Dashboard</h1>
    <div id="figures" hx-get="/fragments/dashboard" hx-trigger="every 5s" hx-swap="innerMorph">
      <DashboardFigures view={view} />
    </div>
  </Layout>
)

/** All that is measured anew every few seconds. Tiles keep their size, so that nothing moves while it is read. */
export const DashboardFigures: FC<{ view: DashboardView }> = ({ view }) => (
  <>
    <FirstSteps view={view} />
    <div class="tiles">
      <OpenIncidents view={view} />
      <Events view={view} />
      <Judging view={view} />
      <Model view={view} />
    </div>
    <div class="two">
      <section class="card" aria-labelledby="riskiest">
        <h2 id="riskiest">Highest risk now</h2>
        <Riskiest view={view} />
      </section>
      <section class="card" aria-labelledby="over-time">
        <h2 id="over-time">Incidents over the last 24 hours</h2>
        <HourChart hours={view.hours} />
        <p class="hint">
          <a href="/background">{plural(view.backgroundSources, 'background source')}</a> with evidence too thin for an
          incident.
        </p>
      </section>
    </div>
    <section class="card" id="sensors" aria-labelledby="sensors-title">
      <h2 id="sensors-title">Sensors</h2>
      <SensorTable sensors={view.sensors} now={view.now} />
    </section>
    <section class="card" id="partitions" aria-labelledby="partitions-title">
      <h2 id="partitions-title">Partitions</h2>
      <PartitionTable partitions={view.partitions} />
    </section>
    <section class="card" id="feature-store" aria-labelledby="feature-store-title">
      <h2 id="feature-store-title">Feature store</h2>
      <FeatureStoreCard report={view.featureStore} />
    </section>
  </>
)

const Tile: FC<{ title: string; children?: Child }> = ({ title, children }) => (
  <section class="card tile">
    <h2>{title}</h2>
    {children}
  </section>
)

const FirstSteps: FC<{ view: DashboardView }> = ({ view }) => {
  const { accepted } = view.events
  if (view.incidentsEver > 0 || !accepted.known || accepted.value > 0) return null
  return (
    <section class="card notice">
      <h2>Nothing has been sent yet</h2>
      <p>
        Run <code>npm run demo</code> for a scripted day of mixed traffic, or <code>npm run replay -- FILE</code> with a
        log of yours. Sensors post to <code>/v1/events</code> with their key.
      </p>
    </section>
  )
}

const OpenIncidents: FC<{ view: DashboardView }> = ({ view }) => (
  <Tile title="Open incidents">
    <p class="large">
      <a href="/incidents">{count(view.openBySeverity.reduce((sum, { n }) => sum + n, 0))}</a>
    </p>
    <ul class="plain">
      {view.openBySeverity.map(({ severity, n }) => (
        <li>
          <SeverityBadge severity={severity} />
          <a class="number" href={`/incidents?severity=${severity}`}>
            {count(n)}
          </a>
        </li>
      ))}
    </ul>
  </Tile>
)

const Events: FC<{ view: DashboardView }> = ({ view: { events } }) => (
  <Tile title="Events in the last minute">
    <p class="large">
      <FigureLink figure={events.lastMinute} href="#sensors" />
    </p>
    <ul class="plain">
      <li>
        accepted <FigureLink figure={events.accepted} href="#sensors" brief />
      </li>
      <li>
        duplicate <FigureLink figure={events.duplicates} href="#sensors" brief />
      </li>
      <li>
        rejected <FigureLink figure={events.rejected} href="#sensors" brief />
      </li>
    </ul>
  </Tile>
)

const ROUTES: Route[] = ['TRUST', 'VERIFY', 'INVESTIGATE']

const Judging: FC<{ view: DashboardView }> = ({ view: { judging } }) => (
  <Tile title="Windows judged">
    <p class="large">
      <FigureLink figure={judging.windows} href="#partitions" />
    </p>
    <ul class="plain">
      {ROUTES.map((route) => (
        <li>
          <span class={`route route-${route}`}>{route}</span>
          <RouteShare figure={judging.routes[route]} windows={judging.windows} />
        </li>
      ))}
      <li>
        events not judged yet <FigureLink figure={judging.unjudged} href="#partitions" brief />
      </li>
      <li>
        events too late for a window <FigureLink figure={judging.late} href="#partitions" brief />
      </li>
    </ul>
  </Tile>
)

const RouteShare: FC<{ figure: Figure; windows: Figure }> = ({ figure, windows }) => {
  if (!figure.known || !windows.known) return <span class="absent">not known</span>
  if (windows.value === 0) return <span class="absent">none yet</span>
  const share = figure.value / windows.value
  return (
    <a class="number" href="#partitions" title={plural(figure.value, 'window')}>
      {percent(share)}
    </a>
  )
}

const Model: FC<{ view: DashboardView }> = ({ view: { serving, shipped } }) => (
  <Tile title="Model">
    <Serving serving={serving} />
    {shipped === null ? (
      <p class="absent">This build holds no model.</p>
    ) : shipped.figures === null ? (
      <p class="absent">The manifest of {shipped.version} holds no figures for unseen sources.</p>
    ) : (
      <>
        <p class="hint">Measured on sources it had not seen ({shipped.version}), windows of 5 events and more (all):</p>
        <ul class="plain">
          <Score name="macro-F1" figures={shipped.figures} of="macro_f1" />
          <Score name="accuracy" figures={shipped.figures} of="accuracy" />
          <Score name="attack recall" figures={shipped.figures} of="attack_recall" />
          <Score name="false positives" figures={shipped.figures} of="false_positive_rate" />
        </ul>
      </>
    )}
  </Tile>
)

const Serving: FC<{ serving: ServingModel }> = ({ serving }) => {
  switch (serving.tag) {
    case 'serving':
      return (
        <p class="serving">
          serving <a href="#partitions">{serving.versions.join(', ')}</a>
        </p>
      )
    case 'not-loaded':
      return <p class="absent">not loaded yet: it loads with the first window</p>
    case 'refused':
      return (
        <p class="refusal" role="alert">
          refused: {serving.why}
        </p>
      )
    case 'not-known':
      return (
        <p>
          <NotKnown why={serving.why} />
        </p>
      )
  }
}

const Score: FC<{ name: string; figures: ModelFigures; of: keyof ModelFigures['all'] }> = ({ name, figures, of }) => (
  <li>
    {name}
    <span class="number">
      {scoreText(figures.fivePlus[of])} <small>({scoreText(figures.all[of])})</small>
    </span>
  </li>
)

const scoreText = (score: number | null): string => (score === null ? 'not measured' : score.toFixed(3))

const Riskiest: FC<{ view: DashboardView }> = ({ view }) =>
  view.riskiest.length === 0 ? (
    <p class="empty">
      No open incident{view.incidentsEver > 0 ? <a href="/incidents?status=all">; see those that are closed</a> : '.'}
    </p>
  ) : (
    <ol class="riskiest">
      {view.riskiest.map((incident) => (
        <li>
          <SeverityBadge severity={incident.severity} />
          <span class="what">
            <a href={incidentHref(incident.id)}>{incident.threat_category}</a> <Source incident={incident} />
          </span>
          <span class="risk">
            risk {Math.round(incident.risk_score)} <ShareBar share={incident.risk_score / 100} />
          </span>
          <Confidence incident={incident} />
          <Age at={incident.last_seen} now={view.now} />
        </li>
      ))}
    </ol>
  )
