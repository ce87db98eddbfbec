/** Registers of a HyperLogLog with 2^8 registers: standard error 1.04/√256 = 6.5 % (Flajolet et al., 2007). */
export const REGISTERS = 256
const BITS = 8
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)
const INVERSE_POWERS = Float64Array.from({ length: 34 }, (_, rank) => 2 ** -rank)

/** Notes a uniformly spread 32-bit hash. Adding in any order, any number of times, gives the same registers. */
export function noteHash(registers: Uint8Array, hash: number): void {
  const index = hash >>> (32 - BITS)
  const rank = Math.clz32((hash << BITS) | (1 << (BITS - 1))) + 1
  if (rank > registers[index]!) registers[index] = rank
}

export function mergeRegisters(into: Uint8Array, from: Uint8Array): void {
  for (let i = 0; i < REGISTERS; i++) if (from[i]! > into[i]!) into[i] = from[i]!
}

/** How many distinct hashes were noted; linear counting below 640, where it is the more exact. */
export function estimateDistinct(registers: Uint8Array): number {
  let sum = 0
  let empty = 0
  for (let i = 0; i < REGISTERS; i++) {
    const rank = registers[i]!
    sum += INVERSE_POWERS[rank]!
    if (rank === 0) empty++
  }
  const raw = (ALPHA * REGISTERS * REGISTERS) / sum
  return raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw
}
