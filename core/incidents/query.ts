import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import { fromBase64Url, toBase64Url } from '../base64url.ts'
import { entityOf } from '../events/source.ts'
import { INCIDENT_STATUSES, type IncidentStatus } from '../store/schema.ts'
import { CLASSES, type ClassId, SEVERITIES, type Severity } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import { OPEN_STATUSES } from './triage.ts'

export const INCIDENT_ORDERS = ['newest', 'oldest', 'risk', 'active', 'events'] as const
export type IncidentOrder = (typeof INCIDENT_ORDERS)[number]

/** Which incidents; an absent key asks for nothing. */
export interface IncidentFilter {
  status?: IncidentStatus[]
  classes?: ClassId[]
  severity?: Severity[]
  /** The spellings under which a source may be stored: the address, and for IPv6 its network. */
  sources?: string[]
  /** Text looked for in source, class, targets, sensors and assignee, whatever its case. */
  text?: string
  /** Of creation: from inclusive, to exclusive. */
  from?: EpochMs
  to?: EpochMs
}

/** Where a page begins: after the incident with this value of the order's key and this id. */
export interface Cursor {
  order: IncidentOrder
  key: number
  id: number
}

/** The query string of the queue and of GET /api/incidents. Lists are written with commas. */
export const IncidentQuery = z
  .object({
    status: list('status', [...INCIDENT_STATUSES, 'open', 'all'])
      .transform(statuses)
      .optional(),
    class: list('class', ['0', '1', '2', '3', '4', '5', '6'])
      .transform((ids) => ids.map((id) => CLASSES[Number(id)]!.id))
      .optional(),
    severity: list('severity', SEVERITIES).optional(),
    src_ip: z.string().max(64).transform(sourceSpellings).optional(),
    q: z.string().trim().max(200).optional(),
    from: z.string().max(40).transform(time).optional(),
    to: z.string().max(40).transform(time).optional(),
    sort: z.enum(INCIDENT_ORDERS).default('newest'),
    cursor: z.string().max(200).transform(readCursor).optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  })
  .refine(({ cursor, sort }) => cursor === undefined || cursor.order === sort, {
    path: ['cursor'],
    message: 'not a cursor of this list',
  })
export type IncidentQuery = z.output<typeof IncidentQuery>

export const filterOf = (query: IncidentQuery): IncidentFilter => ({
  ...(query.status && { status: query.status }),
  ...(query.class && { classes: query.class }),
  ...(query.severity && { severity: query.severity }),
  ...(query.src_ip && { sources: query.src_ip }),
  ...(query.q && { text: query.q }),
  ...(query.from !== undefined && { from: query.from }),
  ...(query.to !== undefined && { to: query.to }),
})

/** A cursor as it stands in an address: opaque to those who use it. */
export const writeCursor = ({ order, key, id }: Cursor): string =>
  toBase64Url(new TextEncoder().encode(JSON.stringify([order, key, id])))

function readCursor(text: string, context: z.RefinementCtx): Cursor {
  const Parts = z.tuple([z.enum(INCIDENT_ORDERS), z.number(), z.number().int()])
  try {
    const json = new TextDecoder().decode(fromBase64Url(text) ?? undefined)
    const [order, key, id] = Parts.parse(JSON.parse(json))
    return { order, key, id }
  } catch {
    context.addIssue({ code: 'custom', message: 'not a cursor of this list' })
    return z.NEVER
  }
}

/** Parameters as a form or an address gives them: a blank one asks for nothing. */
export const parseIncidentQuery = (parameters: Record<string, string | undefined>) =>
  IncidentQuery.safeParse(Object.fromEntries(Object.entries(parameters).filter(([, text]) => text?.trim())))

/** `open` stands for the open ones, `all` for no filter. */
function statuses(names: (IncidentStatus | 'open' | 'all')[]): IncidentStatus[] | undefined {
  if (names.includes('all')) return undefined
  return [...new Set(names.flatMap((name) => (name === 'open' ? OPEN_STATUSES : [name as IncidentStatus])))]
}

function list<Name extends string>(what: string, names: readonly Name[]) {
  return z
    .string()
    .max(200)
    .transform((text) => text.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(names, `a ${what} is one of ${names.join(', ')}`)))
}

/** Spellings of an address or of an IPv6 /64 under which incidents of it may be found. */
function sourceSpellings(text: string, context: z.RefinementCtx): string[] {
  const bare = text.trim().replace(/\/64$/, '')
  if (bare.includes(':') ? !ipaddr.IPv6.isValid(bare) : !ipaddr.IPv4.isValidFourPartDecimal(bare)) {
    context.addIssue({ code: 'custom', message: 'not an IPv4 or IPv6 address' })
    return z.NEVER
  }
  const address = ipaddr.process(bare).toString()
  return [...new Set([address, entityOf(address)])]
}

/** ISO 8601: a date, or a date and time. Without a zone it is UTC. A `+` that a query string turned to a space is read. */
function time(text: string, context: z.RefinementCtx): EpochMs {
  const form = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)?(Z|[+ -]\d\d:\d\d)?$/.exec(text.trim())
  const ms = form ? Date.parse(`${form[1]}${form[2] ?? 'T00:00'}${(form[3] ?? 'Z').replace(' ', '+')}`) : Number.NaN
  if (Number.isNaN(ms)) {
    context.addIssue({ code: 'custom', message: 'not an ISO 8601 date or time' })
    return z.NEVER
  }
  return ms
}
