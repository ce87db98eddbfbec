import type { CanonicalEvent } from '../events/event.ts'
import { isOfShape, shapeOf } from './event-shape.ts'
import type { Rule, RuleSet, Step } from './rule.ts'

/** Shapes remembered of a set: strangers may choose words, so there may be any number. */
const MOST_SHAPES = 1024

/**
 * For each shape of event the rules that an event of it could move at all, so that an event meets only those. Whatever it
 * leaves out would neither match a step nor an `unless`: with it or without, the hits are the same.
 */
export class RuleIndex {
  readonly #rules: readonly Rule[]
  readonly #byShape = new Map<string, readonly number[]>()

  constructor({ rules }: RuleSet) {
    this.#rules = rules
  }

  /** Places of the rules in their set, in its order. */
  candidates(event: CanonicalEvent): readonly number[] {
    const shape = shapeOf(event)
    const known = this.#byShape.get(shape)
    if (known) return known
    if (this.#byShape.size >= MOST_SHAPES) this.#byShape.clear()
    const found = this.#ofShape(event)
    this.#byShape.set(shape, found)
    return found
  }

  #ofShape(event: CanonicalEvent): number[] {
    const mayFire = new Set<string>()
    const found: number[] = []
    const may = ({ known }: Step): boolean => known(event, mayFire) !== false
    for (const [i, { name, groupBy, steps, unless }] of this.#rules.entries()) {
      // An event that lacks a field of the group belongs to none.
      if (groupBy.some((key) => isOfShape(key.name, event) && key.of(event) === undefined)) continue
      const fires = steps.some(may)
      // Those that name it come after it.
      if (fires) mayFire.add(name)
      if (fires || unless.some(may)) found.push(i)
    }
    return found
  }
}

const indexes = new WeakMap<RuleSet, RuleIndex>()

/** The set's index, made when first asked for. */
export function indexOf(set: RuleSet): RuleIndex {
  let index = indexes.get(set)
  if (!index) {
    index = new RuleIndex(set)
    indexes.set(set, index)
  }
  return index
}
