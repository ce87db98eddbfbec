import { mix32 } from './hash.ts'
import { estimateDistinct, mergeRegisters, noteHash, REGISTERS } from './hyperloglog.ts'
import type { NumberPrinter, NumberReader } from './printed-numbers.ts'

/** Distinct keys up to this many are counted exactly, key by key. */
export const FREQUENCY_EXACT = 64
const BUCKETS = 128
/** Printed in place of the number of exact keys. */
const SATURATED = FREQUENCY_EXACT + 1

/**
 * How often each 32-bit key occurs: distinct keys, entropy and the largest share, in bounded memory.
 * Exact up to 64 distinct keys. Beyond, counts lie in 128 hashed buckets and a HyperLogLog (6.5 % standard error):
 * entropy is then the buckets' own plus log2 of the keys that share a bucket, within 0.35 bit for uniform keys;
 * the largest share reads up to 0.05 too high when keys share its bucket. What it tells depends only on the multiset added.
 */
export class FrequencySketch {
  #keys: number[] = []
  #counts: number[] = []
  #buckets: Float64Array | null = null
  #registers: Uint8Array | null = null
  total = 0

  add(key: number, times = 1): void {
    this.total += times
    if (this.#buckets) {
      this.#note(key, times)
      return
    }
    const at = this.#keys.indexOf(key)
    if (at >= 0) {
      this.#counts[at]! += times
      return
    }
    this.#keys.push(key)
    this.#counts.push(times)
    if (this.#keys.length > FREQUENCY_EXACT) this.#fold()
  }

  merge(other: FrequencySketch): void {
    if (other.#buckets) {
      if (!this.#buckets) this.#fold()
      for (let i = 0; i < BUCKETS; i++) this.#buckets![i]! += other.#buckets[i]!
      mergeRegisters(this.#registers!, other.#registers!)
      this.total += other.total
    } else for (let i = 0; i < other.#keys.length; i++) this.add(other.#keys[i]!, other.#counts[i]!)
  }

  copy(): FrequencySketch {
    const copy = new FrequencySketch()
    copy.#keys = this.#keys.slice()
    copy.#counts = this.#counts.slice()
    copy.#buckets = this.#buckets?.slice() ?? null
    copy.#registers = this.#registers?.slice() ?? null
    copy.total = this.total
    return copy
  }

  distinct(): number {
    return this.#registers ? estimateDistinct(this.#registers) : this.#keys.length
  }

  /** Shannon entropy of the key distribution, bits; NaN when nothing was added. */
  entropy(): number {
    if (this.total === 0) return Number.NaN
    const counts = this.#buckets ?? this.#counts
    const perBucket = this.#buckets ? Math.max(1, this.distinct() / this.#occupied()) : 1
    let sum = 0
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i]!
      if (count > 0) sum += count * Math.log2(count / perBucket)
    }
    // Rounding may leave a single key a hair under 0.
    return Math.max(0, Math.log2(this.total) - sum / this.total)
  }

  /** Occurrences of the most frequent key. */
  top(): number {
    const counts = this.#buckets ?? this.#counts
    let most = 0
    for (let i = 0; i < counts.length; i++) if (counts[i]! > most) most = counts[i]!
    return most
  }

  /** The exact keys with their counts, or null once there were too many. */
  exactKeys(): { keys: readonly number[]; counts: readonly number[] } | null {
    return this.#buckets ? null : { keys: this.#keys, counts: this.#counts }
  }

  /** Visits the occupied hashed buckets (0..127) of a sketch that is no longer exact. */
  forEachBucket(visit: (bucket: number) => void): void {
    for (let i = 0; i < BUCKETS; i++) if (this.#buckets && this.#buckets[i]! > 0) visit(i)
  }

  print(out: NumberPrinter): void {
    if (this.#buckets) {
      out.number(SATURATED)
      out.sparse(this.#buckets)
      out.sparse(this.#registers!)
      return
    }
    out.number(this.#keys.length)
    for (let i = 0; i < this.#keys.length; i++) {
      out.hash(this.#keys[i]!)
      out.number(this.#counts[i]!)
    }
  }

  /** Adds a sketch that `print` wrote. */
  mergePrinted(printed: NumberReader): void {
    const keys = printed.number()
    if (keys === SATURATED) {
      const other = new FrequencySketch()
      other.#fold()
      printed.addSparse(other.#buckets!)
      printed.addSparse(other.#registers!)
      for (const count of other.#buckets!) other.total += count
      this.merge(other)
      return
    }
    for (let i = 0; i < keys; i++) {
      const key = printed.hash()
      this.add(key, printed.number())
    }
  }

  #occupied(): number {
    let occupied = 0
    for (let i = 0; i < BUCKETS; i++) if (this.#buckets![i]! > 0) occupied++
    return occupied
  }

  #note(key: number, times: number): void {
    const hash = mix32(key)
    this.#buckets![hash & (BUCKETS - 1)]! += times
    noteHash(this.#registers!, hash)
  }

  #fold(): void {
    this.#buckets = new Float64Array(BUCKETS)
    this.#registers = new Uint8Array(REGISTERS)
    for (let i = 0; i < this.#keys.length; i++) this.#note(this.#keys[i]!, this.#counts[i]!)
    this.#keys = []
    this.#counts = []
  }
}
