import type { CanonicalEvent } from '../events/event.ts'
import { type Known, knownAll, knownAny } from './condition.ts'
import { isOfShape } from './event-shape.ts'
import { type FieldMatch, fieldMatch, type RuleValue } from './value-match.ts'

export type EventMatch = (event: CanonicalEvent) => boolean
export type SelectionMap = Record<string, RuleValue | RuleValue[]>

export interface Selection {
  match: EventMatch
  /** What is known of `match` for all events of this one's shape (event-shape.ts). */
  known(event: CanonicalEvent): Known
}

/**
 * A Sigma selection: every line of a map must hold; of a list of maps one must.
 * Throws RuleProblem for what cannot be matched.
 */
export function compileSelection(selection: SelectionMap | SelectionMap[], at: readonly PropertyKey[]): Selection {
  if (!Array.isArray(selection)) return compileMap(selection, at)
  const maps = selection.map((map, i) => compileMap(map, [...at, i]))
  return {
    match: (event) => maps.some(({ match }) => match(event)),
    known: (event) => knownAny(maps.map(({ known }) => known(event))),
  }
}

function compileMap(map: SelectionMap, at: readonly PropertyKey[]): Selection {
  const lines: FieldMatch[] = Object.entries(map)
    .map(([key, value]) => fieldMatch(key, Array.isArray(value) ? value : [value], [...at, key]))
    .sort((a, b) => a.cost - b.cost)
  return {
    match: (event) => lines.every(({ field, match }) => match(field.of(event))),
    known: (event) =>
      knownAll(lines.map(({ name, field, match }) => (isOfShape(name, event) ? match(field.of(event)) : null))),
  }
}
