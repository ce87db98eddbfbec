import { createRoute, z } from '@hono/zod-openapi'
import { canonicalAddress } from '../../core/events/address.ts'
import { STORE_BACKENDS } from '../../core/features/store/port.ts'
import { PANE_MS } from '../../core/window/pane-times.ts'
import { apiApp, json, refusals, refused } from '../api.ts'
import { requires } from '../auth/requires.ts'
import { presentFeatures, reportOf } from '../feature-store.ts'

const Count = z.number().int()
const Milliseconds = z.object({ p50: z.number().nullable(), p99: z.number().nullable() }).openapi({
  description:
    'At most this long: the upper bound of a bucket of a logarithmic scale, 1 ms and 19 % over the truth at most; null: not measured',
})

const figures = {
  hits: Count,
  misses: Count.openapi({ description: 'The store had nothing' }),
  stale: Count.openapi({ description: 'It had the vector of another window or schema, which was not used' }),
  errors: Count.openapi({ description: 'It failed, or what it had was no vector' }),
  hit_rate: z.number().nullable().openapi({ description: 'Hits of all look-ups; null when there was none' }),
  retrieve_ms: Milliseconds,
  extract_ms: Milliseconds,
  written: Count,
  write_errors: Count,
  dropped: Count.openapi({ description: 'Vectors that found no room among those that wait to be written' }),
}

const Statistics = z
  .object({
    backend: z.enum(STORE_BACKENDS),
    ...figures,
    entries: Count.nullable(),
    memory_bytes: Count.nullable(),
    day: z.object(figures).openapi({ description: 'The same over the last day; the others are of the last hour' }),
    unknown: z.record(z.string(), z.string()).openapi({ description: 'Why a figure is null, by its name' }),
    state: z.enum(['ok', 'degraded']),
    detail: z.string(),
  })
  .openapi('FeatureStoreStatistics')

const statistics = createRoute({
  method: 'get',
  path: '/api/feature-store/stats',
  summary: 'What the feature store did in the last hour and day',
  middleware: requires('viewer'),
  responses: { 200: json(Statistics, 'Measured figures'), ...refusals(401, 403, 503) },
})

const Features = z
  .object({
    src_ip: z.string(),
    scope: z.string().openapi({ description: '"" for public addresses live, else the sensor or the replay' }),
    features: z.array(
      z.object({
        name: z.string(),
        group: z.string(),
        value: z.number().nullable().openapi({ description: 'Null where absent' }),
        unit: z.string(),
      }),
    ),
    schema_hash: z.string(),
    timestamp: z.iso.datetime(),
    window_ends: z.iso.datetime().openapi({ description: 'End of the window’s last pane, in event time' }),
    events: Count.openapi({ description: 'Events of the source up to then' }),
    events_unjudged: Count.openapi({ description: 'Events that came since the window was judged' }),
    from: z.enum(['store', 'partition']),
    store: z.enum(['hit', 'miss', 'stale', 'error', 'unasked']),
    store_detail: z.string().nullable(),
  })
  .openapi('PresentFeatures')

const present = createRoute({
  method: 'get',
  path: '/api/features/{address}',
  summary: 'The 100 features of an address as they are now, out of the feature store or from its partition',
  middleware: requires('viewer'),
  request: {
    params: z.object({
      address: z.string().openapi({ param: { name: 'address', in: 'path' }, example: '203.0.113.7' }),
    }),
    query: z.object({
      scope: z.string().max(300).optional().openapi({
        description: 'As a vector tells it; without it the live window, else the newest replay’s',
      }),
    }),
  },
  responses: { 200: json(Features, 'The vector'), ...refusals(400, 401, 403, 404, 503) },
})

export const featuresApi = apiApp()
  .openapi(statistics, async (c) => {
    const { statistics, state, detail } = await reportOf(c)
    if (!statistics.ok) return refused(c, { tag: 'unavailable', detail: statistics.error })
    return c.json({ ...statistics.value, state, detail }, 200)
  })
  .openapi(present, async (c) => {
    const address = canonicalAddress(c.req.valid('param').address)
    if (address === null) return refused(c, { tag: 'invalid-input', detail: 'address: no IPv4 or IPv6 address' })
    const found = await presentFeatures(c, { address, scope: c.req.valid('query').scope ?? null })
    if (!found.ok)
      return found.error.tag === 'no-window'
        ? refused(c, { tag: 'not-found', detail: 'No judged window of this address is kept.' })
        : refused(c, { tag: 'unavailable', detail: found.error.why })
    const { features, schemaHash } = c.var.parts
    const { cursor, row, at, unjudged, from, found: store, why } = found.value
    return c.json(
      {
        src_ip: address,
        scope: cursor.scope,
        features: features.map(({ name, group, unit }, i) => {
          const value = row[i]!
          return { name, group, value: Number.isNaN(value) ? null : value, unit }
        }),
        schema_hash: schemaHash,
        timestamp: new Date(at).toISOString(),
        window_ends: new Date((cursor.pane + 1) * PANE_MS).toISOString(),
        events: cursor.events,
        events_unjudged: unjudged,
        from,
        store,
        store_detail: why,
      },
      200,
    )
  })
