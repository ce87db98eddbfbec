import { STRIDE } from './case-vector.ts'
import { BLOCK_SLOTS, SEGMENTS, segmentLengths, type VectorBlock } from './vector-block.ts'

/** A vector that was found. */
export interface Found {
  slot: number
  /** Cosine, -1..1. */
  similarity: number
}

/** A bound is taken for that much higher: sums of doubles are rounded. */
const SLACK = 1e-9

/** Cosine of two vectors of length 1; rounding of Float32 does not take it past 1. */
export function cosine(query: ArrayLike<number>, vectors: ArrayLike<number>, at = 0): number {
  let sum = 0
  for (let i = 0; i < STRIDE; i++) sum += query[i]! * vectors[at + i]!
  return within(sum)
}
const within = (sum: number): number => (sum > 1 ? 1 : sum < -1 ? -1 : sum)

/** Of equals the lower slot: the answer does not depend on the order of search. */
const isBefore = (one: Found, other: Found): boolean =>
  one.similarity > other.similarity || (one.similarity === other.similarity && one.slot < other.slot)

/** The best `most` (1 or more) of what it is given, best first. */
export class Nearest {
  readonly found: Found[] = []
  readonly #most: number
  /** What does not reach it is not among the best. */
  least = Number.NEGATIVE_INFINITY

  constructor(most: number) {
    this.#most = most
  }

  add(slot: number, similarity: number): void {
    if (similarity < this.least) return
    const one = { slot, similarity }
    let place = this.found.length
    while (place > 0 && isBefore(one, this.found[place - 1]!)) place--
    this.found.splice(place, 0, one)
    if (this.found.length > this.#most) this.found.pop()
    if (this.found.length === this.#most) this.least = this.found[this.#most - 1]!.similarity
  }
}

/** What a search is to find. */
export interface Sought {
  /** STRIDE floats of length 1. */
  query: Float32Array
  /** How many of the nearest, 1 or more. */
  most: number
  /** Whoever is more similar than this is told to `near` as well, however many they are. */
  over: number
  near: (found: Found) => void
  /** False leaves a slot out; asked of those only that would be found. */
  isAsked: (slot: number) => boolean
}

/**
 * The nearest vectors of all blocks, best first. Exact: a vector is passed over only where the lengths of its segments
 * prove that it can neither be among the nearest nor over the mark.
 */
export function searchBlocks(blocks: readonly VectorBlock[], sought: Sought): Found[] {
  const { most, over, near, isAsked } = sought
  const query = Float64Array.from(sought.query)
  const lengths = new Float64Array(SEGMENTS)
  segmentLengths(sought.query, 0, lengths, 0)
  const best = new Nearest(most)
  const places = new Int32Array(BLOCK_SLOTS)
  const similarities = new Float64Array(BLOCK_SLOTS)
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index]!
    const left = possible(block, lengths, Math.min(over, best.least) - SLACK, places)
    compare(query, block.vectors, places, left, similarities)
    for (let i = 0; i < left; i++) {
      const similarity = within(similarities[i]!)
      if (!(similarity > over || similarity >= best.least)) continue
      const slot = index * BLOCK_SLOTS + places[i]!
      if (!isAsked(slot)) continue
      if (similarity > over) near({ slot, similarity })
      best.add(slot, similarity)
    }
  }
  return best.found
}

/** Writes the places of the vectors that may reach `least`, in order; how many there are. */
function possible({ lengths: theirs }: VectorBlock, ours: Float64Array, least: number, places: Int32Array): number {
  let left = 0
  for (let place = 0; place < BLOCK_SLOTS; place++) {
    let bound = 0
    const at = place * SEGMENTS
    for (let segment = 0; segment < SEGMENTS; segment++) bound += ours[segment]! * theirs[at + segment]!
    if (bound >= least) places[left++] = place
  }
  return left
}

/** Products of the query with the vectors at `places`: four side by side, twice as fast as one after the other. */
function compare(
  query: Float64Array,
  vectors: Float32Array,
  places: Int32Array,
  count: number,
  into: Float64Array,
): void {
  let done = 0
  for (; done + 4 <= count; done += 4) {
    const first = places[done]! * STRIDE
    const second = places[done + 1]! * STRIDE
    const third = places[done + 2]! * STRIDE
    const fourth = places[done + 3]! * STRIDE
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (let i = 0; i < STRIDE; i++) {
      const value = query[i]!
      a += value * vectors[first + i]!
      b += value * vectors[second + i]!
      c += value * vectors[third + i]!
      d += value * vectors[fourth + i]!
    }
    into[done] = a
    into[done + 1] = b
    into[done + 2] = c
    into[done + 3] = d
  }
  for (; done < count; done++) into[done] = cosine(query, vectors, places[done]! * STRIDE)
}
