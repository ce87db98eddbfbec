import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { BackgroundReader } from '../../adapters/d1/background-reader.ts'
import { IncidentReader } from '../../adapters/d1/incident-reader.ts'
import { learningState } from '../../adapters/d1/learning-state.ts'
import { SensorReader } from '../../adapters/d1/sensor-reader.ts'
import { readCouncilBudget } from '../../adapters/durable-objects/council-reader.ts'
import { readPartitions, readSensors } from '../../adapters/durable-objects/health-reader.ts'
import { readIntelDesk } from '../../adapters/durable-objects/intel-desk-reader.ts'
import { STORE_RESULTS, type StoreCounts, type StoreResult } from '../../core/features/store/statistics.ts'
import { type Figure, mergeHistograms, total } from '../../core/live-figures.ts'
import { CLASSES } from '../../core/taxonomy.ts'
import { apiApp, refusals } from '../api.ts'
import type { AppEnv } from '../app-env.ts'
import { requires } from '../auth/requires.ts'
import { councilMetrics } from '../council-metrics.ts'
import { reportOf } from '../feature-store.ts'
import { liveLookUpMetrics } from '../live-look-up-metrics.ts'
import { type Metric, prometheusText } from '../prometheus.ts'
import { trainingMetrics } from '../training-metrics.ts'

const scraped = createRoute({
  method: 'get',
  path: '/metrics',
  summary:
    'Prometheus text. A figure that cannot be measured now is left out; picket_part_up says which part is silent',
  middleware: requires('viewer'),
  responses: {
    200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
    ...refusals(401, 403),
  },
})

export const metrics = apiApp().openapi(scraped, async (c) =>
  c.text(prometheusText(await measure(c)), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }),
)

async function measure(c: Context<AppEnv>): Promise<Metric[]> {
  const { db } = c.var
  const sensorIds = (await new SensorReader(db).all()).map(({ id }) => id)
  const [sensors, partitions, byClass, background, store, desk, verdicts, budget, learning] = await Promise.all([
    readSensors(c.env, sensorIds),
    readPartitions(c.env),
    new IncidentReader(db).byClass(),
    new BackgroundReader(db).countSources(),
    reportOf(c),
    readIntelDesk(c.env),
    new IncidentReader(db).byCouncilVerdict(),
    readCouncilBudget(c.env),
    learningState(db, c.var.parts.schemaHash, c.var.parts.manifest?.version ?? null, c.var.now),
  ])
  const answering = partitions.flatMap(({ health }) => (health.ok ? [health.value] : []))
  const decision = mergeHistograms(answering.map(({ decisionSeconds }) => decisionSeconds))
  return [
    {
      name: 'picket_events_total',
      help: 'Events sent by sensors, by what became of them.',
      type: 'counter',
      samples: [
        ...sample(
          { outcome: 'accepted' },
          total(sensors, ({ accepted }) => accepted),
        ),
        ...sample(
          { outcome: 'duplicate' },
          total(sensors, ({ duplicates }) => duplicates),
        ),
        ...sample(
          { outcome: 'rejected' },
          total(sensors, ({ rejected }) => rejected),
        ),
        ...sample(
          { outcome: 'dropped' },
          total(sensors, ({ dropped }) => dropped),
        ),
      ],
    },
    {
      name: 'picket_events_unjudged',
      help: 'Events accepted, and their window not judged since.',
      type: 'gauge',
      samples: sample(
        {},
        total(partitions, ({ eventsUnjudged }) => eventsUnjudged),
      ),
    },
    {
      name: 'picket_events_late_total',
      help: 'Events older than the lateness bound: stored, in no judged window.',
      type: 'counter',
      samples: sample(
        {},
        total(partitions, ({ eventsLate }) => eventsLate),
      ),
    },
    {
      name: 'picket_windows_judged_total',
      help: 'Windows that the ensemble judged, by route.',
      type: 'counter',
      samples: (['TRUST', 'VERIFY', 'INVESTIGATE'] as const).flatMap((route) =>
        sample(
          { route },
          total(partitions, ({ routes }) => routes[route]),
        ),
      ),
    },
    {
      name: 'picket_windows_allowed_total',
      help: 'Judged windows that opened nothing because an allow-list holds their source.',
      type: 'counter',
      samples: sample(
        {},
        total(partitions, ({ windowsAllowed }) => windowsAllowed),
      ),
    },
    {
      name: 'picket_incidents_total',
      help: 'Incidents opened, by class.',
      type: 'counter',
      samples: CLASSES.map(({ id, name }) => ({ labels: { class: String(id), name }, value: byClass[id] ?? 0 })),
    },
    ...councilMetrics(verdicts, budget.ok ? budget.value : null),
    ...trainingMetrics(learning),
    {
      name: 'picket_background_sources',
      help: 'Sources with evidence too thin for an incident.',
      type: 'gauge',
      samples: [{ labels: {}, value: background }],
    },
    {
      name: 'picket_sources_live',
      help: 'Sources with a window in memory.',
      type: 'gauge',
      samples: sample(
        {},
        total(partitions, ({ liveSources }) => liveSources),
      ),
    },
    {
      name: 'picket_outbox_pending',
      help: 'Incident and background rows that wait for D1.',
      type: 'gauge',
      samples: sample(
        {},
        total(partitions, ({ outboxPending }) => outboxPending),
      ),
    },
    {
      name: 'picket_decision_seconds',
      help: 'From an event accepted to its window judged, live events only.',
      type: 'histogram',
      histogram: answering.length === partitions.length ? decision : null,
    },
    {
      name: 'picket_feature_store_requests_total',
      help: 'Look-ups of vectors and vectors to be written, by what became of them.',
      type: 'counter',
      samples: store.history.ok ? storeSamples(store.history.value.ever) : [],
    },
    ...(desk.health.ok ? liveLookUpMetrics(desk.health.value) : []),
    {
      name: 'picket_part_up',
      help: '1 when the part answered this scrape.',
      type: 'gauge',
      samples: [
        ...sensors.map(({ name, health }) => ({ labels: { part: `sensor ${name}` }, value: Number(health.ok) })),
        ...partitions.map(({ name, health }) => ({ labels: { part: name }, value: Number(health.ok) })),
        { labels: { part: 'feature store' }, value: Number(store.state === 'ok') },
        { labels: { part: 'live look-ups' }, value: Number(desk.health.ok) },
      ],
    },
  ]
}

const RESULT_LABELS: Record<StoreResult, string> = {
  hits: 'hit',
  misses: 'miss',
  stale: 'stale',
  errors: 'error',
  written: 'written',
  write_errors: 'write_error',
  dropped: 'dropped',
}

const storeSamples = (counts: StoreCounts) =>
  STORE_RESULTS.map((result) => ({ labels: { result: RESULT_LABELS[result] }, value: counts[result] }))

const sample = (labels: Record<string, string>, figure: Figure) =>
  figure.known ? [{ labels, value: figure.value }] : []
