import type { Random } from '../random.ts'
import { nearest, type Space } from './neighbours.ts'

/** Neighbours of a row that a synthetic one may lie towards, and those that tell how hard it is to learn (both papers: 5). */
export const NEIGHBOURS = 5

/** A synthetic row lies between `from` and `to`, at `at` (0 to under 1) of the way. */
export interface Between {
  from: number
  to: number
  at: number
}

/**
 * SMOTE (Chawla et al. 2002, as imbalanced-learn): each synthetic row starts from a row of the class drawn evenly, towards
 * one of its five nearest of the class, drawn evenly. None where the class has one row.
 * @param members the class's rows
 */
export function smote(space: Space, members: Int32Array, wanted: number, source: Random): Between[] {
  if (members.length < 2) return []
  const known = new Map<number, Int32Array>()
  return Array.from({ length: wanted }, () =>
    towards(space, members[source.below(members.length)]!, members, known, source),
  )
}

/**
 * ADASYN (He et al. 2008, as imbalanced-learn): a row of the class gets synthetic rows in proportion to how many of its five
 * nearest among all rows are of another class, so that the border is learnt. Shares are rounded, so that a few more or less
 * than `wanted` may come. Where no row has a stranger near, SMOTE.
 * @param all every row that is learnt from
 */
export function adasyn(space: Space, members: Int32Array, all: Int32Array, wanted: number, source: Random): Between[] {
  if (members.length < 2) return []
  const own = new Set(members)
  const hardness = Float64Array.from(members, (row) => {
    const around = nearest(space, row, all, NEIGHBOURS)
    return around.filter((other) => !own.has(other)).length / Math.max(1, around.length)
  })
  const total = hardness.reduce((sum, share) => sum + share, 0)
  if (total === 0) return smote(space, members, wanted, source)
  const known = new Map<number, Int32Array>()
  return Array.from(members).flatMap((row, i) =>
    Array.from({ length: Math.round((hardness[i]! / total) * wanted) }, () =>
      towards(space, row, members, known, source),
    ),
  )
}

function towards(
  space: Space,
  from: number,
  members: Int32Array,
  known: Map<number, Int32Array>,
  source: Random,
): Between {
  let near = known.get(from)
  if (!near) {
    near = nearest(space, from, members, NEIGHBOURS)
    known.set(from, near)
  }
  return { from, to: near[source.below(near.length)]!, at: source.unit() }
}
