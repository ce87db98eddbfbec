import { STRIDE } from './case-vector.ts'

/** Vectors a block; a multiple of four. */
export const BLOCK_SLOTS = 128
const SEGMENT = 12
export const SEGMENTS = STRIDE / SEGMENT
/** Above what rounding to Float32 can take away. */
const ROUNDED_UP = 1 + 1e-6

/**
 * Vectors one after another, STRIDE floats each, and the lengths of their nine segments of twelve: from those alone it
 * can be told how similar a vector is at most (Cauchy-Schwarz in each segment). A slot that is not taken holds zeros.
 */
export class VectorBlock {
  readonly vectors: Float32Array<ArrayBuffer>
  readonly lengths = new Float32Array(BLOCK_SLOTS * SEGMENTS)

  /** @param vectors BLOCK_SLOTS of them, kept and not copied */
  constructor(vectors: Float32Array<ArrayBuffer> = new Float32Array(BLOCK_SLOTS * STRIDE)) {
    if (vectors.length !== BLOCK_SLOTS * STRIDE) throw new Error(`a block of ${vectors.length} floats is none`)
    this.vectors = vectors
    for (let place = 0; place < BLOCK_SLOTS; place++) this.#measure(place)
  }

  at(place: number): Float32Array {
    return this.vectors.subarray(place * STRIDE, (place + 1) * STRIDE)
  }

  set(place: number, unit: Float32Array): void {
    this.vectors.set(unit, place * STRIDE)
    this.#measure(place)
  }

  #measure(place: number): void {
    segmentLengths(this.vectors, place * STRIDE, this.lengths, place * SEGMENTS)
  }
}

/** Lengths of a vector's segments, never less than they are. */
export function segmentLengths(
  vectors: Float32Array,
  at: number,
  into: Float32Array | Float64Array,
  place: number,
): void {
  for (let segment = 0; segment < SEGMENTS; segment++) {
    let sum = 0
    const from = at + segment * SEGMENT
    for (let i = from; i < from + SEGMENT; i++) sum += vectors[i]! * vectors[i]!
    into[place + segment] = Math.sqrt(sum) * ROUNDED_UP
  }
}
