/**
 * Seeded generator for the trainer: the same seed and stream give the same numbers on every machine.
 * sfc32 (Chris Doty-Humphrey, PractRand), 128 bits of state. Not for secrets.
 */
export interface Random {
  /** Next integer, 0..2^32-1. */
  uint32(): number
  /** Next number in 0 ≤ x < 1, with 53 random bits. */
  unit(): number
  /** Next integer in 0 ≤ x < bound; bound 1..2^32. */
  below(bound: number): number
  /** Next draw from the normal distribution with mean 0 and variance 1 (Box-Muller). */
  normal(): number
}

/**
 * @param seed any integer
 * @param stream tells independent uses of one seed apart, e.g. (member, tree); so a step can be run alone and give
 *   what it gives in the whole run
 */
export function random(seed: number, ...stream: number[]): Random {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162
  let counter = 1
  const uint32 = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (const word of [seed, Math.floor(seed / 0x1_0000_0000), ...stream]) {
    a ^= word | 0
    for (let round = 0; round < 12; round++) uint32()
  }
  const unit = () => ((uint32() >>> 5) * 0x400_0000 + (uint32() >>> 6)) / 0x20_0000_0000_0000
  return {
    uint32,
    unit,
    below: (bound) => Math.floor(unit() * bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit()),
  }
}

/** Puts `items` in random order, in place (Fisher-Yates). */
export function shuffle(items: Int32Array, source: Random): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = source.below(last + 1)
    const held = items[last]!
    items[last] = items[other]!
    items[other] = held
  }
}
