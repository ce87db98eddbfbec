import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { type IntelListRow, IntelListStore } from '../../adapters/d1/intel-list-store.ts'
import { LIST_FORMAT_NAMES } from '../../core/intel/formats/formats.ts'
import { SCALES } from '../../core/intel/indicator.ts'
import { ListDefinition } from '../../core/intel/list-definition.ts'
import { LIST_KINDS } from '../../core/intel/list-kinds.ts'
import { apiApp, json, refusals, refused } from '../api.ts'
import type { AppEnv } from '../app-env.ts'
import { whoOf } from '../auth/authorise.ts'
import { actorOf } from '../auth/identify.ts'
import { requires } from '../auth/requires.ts'
import { listLoader } from '../intel-loader.ts'
import { whyInvalid } from '../why-invalid.ts'

export const INTEL_LISTS = '/api/intel/lists'

const Time = z.iso.datetime()
const Count = z.number().int()

const List = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(LIST_KINDS),
    format: z.string(),
    scale: z.string(),
    weight: z.number(),
    licence: z.string().nullable(),
    url: z.string().nullable(),
    refresh_minutes: Count.nullable(),
    leave_out_refused: z.boolean(),
    bytes: Count.openapi({ description: 'Of its entries in memory' }),
    counts: z.object({
      addresses: Count,
      ranges: Count,
      domains: Count,
      ja3: Count,
      expired: Count,
      refused: Count,
      unreadable: Count,
    }),
    examples: z.array(z.string()).openapi({ description: 'Entries that were left out, with the reason' }),
    as_of: Time.openapi({ description: 'When it was true at its source' }),
    expires_at: Time.nullable().openapi({ description: 'After that it is used no more' }),
    loaded_at: Time,
    checked_at: Time.openapi({ description: 'When its URL was last asked' }),
    last_error: z
      .string()
      .nullable()
      .openapi({ description: 'Why the last refresh failed; the old entries are in force' }),
  })
  .openapi('IntelList')

const listed = createRoute({
  method: 'get',
  path: INTEL_LISTS,
  summary: 'Loaded lists of threat intelligence, by name',
  middleware: requires('viewer'),
  responses: { 200: json(z.object({ items: z.array(List), next: z.null() }), 'All lists'), ...refusals(401, 403) },
})

const text = (description: string, example?: string) => z.string().optional().openapi({ description, example })

const added = createRoute({
  method: 'post',
  path: INTEL_LISTS,
  summary: 'Load a list, in place of the one of the same name',
  description:
    'The body is the list as its source gives it, up to 256 MiB, gzip or not; without a body it is fetched from `url`.',
  middleware: requires('admin'),
  request: {
    query: z.object({
      name: z.string().openapi({ example: 'ipsum' }),
      kind: text(`One of ${LIST_KINDS.join(', ')}; blocklist when absent`),
      format: text(`One of ${LIST_FORMAT_NAMES.join(', ')}; plain when absent`),
      scale: text(`How scores of a CSV read: ${SCALES.join(', ')}; count when absent`),
      weight: text('Trust in it, 0 to 1; 1 when absent'),
      licence: text('The licence it is used under'),
      url: text('Where it comes from, and is fetched from again'),
      refresh_minutes: text('How often it is fetched again, 15 to 40320; 1440 when absent'),
      as_of: text('When it was true at its source; now when absent'),
      max_age_days: text('How long it is used after that; 30 when absent'),
      leave_out_refused: text('true: entries that no list may hold are left out; else they refuse the list'),
    }),
  },
  responses: { 200: json(List, 'The list as it is loaded'), ...refusals(400, 401, 403, 422, 502) },
})

const ListParameters = z.object({
  id: z
    .string()
    .max(200)
    .openapi({ param: { name: 'id', in: 'path' } }),
})

const removed = createRoute({
  method: 'delete',
  path: `${INTEL_LISTS}/{id}`,
  summary: 'Remove a list; what incidents noted of it stays with them',
  middleware: requires('admin'),
  request: { params: ListParameters },
  responses: { 204: { description: 'It is removed' }, ...refusals(401, 403, 404) },
})

const refreshed = createRoute({
  method: 'post',
  path: `${INTEL_LISTS}/{id}/refresh`,
  summary: 'Fetch a list again from its URL now; the old entries stay in force when that fails',
  middleware: requires('admin'),
  request: { params: ListParameters },
  responses: {
    200: json(
      z.object({
        outcome: z.enum(['loaded', 'unchanged', 'failed', 'no-url']),
        error: z.string().nullable(),
        list: List,
      }),
      'What became of it',
    ),
    ...refusals(401, 403, 404),
  },
})

export const intelApi = apiApp()
  .openapi(listed, async (c) => {
    const items = (await new IntelListStore(c.var.db).all()).map(listJson)
    return c.json({ items, next: null }, 200)
  })
  .openapi(added, async (c) => {
    const definition = ListDefinition.safeParse(c.req.query())
    if (!definition.success) return refused(c, { tag: 'invalid-input', detail: whyInvalid(definition.error) })
    const by = { actor: actorOf(whoOf(c)), at: c.var.now }
    const list = await loader(c).add(definition.data, bodyOf(c), by)
    if (list.ok) return c.json(listJson(list.value), 200)
    const { tag, why } = list.error
    if (tag === 'no-body') return refused(c, { tag: 'invalid-input', detail: why })
    return refused(c, {
      tag: tag === 'not-fetched' ? 'list-not-fetched' : 'list-refused',
      detail: why,
      more: { reason: tag },
    })
  })
  .openapi(removed, async (c) => {
    const by = { actor: actorOf(whoOf(c)), at: c.var.now }
    if (!(await new IntelListStore(c.var.db).remove(c.req.valid('param').id, by)))
      return refused(c, { tag: 'no-such-list' })
    return c.body(null, 204)
  })
  .openapi(refreshed, async (c) => {
    const store = new IntelListStore(c.var.db)
    const { id } = c.req.valid('param')
    const row = await store.byId(id)
    if (row === null) return refused(c, { tag: 'no-such-list' })
    const { outcome, error } = await loader(c).refresh(row, { actor: actorOf(whoOf(c)), at: c.var.now })
    return c.json({ outcome, error, list: listJson((await store.byId(id)) ?? row) }, 200)
  })

const loader = (c: Context<AppEnv>) => listLoader(c.env, c.var.parts, c.var.db)

/** Null for a request without a body, also where the client says so by its length. */
const bodyOf = (c: Context<AppEnv>): ReadableStream<Uint8Array> | null =>
  c.req.header('Content-Length') === '0' ? null : c.req.raw.body

const iso = (ms: number): string => new Date(ms).toISOString()

function listJson(row: IntelListRow): z.input<typeof List> {
  const { object_key: _, etag: _etag, last_modified: _changed, max_age_days: _days, ...rest } = row
  return {
    ...rest,
    as_of: iso(row.as_of),
    expires_at: row.expires_at === null ? null : iso(row.expires_at),
    loaded_at: iso(row.loaded_at),
    checked_at: iso(row.checked_at),
  }
}
