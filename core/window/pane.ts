import { ContactSketch } from './contact-sketch.ts'
import { C, COUNTERS } from './counters.ts'
import { DistinctSketch } from './distinct-sketch.ts'
import { FrequencySketch } from './frequency-sketch.ts'
import { PANE_MS, PaneTimes } from './pane-times.ts'
import { EVENT_KINDS } from './signals/event-kind.ts'

const FREQUENCIES = ['ports', 'hosts', 'failedUsers', 'commands', 'resources'] as const
const DISTINCTS = ['sourcePorts', 'users', 'passwords', 'paths', 'sessions', 'lateralHosts'] as const
/**
 * Zeros to be sliced. Filled with fractions first, so that the engine keeps unboxed doubles; typed arrays of this length lie
 * outside its heap, which costs more to make and to collect than the rest of a pane.
 */
const zeros = (length: number): number[] => Array.from({ length }, () => 0.5).fill(0)
const NO_COUNTS = zeros(COUNTERS.length)
const NO_ACTIVITY = zeros(EVENT_KINDS.length)
type FrequencyName = (typeof FREQUENCIES)[number]
type DistinctName = (typeof DISTINCTS)[number]

/**
 * A source's events in 10 s of event time, as sums and bounded sketches. What a pane holds depends only on the multiset
 * of its events, so late and shuffled events, and any grouping into batches, end in the same pane.
 * Sketches are made when first needed: most panes of most sources hold one event.
 */
export class Pane {
  readonly index: number
  readonly counters: number[]
  readonly activity: number[]
  readonly times: PaneTimes
  ports: FrequencySketch | null = null
  hosts: FrequencySketch | null = null
  failedUsers: FrequencySketch | null = null
  commands: FrequencySketch | null = null
  resources: FrequencySketch | null = null
  sourcePorts: DistinctSketch | null = null
  users: DistinctSketch | null = null
  passwords: DistinctSketch | null = null
  paths: DistinctSketch | null = null
  sessions: DistinctSketch | null = null
  lateralHosts: DistinctSketch | null = null
  contacts: ContactSketch | null = null
  lowestPort = Number.POSITIVE_INFINITY
  highestPort = Number.NEGATIVE_INFINITY
  firstSuccessTs = Number.POSITIVE_INFINITY

  constructor(index: number, counters: readonly number[] = NO_COUNTS, activity: readonly number[] = NO_ACTIVITY) {
    this.index = index
    this.counters = counters.slice()
    this.activity = activity.slice()
    this.times = new PaneTimes(index * PANE_MS)
  }

  count(counter: keyof typeof C): number {
    return this.counters[C[counter]]!
  }

  frequency(name: FrequencyName): FrequencySketch {
    this[name] ??= new FrequencySketch()
    return this[name]
  }

  distinct(name: DistinctName): DistinctSketch {
    this[name] ??= new DistinctSketch()
    return this[name]
  }

  /** A pane of the same counts and sketches; the times stay with the pane. */
  copy(): Pane {
    const copy = new Pane(this.index, this.counters, this.activity)
    for (const name of FREQUENCIES) if (this[name]) copy[name] = this[name].copy()
    for (const name of DISTINCTS) if (this[name]) copy[name] = this[name].copy()
    if (this.contacts) copy.contacts = this.contacts.copy()
    copy.lowestPort = this.lowestPort
    copy.highestPort = this.highestPort
    copy.firstSuccessTs = this.firstSuccessTs
    return copy
  }

  /** Adds everything but the times, which stay with their panes. */
  merge(other: Pane): this {
    for (let i = 0; i < this.counters.length; i++) this.counters[i]! += other.counters[i]!
    for (let i = 0; i < this.activity.length; i++) this.activity[i]! += other.activity[i]!
    for (const name of FREQUENCIES) if (other[name]) this.frequency(name).merge(other[name])
    for (const name of DISTINCTS) if (other[name]) this.distinct(name).merge(other[name])
    if (other.contacts) {
      this.contacts ??= new ContactSketch()
      this.contacts.merge(other.contacts)
    }
    this.lowestPort = Math.min(this.lowestPort, other.lowestPort)
    this.highestPort = Math.max(this.highestPort, other.highestPort)
    this.firstSuccessTs = Math.min(this.firstSuccessTs, other.firstSuccessTs)
    return this
  }

  toJSON(): object {
    const sparse: number[] = []
    for (let i = 0; i < this.counters.length; i++) if (this.counters[i] !== 0) sparse.push(i, this.counters[i]!)
    const stored: Record<string, unknown> = { index: this.index, counters: sparse, activity: [...this.activity] }
    stored.times = this.times
    for (const name of [...FREQUENCIES, ...DISTINCTS, 'contacts'] as const) if (this[name]) stored[name] = this[name]
    if (this.highestPort >= 0) Object.assign(stored, { lowestPort: this.lowestPort, highestPort: this.highestPort })
    if (this.firstSuccessTs < Number.POSITIVE_INFINITY) stored.firstSuccessTs = this.firstSuccessTs
    return stored
  }

  /** The pane that `toJSON` wrote. Trusted: only ever read back from our own storage. */
  static fromJSON(stored: StoredPane): Pane {
    const pane = new Pane(stored.index)
    for (let i = 0; i < stored.counters.length; i += 2) pane.counters[stored.counters[i]!] = stored.counters[i + 1]!
    for (let i = 0; i < stored.activity.length; i++) pane.activity[i] = stored.activity[i]!
    ;(pane as { times: PaneTimes }).times = PaneTimes.fromJSON(stored.index * PANE_MS, stored.times)
    for (const name of FREQUENCIES) if (stored[name]) pane[name] = FrequencySketch.fromJSON(stored[name])
    for (const name of DISTINCTS) if (stored[name]) pane[name] = DistinctSketch.fromJSON(stored[name])
    if (stored.contacts) pane.contacts = ContactSketch.fromJSON(stored.contacts)
    if (stored.highestPort !== undefined) {
      pane.lowestPort = stored.lowestPort!
      pane.highestPort = stored.highestPort
    }
    if (stored.firstSuccessTs !== undefined) pane.firstSuccessTs = stored.firstSuccessTs
    return pane
  }
}

export interface StoredPane
  extends Partial<Record<FrequencyName, Parameters<typeof FrequencySketch.fromJSON>[0]>>,
    Partial<Record<DistinctName, Parameters<typeof DistinctSketch.fromJSON>[0]>> {
  index: number
  counters: number[]
  activity: number[]
  times: { times?: number[]; bins?: number[] }
  contacts?: Parameters<typeof ContactSketch.fromJSON>[0]
  lowestPort?: number
  highestPort?: number
  firstSuccessTs?: number
}
