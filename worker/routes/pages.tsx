import { type Context, Hono } from 'hono'
import { BackgroundReader } from '../../adapters/d1/background-reader.ts'
import { IncidentReader, MOST_COUNTED } from '../../adapters/d1/incident-reader.ts'
import { IncidentTriage } from '../../adapters/d1/incident-triage.ts'
import { IntelListStore } from '../../adapters/d1/intel-list-store.ts'
import { readIntelDesk } from '../../adapters/durable-objects/intel-desk-reader.ts'
import { evidenceFor } from '../../core/incidents/evidence-view.ts'
import { filterOf, parseIncidentQuery } from '../../core/incidents/query.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { CLASSES } from '../../core/taxonomy.ts'
import { BackgroundPage } from '../../web/pages/background.tsx'
import { CouncilPage, CouncilParts } from '../../web/pages/council.tsx'
import { DashboardFigures, DashboardPage } from '../../web/pages/dashboard.tsx'
import { EvidenceEventPage, EvidencePage } from '../../web/pages/evidence.tsx'
import { IncidentPage } from '../../web/pages/incident.tsx'
import { QueuePage } from '../../web/pages/incidents.tsx'
import { IntelPage } from '../../web/pages/intel.tsx'
import { ModelsPage, ModelsParts } from '../../web/pages/models.tsx'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'
import { actorOf } from '../auth/identify.ts'
import { requires } from '../auth/requires.ts'
import { fragment, page, viewerOf } from '../page.ts'
import { refuse } from '../refuse.tsx'
import { whyInvalid } from '../why-invalid.ts'
import { CaseForm, requestCase } from './council-request.ts'
import { councilView } from './council-view.ts'
import { dashboardView } from './dashboard.ts'
import { incidentView } from './incident-view.ts'
import { modelsView } from './models-view.ts'
import { beginRun, Reason, stopRun } from './training.ts'
import { changeIncident, TriageForm } from './triage.ts'
import { giveVerdict, VerdictForm } from './verdict.ts'

const MOST_BACKGROUND = 200

export const pages = new Hono<AppEnv>()
  .get('/', requires('viewer'), async (c) =>
    page(c, <DashboardPage view={await dashboardView(c)} viewer={viewerOf(c, whoOf(c))} />),
  )
  .get('/fragments/dashboard', requires('viewer'), async (c) =>
    fragment(c, <DashboardFigures view={await dashboardView(c)} />),
  )
  .get('/incidents', requires('viewer'), async (c) => {
    const asked = Object.fromEntries(Object.entries(c.req.query()).filter(([, text]) => text.trim() !== ''))
    // A queue is of open work unless somebody asks for more.
    const query = parseIncidentQuery({ status: 'open', ...asked })
    if (!query.success) return refuse(c, { tag: 'invalid-input', detail: whyInvalid(query.error) })
    const { sort, cursor, limit } = query.data
    const filter = filterOf(query.data)
    const reader = new IncidentReader(c.var.db)
    const [{ items, next }, matching] = await Promise.all([
      reader.page(filter, sort, cursor, limit),
      reader.count(filter),
    ])
    const nothingYet = matching === 0 && (await reader.count({})) === 0
    const address = (cursor: string | null) => {
      const { cursor: _, ...rest } = asked
      return `/incidents?${new URLSearchParams({ ...rest, ...(cursor === null ? {} : { cursor }) })}`
    }
    const view = {
      now: c.var.now,
      incidents: items,
      matching: { n: Math.min(matching, MOST_COUNTED), more: matching > MOST_COUNTED },
      asked,
      nextHref: next === null ? null : address(next),
      firstHref: cursor === undefined ? null : address(null),
      nothingYet,
    }
    return page(c, <QueuePage view={view} viewer={viewerOf(c, whoOf(c))} />)
  })
  .get('/incidents/incident/:id{[0-9]{1,15}}', requires('viewer'), async (c) => {
    const incident = await asked(c)
    if (incident === null) return refuse(c, { tag: 'no-such-incident' })
    const view = await incidentView(c, incident, (c.req.query('source') ?? '').trim().slice(0, 64))
    return page(c, <IncidentPage view={view} viewer={viewerOf(c, whoOf(c))} />)
  })
  .post('/incidents/incident/:id{[0-9]{1,15}}/triage', requires('analyst'), async (c) => {
    const form = TriageForm.safeParse(await c.req.parseBody())
    if (!form.success) return refuse(c, { tag: 'invalid-input', detail: whyInvalid(form.error) })
    const id = Number(c.req.param('id'))
    const by = { actor: actorOf(whoOf(c)), at: c.var.now }
    const changed = await changeIncident(new IncidentTriage(c.var.db), id, form.data, by)
    if (!changed.ok) return refuse(c, { tag: changed.error })
    return c.redirect(`/incidents/incident/${id}`, 303)
  })
  .post('/incidents/incident/:id{[0-9]{1,15}}/verdict', requires('analyst'), async (c) => {
    const form = VerdictForm.safeParse(await c.req.parseBody())
    if (!form.success) return refuse(c, { tag: 'invalid-input', detail: whyInvalid(form.error) })
    const incident = await asked(c)
    if (incident === null) return refuse(c, { tag: 'no-such-incident' })
    const by = { actor: actorOf(whoOf(c)), at: c.var.now }
    const given = await giveVerdict(c.env, c.var.db, incident, form.data, by)
    if (!given.ok) return refuse(c, given.error)
    return c.redirect(`/incidents/incident/${incident.id}`, 303)
  })
  .get('/incidents/incident/:id{[0-9]{1,15}}/council', requires('viewer'), async (c) => {
    const incident = await asked(c)
    if (incident === null) return refuse(c, { tag: 'no-such-incident' })
    const who = whoOf(c)
    const [view, kept] = await Promise.all([
      councilView(c, incident),
      new IncidentReader(c.var.db).evidenceCount(incident.incident_key),
    ])
    return page(c, <CouncilPage view={view} evidence={kept} viewer={viewerOf(c, who)} />)
  })
  .get('/fragments/incident/:id{[0-9]{1,15}}/council', requires('viewer'), async (c) => {
    const incident = await asked(c)
    if (incident === null) return refuse(c, { tag: 'no-such-incident' })
    const [view, kept] = await Promise.all([
      councilView(c, incident),
      new IncidentReader(c.var.db).evidenceCount(incident.incident_key),
    ])
    return fragment(c, <CouncilParts view={view} evidence={kept} />)
  })
  .post('/incidents/incident/:id{[0-9]{1,15}}/council/ask-again', requires('analyst'), (c) => caseForm(c, 'ask-again'))
  .post('/incidents/incident/:id{[0-9]{1,15}}/council/stop', requires('analyst'), (c) => caseForm(c, 'stop'))
  .get('/incidents/incident/:id{[0-9]{1,15}}/evidence', requires('viewer'), async (c) => {
    const incident = await asked(c)
    if (incident === null) return refuse(c, { tag: 'no-such-incident' })
    const rows = await new IncidentReader(c.var.db).evidence(incident.incident_key)
    const who = whoOf(c)
    const events = rows.map((row) => evidenceFor(who.role, row))
    return page(c, <EvidencePage incident={incident} events={events} viewer={viewerOf(c, who)} />)
  })
  .get('/incidents/incident/:id{[0-9]{1,15}}/evidence/:n{[0-9]{1,4}}', requires('viewer'), async (c) => {
    const incident = await asked(c)
    if (incident === null) return refuse(c, { tag: 'no-such-incident' })
    const reader = new IncidentReader(c.var.db)
    const [row, kept] = await Promise.all([
      reader.evidenceEvent(incident.incident_key, Number(c.req.param('n'))),
      reader.evidenceCount(incident.incident_key),
    ])
    if (row === null) return refuse(c, { tag: 'not-found', detail: 'The incident keeps no event of this number.' })
    const who = whoOf(c)
    const event = evidenceFor(who.role, row)
    return page(c, <EvidenceEventPage incident={incident} event={event} evidence={kept} viewer={viewerOf(c, who)} />)
  })
  .get('/background', requires('viewer'), async (c) => {
    const text = (c.req.query('q') ?? '').trim().slice(0, 64)
    const threatClass = CLASSES.find(({ id }) => String(id) === c.req.query('class'))?.id ?? null
    const reader = new BackgroundReader(c.var.db)
    const [total, sources] = await Promise.all([
      reader.countSources(),
      reader.newest(text, threatClass, MOST_BACKGROUND),
    ])
    const view = { total, text, threatClass, sources, most: MOST_BACKGROUND }
    return page(c, <BackgroundPage view={view} viewer={viewerOf(c, whoOf(c))} />)
  })
  .get('/intel', requires('viewer'), async (c) => {
    const [lists, desk] = await Promise.all([new IntelListStore(c.var.db).all(), readIntelDesk(c.env)])
    return page(c, <IntelPage view={{ now: c.var.now, lists, desk }} viewer={viewerOf(c, whoOf(c))} />)
  })
  .get('/models', requires('viewer'), async (c) =>
    page(c, <ModelsPage view={await modelsView(c)} viewer={viewerOf(c, whoOf(c))} />),
  )
  .get('/fragments/models', requires('viewer'), async (c) =>
    fragment(c, <ModelsParts view={await modelsView(c)} viewer={viewerOf(c, whoOf(c))} />),
  )
  .post('/models/train', requires('admin'), async (c) => {
    const reason = Reason.optional().safeParse((await c.req.parseBody()).reason)
    if (!reason.success) return refuse(c, { tag: 'invalid-input', detail: whyInvalid(reason.error) })
    const begun = await beginRun(c, reason.data)
    return begun.ok ? c.redirect('/models', 303) : refuse(c, begun.error)
  })
  .post('/models/stop', requires('admin'), async (c) => {
    const stopped = await stopRun(c)
    return stopped.ok ? c.redirect('/models', 303) : refuse(c, stopped.error)
  })

/** The incident that the address names. */
const asked = (c: Context<AppEnv>): Promise<IncidentRow | null> =>
  new IncidentReader(c.var.db).byId(Number(c.req.param('id')))

/** Does what a form of the council's tab says, and shows the tab again. */
async function caseForm(c: Context<AppEnv>, what: 'ask-again' | 'stop'): Promise<Response> {
  const form = CaseForm.safeParse(await c.req.parseBody())
  if (!form.success) return refuse(c, { tag: 'invalid-input', detail: whyInvalid(form.error) })
  const id = Number(c.req.param('id'))
  const taken = await requestCase(c, what, id, form.data)
  return taken.ok ? c.redirect(`/incidents/incident/${id}/council`, 303) : refuse(c, taken.error)
}
