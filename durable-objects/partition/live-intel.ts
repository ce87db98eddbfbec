import { type IntelAnswer, NOTHING_KNOWN } from '../../core/intel/finding.ts'
import type { IntelDeskPort } from '../names.ts'

/** Addresses whose answers are kept at hand; the desk keeps all. */
const KEPT = 2_000
/** The desk is not asked again about an address before; what it hears meanwhile it tells by itself. */
const ASKED_AGAIN_MS = 10 * 60_000

export interface LookedUp {
  source: string
  /** 0..1 */
  suspicion: number
}

/**
 * What live look-ups told of this partition's sources. Nothing waits for it: the desk is asked, and whoever `arrived` tells of
 * is judged again. In memory only: after a restart the next judgement asks the desk, which has kept what it paid for.
 */
export class LiveIntel {
  readonly #desk: IntelDeskPort | null
  readonly #partition: string
  readonly #known = new Map<string, { answer: IntelAnswer; askedAt: number }>()

  /** @param desk null where no service has a key: nobody is asked then */
  constructor(desk: IntelDeskPort | null, partition: string) {
    this.#desk = desk
    this.#partition = partition
  }

  get isAnyKnown(): boolean {
    return this.#known.size > 0
  }

  of(source: string): IntelAnswer {
    return this.#known.get(source)?.answer ?? NOTHING_KNOWN
  }

  /**
   * Asks about the sources that have not been asked about for a while. Of an IPv6 source (a /64) no single address is known, so
   * it is not asked about. The answers that are there at once; rejects when the desk does not answer.
   */
  async ask(sources: readonly LookedUp[], now: number): Promise<{ address: string; answer: IntelAnswer }[]> {
    if (this.#desk === null) return []
    const open = new Map<string, number>()
    for (const { source, suspicion } of sources) {
      if (source.includes(':')) continue
      const askedAt = this.#known.get(source)?.askedAt ?? Number.NEGATIVE_INFINITY
      if (now - askedAt >= ASKED_AGAIN_MS) open.set(source, Math.max(suspicion, open.get(source) ?? 0))
    }
    if (open.size === 0) return []
    for (const source of open.keys()) this.#keep(source, this.of(source), now)
    const partition = this.#partition
    return this.#desk.ask([...open].map(([address, suspicion]) => ({ address, suspicion, partition })))
  }

  /** Takes in what was told; false when it says nothing new. */
  arrived(address: string, answer: IntelAnswer): boolean {
    const known = this.#known.get(address)
    if (JSON.stringify(answer) === JSON.stringify(known?.answer ?? NOTHING_KNOWN)) return false
    this.#keep(address, answer, known?.askedAt ?? Number.NEGATIVE_INFINITY)
    return true
  }

  #keep(address: string, answer: IntelAnswer, askedAt: number): void {
    this.#known.delete(address)
    this.#known.set(address, { answer, askedAt })
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value!)
  }
}
