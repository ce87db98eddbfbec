import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { AuditReader } from '../../adapters/d1/audit-reader.ts'
import { IncidentReader } from '../../adapters/d1/incident-reader.ts'
import { IncidentTriage } from '../../adapters/d1/incident-triage.ts'
import { IncidentVerdicts } from '../../adapters/d1/incident-verdicts.ts'
import { TrainingSamples } from '../../adapters/d1/training-samples.ts'
import { filterOf, parseIncidentQuery } from '../../core/incidents/query.ts'
import type { IncidentRow } from '../../core/incidents/view.ts'
import { apiApp, json, refusals, refused } from '../api.ts'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'
import { actorOf } from '../auth/identify.ts'
import { requires } from '../auth/requires.ts'
import { whyInvalid } from '../why-invalid.ts'
import { incidentDetailJson, incidentJson } from './incident-json.ts'
import { Incident, IncidentDetail, IncidentListParameters, IncidentParameters } from './incident-schemas.ts'
import { changeIncident, TriageBody } from './triage.ts'
import { giveVerdict, type SaidOfIncident, VerdictBody } from './verdict.ts'

const MOST_SOURCES = 200
const MOST_AUDIT = 200
const MOST_VERDICTS = 200

const listed = createRoute({
  method: 'get',
  path: '/api/incidents',
  summary: 'Incidents, newest first',
  middleware: requires('viewer'),
  request: { query: IncidentListParameters },
  responses: {
    200: json(z.object({ items: z.array(Incident), next: z.string().nullable() }), 'A page'),
    ...refusals(400, 401, 403),
  },
})

const one = createRoute({
  method: 'get',
  path: '/api/incidents/{id}',
  summary: 'One incident with its features, evidence and history',
  middleware: requires('viewer'),
  request: { params: IncidentParameters },
  responses: { 200: json(IncidentDetail, 'The incident'), ...refusals(400, 401, 403, 404) },
})

const changed = createRoute({
  method: 'patch',
  path: '/api/incidents/{id}',
  summary: 'Change status, assignee or severity',
  middleware: requires('analyst'),
  request: {
    params: IncidentParameters,
    body: { required: true, content: { 'application/json': { schema: TriageBody } } },
  },
  responses: { 200: json(IncidentDetail, 'The incident as it is now'), ...refusals(400, 401, 403, 404, 409) },
})

const judged = createRoute({
  method: 'post',
  path: '/api/incidents/{id}/verdict',
  summary: 'Say what it was: counts for more than council and ensemble, and teaches the next model',
  description:
    'With verdict null what analysts said is taken back. A false positive is of class 0, all others are not.',
  middleware: requires('analyst'),
  request: {
    params: IncidentParameters,
    body: { required: true, content: { 'application/json': { schema: VerdictBody } } },
  },
  responses: { 200: json(IncidentDetail, 'The incident as it is now'), ...refusals(400, 401, 403, 404) },
})

const takenBack = createRoute({
  method: 'delete',
  path: '/api/incidents/{id}/verdict',
  summary: 'Take back what analysts said; the status and the label from before come back',
  middleware: requires('analyst'),
  request: { params: IncidentParameters },
  responses: { 200: json(IncidentDetail, 'The incident as it is now'), ...refusals(400, 401, 403, 404) },
})

export const incidentsApi = apiApp()
  .openapi(listed, async (c) => {
    const query = parseIncidentQuery(c.req.valid('query'))
    if (!query.success) return refused(c, { tag: 'invalid-input', detail: whyInvalid(query.error) })
    const { sort, cursor, limit } = query.data
    const { items, next } = await new IncidentReader(c.var.db).page(filterOf(query.data), sort, cursor, limit)
    return c.json({ items: items.map(incidentJson), next }, 200)
  })
  .openapi(one, async (c) => {
    const row = await new IncidentReader(c.var.db).byId(Number(c.req.valid('param').id))
    if (row === null) return refused(c, { tag: 'no-such-incident' })
    return c.json(await detail(c, row), 200)
  })
  .openapi(changed, async (c) => {
    const id = Number(c.req.valid('param').id)
    const by = { actor: actorOf(whoOf(c)), at: c.var.now }
    const result = await changeIncident(new IncidentTriage(c.var.db), id, c.req.valid('json'), by)
    if (!result.ok) return refused(c, { tag: result.error })
    const row = await new IncidentReader(c.var.db).byId(id)
    if (row === null) return refused(c, { tag: 'no-such-incident' })
    return c.json(await detail(c, row), 200)
  })
  .openapi(judged, (c) => said(c, Number(c.req.valid('param').id), c.req.valid('json')))
  .openapi(takenBack, (c) => said(c, Number(c.req.valid('param').id), { verdict: null }))

async function said(c: Context<AppEnv>, id: number, body: SaidOfIncident) {
  const reader = new IncidentReader(c.var.db)
  const row = await reader.byId(id)
  if (row === null) return refused(c, { tag: 'no-such-incident' })
  const given = await giveVerdict(c.var.db, row, body, { actor: actorOf(whoOf(c)), at: c.var.now })
  if (!given.ok) return refused(c, given.error)
  return c.json(await detail(c, (await reader.byId(id)) ?? row), 200)
}

async function detail(c: Context<AppEnv>, row: IncidentRow) {
  const { db, parts } = c.var
  const reader = new IncidentReader(db)
  const [previousId, evidence, sources, audit, verdicts, read] = await Promise.all([
    row.previous_key === null ? null : reader.idOf(row.previous_key),
    reader.evidence(row.incident_key),
    row.kind === 'campaign' ? reader.sources(row.incident_key, '', MOST_SOURCES) : [],
    new AuditReader(db).ofIncident(row, MOST_AUDIT),
    new IncidentVerdicts(db).ofIncident(row.incident_key, MOST_VERDICTS),
    new TrainingSamples(db).ofIncident(row.id),
  ])
  // An incident is shown though its sample cannot be read.
  if (!read.ok) console.error(JSON.stringify({ what: 'training sample', incident: row.id, why: read.error }))
  const sample = read.ok ? read.value : null
  return incidentDetailJson(row, { previousId, evidence, sources, audit, verdicts, sample }, parts, whoOf(c).role)
}
