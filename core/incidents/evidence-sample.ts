import type { CanonicalEvent } from '../events/event.ts'
import { hash32 } from '../window/hash.ts'

/** Where an event lies in the partition's journal. */
export interface JournalPlace {
  row: number
  index: number
}

export interface SampledEvent extends JournalPlace {
  ts: number
  /** Hash of the original line: what is kept depends on content, not on how events were grouped into batches. */
  rank: number
}

/** Kinds of event told apart, and how many of each are kept. */
const STRATA = 12
const KEPT = 32
const FORGET_AFTER_MS = 3_600_000

/**
 * A bounded sample of a source's events that represents them: of each kind (type and outcome) the earliest one and those
 * of least hash, from the last hour. Independent of order and batches. At most 12 × 33 places.
 */
export class EvidenceSample {
  #strata = new Map<string, SampledEvent[]>()
  #earliest = new Map<string, SampledEvent>()

  add(event: CanonicalEvent, original: string, place: JournalPlace): void {
    this.#take(stratumOf(event), { ...place, ts: event.ts, rank: hash32(original) })
  }

  /** Takes in a sample of later events. */
  merge(later: EvidenceSample): void {
    for (const [stratum, kept] of later.#strata) for (const sampled of kept) this.#take(stratum, sampled)
    for (const [stratum, sampled] of later.#earliest) this.#takeEarliest(this.#ownStratum(stratum), sampled)
  }

  #ownStratum(stratum: string): string {
    return !this.#strata.has(stratum) && this.#strata.size >= STRATA ? 'rest' : stratum
  }

  #takeEarliest(stratum: string, sampled: SampledEvent): void {
    const earliest = this.#earliest.get(stratum)
    if (!earliest || sampled.ts < earliest.ts) this.#earliest.set(stratum, sampled)
  }

  #take(name: string, sampled: SampledEvent): void {
    const stratum = this.#ownStratum(name)
    this.#takeEarliest(stratum, sampled)
    const kept = this.#strata.get(stratum)
    if (!kept) {
      this.#strata.set(stratum, [sampled])
      return
    }
    if (kept.length < KEPT) {
      kept.push(sampled)
      return
    }
    let worst = 0
    for (let i = 0; i < kept.length; i++) {
      if (kept[i]!.ts < sampled.ts - FORGET_AFTER_MS) {
        kept[i] = sampled
        return
      }
      if (kept[i]!.rank > kept[worst]!.rank) worst = i
    }
    if (sampled.rank < kept[worst]!.rank) kept[worst] = sampled
  }

  /** The sample's places in order of event time, the rare kinds first where there are more than `most`. */
  places(most: number): SampledEvent[] {
    const strata = [...this.#strata].sort(([, a], [, b]) => a.length - b.length)
    const chosen = new Map<string, SampledEvent>()
    const take = (sampled: SampledEvent) => {
      if (chosen.size < most) chosen.set(`${sampled.row}:${sampled.index}`, sampled)
    }
    for (const sampled of this.#earliest.values()) take(sampled)
    for (const [, kept] of strata) for (const sampled of kept) take(sampled)
    return [...chosen.values()].sort((a, b) => a.ts - b.ts || a.rank - b.rank)
  }

  toJSON(): object {
    return { strata: [...this.#strata], earliest: [...this.#earliest] }
  }

  static fromJSON(stored: StoredSample): EvidenceSample {
    const sample = new EvidenceSample()
    sample.#strata = new Map(stored.strata)
    sample.#earliest = new Map(stored.earliest)
    return sample
  }
}

export interface StoredSample {
  strata: [string, SampledEvent[]][]
  earliest: [string, SampledEvent][]
}

/** Events of one stratum tell an analyst the same; a rare stratum (the one success among failures) must not be lost. */
function stratumOf(event: CanonicalEvent): string {
  if (event.http) return `${event.event_type} ${Math.floor((event.http.status ?? 0) / 100)}`
  return event.tcp_state === undefined ? event.event_type : `${event.event_type} ${event.tcp_state}`
}
