import type { CanonicalEvent } from '../events/event.ts'
import { type FieldMatch, fieldMatch, type RuleValue } from './value-match.ts'

export type EventMatch = (event: CanonicalEvent) => boolean
export type SelectionMap = Record<string, RuleValue | RuleValue[]>

/**
 * A Sigma selection: every line of a map must hold; of a list of maps one must.
 * Throws RuleProblem for what cannot be matched.
 */
export function compileSelection(selection: SelectionMap | SelectionMap[], at: readonly PropertyKey[]): EventMatch {
  if (!Array.isArray(selection)) return compileMap(selection, at)
  const maps = selection.map((map, i) => compileMap(map, [...at, i]))
  return (event) => maps.some((matches) => matches(event))
}

function compileMap(map: SelectionMap, at: readonly PropertyKey[]): EventMatch {
  const lines: FieldMatch[] = Object.entries(map)
    .map(([key, value]) => fieldMatch(key, Array.isArray(value) ? value : [value], [...at, key]))
    .sort((a, b) => a.cost - b.cost)
  return (event) => lines.every(({ field, match }) => match(field.of(event)))
}
