import { createRoute, z } from '@hono/zod-openapi'
import { apiApp, json, refusals } from '../api.ts'
import { requires } from '../auth/requires.ts'
import { sensorLines } from './dashboard.ts'

const Time = z.iso.datetime()

const Sensor = z
  .object({
    id: z.string(),
    name: z.string(),
    formats: z.array(z.string()).nullable().openapi({ description: 'Formats it may send; null is all' }),
    source_ranges: z.array(z.string()).nullable().openapi({ description: 'CIDRs it may report; null is all' }),
    rate_limit: z.number().nullable().openapi({ description: 'Events a minute; null is no limit' }),
    created_at: Time,
    revoked_at: Time.nullable(),
    health: z
      .object({
        accepted: z.number().int(),
        duplicates: z.number().int(),
        rejected: z.number().int(),
        dropped: z.number().int().openapi({ description: 'Refused because of its rate limit' }),
        events_last_minute: z.number().int(),
        last_batch_at: Time.nullable(),
        last_event_ts: Time.nullable(),
        recent_rejections: z.array(z.object({ at: Time, reason: z.string() })),
      })
      .nullable()
      .openapi({ description: 'Null where the sensor object does not answer; health_error says why' }),
    health_error: z.string().nullable(),
  })
  .openapi('Sensor')

const listed = createRoute({
  method: 'get',
  path: '/api/sensors',
  summary: 'Sensors with their health, by name',
  middleware: requires('viewer'),
  responses: {
    200: json(z.object({ items: z.array(Sensor), next: z.null() }), 'All sensors'),
    ...refusals(401, 403),
  },
})

const iso = (ms: number): string => new Date(ms).toISOString()
const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms))

export const sensorsApi = apiApp().openapi(listed, async (c) => {
  const items = (await sensorLines(c)).map(({ health, revokedAt: _, created_at, revoked_at, ...row }) => ({
    ...row,
    created_at: iso(created_at),
    revoked_at: isoOrNull(revoked_at),
    health: health.ok
      ? {
          accepted: health.value.accepted,
          duplicates: health.value.duplicates,
          rejected: health.value.rejected,
          dropped: health.value.dropped,
          events_last_minute: health.value.eventsLastMinute,
          last_batch_at: isoOrNull(health.value.lastBatchAt),
          last_event_ts: isoOrNull(health.value.lastEventTs),
          recent_rejections: health.value.recentRejections.map(({ at, reason }) => ({ at: iso(at), reason })),
        }
      : null,
    health_error: health.ok ? null : health.error,
  }))
  return c.json({ items, next: null }, 200)
})
