import type { VectorEntry } from './port.ts'

/** A window that somebody outside may ask for soon, or one of the many others. */
export type Weight = 'sought' | 'sampled'

export interface WaitingWritesOptions {
  /** Addresses that wait at most, all in all. */
  most: number
  /** Of those, ordinary windows: a sample. */
  mostSampled: number
}

/**
 * Vectors that wait to be written, one an address: the newest. Bounded: what finds no room is counted as dropped; an
 * ordinary window makes room for one that is sought.
 */
export class WaitingWrites {
  readonly #options: WaitingWritesOptions
  readonly #sought = new Map<string, VectorEntry>()
  readonly #sampled = new Map<string, VectorEntry>()
  /** Sought vectors that were never written: no room, or the store failed. Ordinary ones are not missed. */
  dropped = 0

  constructor(options: WaitingWritesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#sought.size + this.#sampled.size
  }

  /** @param entryOf makes the entry; called only where it is kept, for most windows are ordinary */
  offer(address: string, weight: Weight, entryOf: () => VectorEntry): void {
    if (this.#sought.has(address)) this.#sought.set(address, entryOf())
    else if (weight === 'sought') this.#offerSought(address, entryOf)
    else if (
      this.#sampled.has(address) ||
      (this.#sampled.size < this.#options.mostSampled && this.size < this.#options.most)
    )
      this.#sampled.set(address, entryOf())
  }

  /** Up to `most` of them, those that are sought first, oldest first. They wait no longer. */
  take(most: number): VectorEntry[] {
    const taken: VectorEntry[] = []
    for (const waiting of [this.#sought, this.#sampled])
      for (const [address, entry] of waiting) {
        if (taken.length >= most) return taken
        taken.push(entry)
        waiting.delete(address)
      }
    return taken
  }

  #offerSought(address: string, entryOf: () => VectorEntry): void {
    this.#sampled.delete(address)
    if (this.size >= this.#options.most) {
      const [ordinary] = this.#sampled.keys()
      if (ordinary === undefined) {
        this.dropped++
        return
      }
      this.#sampled.delete(ordinary)
    }
    this.#sought.set(address, entryOf())
  }
}
