import { ContactSketch } from './contact-sketch.ts'
import { C, COUNTERS } from './counters.ts'
import { DistinctSketch } from './distinct-sketch.ts'
import { FrequencySketch } from './frequency-sketch.ts'
import { PANE_MS, PaneTimes } from './pane-times.ts'
import { NumberPrinter, type NumberReader } from './printed-numbers.ts'
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
/** Printed in this order; hosts come before them. */
const SKETCHES = ['ports', 'failedUsers', 'commands', 'resources', ...DISTINCTS] as const
const printer = new NumberPrinter()
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

  constructor(
    index: number,
    counters: readonly number[] = NO_COUNTS,
    activity: readonly number[] = NO_ACTIVITY,
    times = new PaneTimes(index * PANE_MS),
  ) {
    this.index = index
    this.counters = counters.slice()
    this.activity = activity.slice()
    this.times = times
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

  get events(): number {
    return this.counters[C.events]!
  }

  get failures(): number {
    return this.counters[C.failures]!
  }

  get distinctHosts(): number {
    return this.hosts?.distinct() ?? 0
  }

  /** Calls `visit` with each event's time, in order. */
  forEachTime(visit: (ts: number) => void): void {
    this.times.forEach(visit)
  }

  /** All of it, as `Pane.read` and `mergePrinted` take it. Times and hosts come first: they are asked for alone. */
  print(): string {
    this.times.print(printer)
    printer.number(this.hosts ? 1 : 0)
    this.hosts?.print(printer)
    printer.sparse(this.counters)
    printer.sparse(this.activity)
    let sketches = 0
    SKETCHES.forEach((name, i) => {
      if (this[name]) sketches |= 1 << i
    })
    printer.number(sketches)
    for (const name of SKETCHES) this[name]?.print(printer)
    printer.number(this.contacts ? 1 : 0)
    this.contacts?.print(printer, this.index * PANE_MS)
    printer.number(this.highestPort >= 0 ? 1 : 0)
    if (this.highestPort >= 0) printer.numbers([this.lowestPort, this.highestPort])
    printer.number(this.firstSuccessTs)
    return printer.text()
  }

  /** Adds pane `index`, which `print` wrote, but for its times. */
  mergePrinted(index: number, printed: NumberReader): this {
    if (printed.number() === 1) this.frequency('hosts').mergePrinted(printed)
    printed.addSparse(this.counters)
    printed.addSparse(this.activity)
    const sketches = printed.number()
    for (let i = 0; i < SKETCHES.length; i++)
      if ((sketches & (1 << i)) !== 0) this.#sketch(SKETCHES[i]!).mergePrinted(printed)
    if (printed.number() === 1) {
      this.contacts ??= new ContactSketch()
      this.contacts.mergePrinted(printed, index * PANE_MS)
    }
    if (printed.number() === 1) {
      const [lowest, highest] = printed.numbers()
      this.lowestPort = Math.min(this.lowestPort, lowest!)
      this.highestPort = Math.max(this.highestPort, highest!)
    }
    this.firstSuccessTs = Math.min(this.firstSuccessTs, printed.number())
    return this
  }

  static read(index: number, printed: NumberReader): Pane {
    const times = PaneTimes.read(index * PANE_MS, printed)
    return new Pane(index, NO_COUNTS, NO_ACTIVITY, times).mergePrinted(index, printed)
  }

  #sketch(name: (typeof SKETCHES)[number]): FrequencySketch | DistinctSketch {
    return isDistinct(name) ? this.distinct(name) : this.frequency(name)
  }
}

const isDistinct = (name: FrequencyName | DistinctName): name is DistinctName =>
  (DISTINCTS as readonly string[]).includes(name)
