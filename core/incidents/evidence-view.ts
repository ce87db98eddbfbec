import { allows } from '../auth/role.ts'
import type { CanonicalEvent, FormatName } from '../events/event.ts'
import type { incidentEvidence, Role } from '../store/schema.ts'
import type { EpochMs } from '../time.ts'

export type EvidenceRow = typeof incidentEvidence.$inferSelect

/** One event of the evidence as a person of some role may see it. */
export interface EvidenceView {
  n: number
  ts: EpochMs
  sensor: string
  stream: string
  format: FormatName
  event: CanonicalEvent
  /** The line as it arrived; null where it is withheld. */
  original: string | null
  /** The event's fields that the strongest indicators rest on, with their values as text; null where withheld. */
  matched: { field: string; value: string | null }[]
  /** Why the line is not shown, if it is not. */
  withheld: 'password' | null
}

/** Passwords that were tried are evidence for analysts: a viewer gets neither the field nor the line that holds it. */
export function evidenceFor(role: Role, row: EvidenceRow): EvidenceView {
  const { password, ...rest } = row.event
  const withheld = password !== undefined && !allows(role, 'analyst')
  return {
    n: row.n,
    ts: row.ts,
    sensor: row.sensor,
    stream: row.stream,
    format: row.format,
    event: withheld ? rest : row.event,
    original: withheld ? null : row.original,
    matched: row.matched.flatMap((field): EvidenceView['matched'] =>
      withheld && field === 'password' ? [{ field, value: null }] : fieldsAt(row.event, field),
    ),
    withheld: withheld ? 'password' : null,
  }
}

/** Every field of an event with its value as text, by dotted path, in the event's own order. */
export const eventFields = (event: CanonicalEvent): { field: string; value: string }[] => leaves(event, '')

/** The field of this dotted path with its value as text, or all fields under it; none when the event has none. */
export function fieldsAt(event: CanonicalEvent, path: string): { field: string; value: string }[] {
  let at: unknown = event
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return []
    at = (at as Record<string, unknown>)[name]
  }
  return leaves(at, path)
}

const leaves = (value: unknown, path: string): { field: string; value: string }[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`))
    : [{ field: path, value: String(value) }]
