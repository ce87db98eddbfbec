import type { FC } from 'hono/jsx'
import { Layout, type Viewer } from '../components/layout.tsx'

export interface RefusalView {
  status: number
  title: string
  detail: string | null
}

export const RefusalPage: FC<{ view: RefusalView; viewer: Viewer | null }> = ({ view, viewer }) => (
  <Layout title={view.title} viewer={viewer}>
    <section class="refusal-page card">
      <p class="status-code">{view.status}</p>
      <h1>{view.title}</h1>
      {view.detail === null ? null : <p>{view.detail}</p>}
      <p>
        <a href="/">Go to the dashboard</a>
      </p>
    </section>
  </Layout>
)
