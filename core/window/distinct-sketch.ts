import { estimateDistinct, mergeRegisters, noteHash, REGISTERS } from './hyperloglog.ts'
import type { NumberPrinter, NumberReader } from './printed-numbers.ts'

/** Distinct keys up to this many are counted exactly; beyond, by HyperLogLog with 6.5 % standard error. */
export const DISTINCT_EXACT = 32
/** Printed in place of the number of exact keys. */
const SATURATED = DISTINCT_EXACT + 1

/**
 * Counts distinct 32-bit hashes in bounded memory. What it tells depends only on the set of hashes added,
 * not on order, repetition or how parts were merged.
 */
export class DistinctSketch {
  #keys: number[] = []
  #registers: Uint8Array | null = null

  add(hash: number): void {
    if (this.#registers) {
      noteHash(this.#registers, hash)
      return
    }
    if (this.#keys.includes(hash)) return
    this.#keys.push(hash)
    if (this.#keys.length > DISTINCT_EXACT) this.#fold()
  }

  merge(other: DistinctSketch): void {
    if (other.#registers) {
      if (!this.#registers) this.#fold()
      mergeRegisters(this.#registers!, other.#registers)
    } else for (const key of other.#keys) this.add(key)
  }

  copy(): DistinctSketch {
    const copy = new DistinctSketch()
    copy.#keys = this.#keys.slice()
    copy.#registers = this.#registers?.slice() ?? null
    return copy
  }

  count(): number {
    return this.#registers ? estimateDistinct(this.#registers) : this.#keys.length
  }

  /** True when `hash` was added and the sketch is still exact; false when it was not, or that can no longer be told. */
  hasExactly(hash: number): boolean {
    return this.#registers === null && this.#keys.includes(hash)
  }

  toJSON(): { keys: number[] } | { registers: number[] } {
    return this.#registers ? { registers: [...this.#registers] } : { keys: this.#keys }
  }

  static fromJSON(stored: { keys?: number[]; registers?: number[] }): DistinctSketch {
    const sketch = new DistinctSketch()
    sketch.#keys = stored.keys ?? []
    sketch.#registers = stored.registers ? Uint8Array.from(stored.registers) : null
    return sketch
  }

  print(out: NumberPrinter): void {
    if (this.#registers) {
      out.number(SATURATED)
      out.sparse(this.#registers)
      return
    }
    out.number(this.#keys.length)
    for (const key of this.#keys) out.hash(key)
  }

  /** Adds a sketch that `print` wrote. */
  mergePrinted(printed: NumberReader): void {
    const keys = printed.number()
    if (keys === SATURATED) {
      const registers = new Uint8Array(REGISTERS)
      printed.addSparse(registers)
      if (!this.#registers) this.#fold()
      mergeRegisters(this.#registers!, registers)
      return
    }
    for (let i = 0; i < keys; i++) this.add(printed.hash())
  }

  #fold(): void {
    const registers = new Uint8Array(REGISTERS)
    for (const key of this.#keys) noteHash(registers, key)
    this.#registers = registers
    this.#keys = []
  }
}
