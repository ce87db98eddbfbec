import type { FC } from 'hono/jsx'
import { allows } from '../../core/auth/role.ts'
import { Layout, type Viewer } from '../components/layout.tsx'
import { RunHistory } from './models/history.tsx'
import { Registry } from './models/registry.tsx'
import { RunCard } from './models/run.tsx'
import { Triggers } from './models/triggers.tsx'
import type { ModelsView } from './models/view.ts'

/** How Picket learns: what asks for a run, the run, the models and the runs before. */
export const ModelsPage: FC<{ view: ModelsView; viewer: Viewer }> = ({ view, viewer }) => (
  <Layout title="Models" viewer={viewer} place="models">
    <h1>Models</h1>
    <p class="lead">
      Picket learns from what analysts and the council said of incidents. A model that it trains is held against the one
      that serves, on data that neither was trained on, and is kept with the reasons for what became of it.
    </p>
    <div
      id="learning"
      hx-get="/fragments/models"
      hx-trigger={view.going === null ? 'every 20s' : 'every 2s'}
      hx-swap="innerMorph"
    >
      <ModelsParts view={view} viewer={viewer} />
    </div>
  </Layout>
)

export const ModelsParts: FC<{ view: ModelsView; viewer: Viewer }> = ({ view, viewer }) => (
  <>
    <div class="two">
      <Triggers view={view} />
      <RunCard view={view} csrf={allows(viewer.role, 'admin') ? viewer.csrf : null} />
    </div>
    <Registry view={view} />
    <RunHistory view={view} />
  </>
)
