import type { CanonicalEvent } from '../events/event.ts'
import { SeenForIntel, type StoredSeen } from '../intel/seen.ts'
import type { TargetCount } from '../store/schema.ts'
import { paneOf } from '../window/pane-times.ts'
import { EvidenceSample, type JournalPlace, type StoredSample } from './evidence-sample.ts'
import { newStanding, type Standing } from './standing.ts'
import { type StoredTopTargets, TopTargets } from './top-targets.ts'

const SENSORS = 8
/** A name of DNS ends at 253 characters; what a client calls the host it asks may be anything. */
const HOST_CHARACTERS = 255
/** What panes hold is added up when it is asked for, or when more than this many panes have gathered. */
const PANES_WAITING = 8

/** What a partition keeps of a source beside its window: standing, evidence, targets by name, sensors that saw it. */
export class Beside {
  standing: Standing = newStanding()
  sensors: string[] = []
  /** What threat intelligence looks at. */
  seen = new SeenForIntel()
  /** Where its first event lies: names this tracking of the source, also after a restart. */
  trackedAs = ''
  /** An event of it has been given to a campaign as evidence. */
  exampleGiven = false
  #targets = new TopTargets()
  /** Targets of panes that have not been judged: an incident names those of the events it was decided on. */
  #waiting = new Map<number, TopTargets>()
  #sample = new EvidenceSample()
  /**
   * A replay's events of panes that have not been judged: what is kept must not depend on how many of them a batch brings
   * beforehand. Live, all that has come is judged.
   */
  #unjudged = new Map<number, EvidenceSample>()

  /** Nothing of its source has been noted. */
  get isNew(): boolean {
    return this.trackedAs === ''
  }

  note(event: CanonicalEvent, original: string, sensor: string, place: JournalPlace, isReplay = false): void {
    if (this.isNew) this.trackedAs = `${place.row}:${place.index}`
    this.#sampleOf(event, isReplay).add(event, original, place)
    this.seen.noteUserAgent(event)
    if (!this.sensors.includes(sensor) && this.sensors.length < SENSORS) this.sensors.push(sensor)
    const pane = paneOf(event.ts)
    let waiting = this.#waiting.get(pane)
    if (!waiting) {
      waiting = new TopTargets()
      this.#waiting.set(pane, waiting)
    }
    waiting.add((event.dst_ip ?? event.http?.host)?.slice(0, HOST_CHARACTERS) ?? null, event.dst_port ?? null)
  }

  #sampleOf({ ts }: CanonicalEvent, isReplay: boolean): EvidenceSample {
    if (!isReplay) return this.#sample
    const pane = paneOf(ts)
    let sample = this.#unjudged.get(pane)
    if (!sample) {
      sample = new EvidenceSample()
      this.#unjudged.set(pane, sample)
    }
    return sample
  }

  /** A sample of its events, of a replay of those up to and with pane `last`, which must not fall. */
  sampleUpTo(last: number): EvidenceSample {
    for (const pane of [...this.#unjudged.keys()].sort((a, b) => a - b)) {
      if (pane > last) break
      this.#sample.merge(this.#unjudged.get(pane)!)
      this.#unjudged.delete(pane)
    }
    return this.#sample
  }

  /** As `sampleUpTo` where nobody asks for the sample. */
  passSample(last: number): void {
    if (this.#unjudged.size > PANES_WAITING) this.sampleUpTo(last)
  }

  /** Targets of the events up to and with pane `last`, busiest first; `last` must not fall from one call to the next. */
  targetsUpTo(last: number): TargetCount[] {
    this.#takeUpTo(last)
    return this.#targets.list()
  }

  /** As `targetsUpTo` where nobody asks for the targets. */
  passTargets(last: number): void {
    if (this.#waiting.size > PANES_WAITING) this.#takeUpTo(last)
  }

  #takeUpTo(last: number): void {
    for (const pane of [...this.#waiting.keys()].sort((a, b) => a - b)) {
      if (pane > last) break
      this.#targets.merge(this.#waiting.get(pane)!)
      this.#waiting.delete(pane)
    }
  }

  toJSON(): object {
    const { standing, sensors, seen, trackedAs, exampleGiven } = this
    const [sample, targets] = [this.#sample, this.#targets]
    const [waiting, unjudged] = [[...this.#waiting], [...this.#unjudged]]
    return { standing, sample, unjudged, sensors, seen, trackedAs, exampleGiven, targets, waiting }
  }

  static fromJSON(stored: StoredBeside): Beside {
    const beside = new Beside()
    const { accumulated } = stored.standing
    beside.standing = {
      ...stored.standing,
      // JSON has no -Infinity: a pane that is null was never set.
      accumulated: { ...accumulated, pane: accumulated.pane ?? Number.NEGATIVE_INFINITY },
    }
    beside.#sample = EvidenceSample.fromJSON(stored.sample)
    beside.#unjudged = new Map(
      stored.unjudged?.map(([pane, sample]) => [pane, EvidenceSample.fromJSON(sample)] as const),
    )
    beside.sensors = stored.sensors
    if (stored.seen) beside.seen = SeenForIntel.fromJSON(stored.seen)
    beside.trackedAs = stored.trackedAs
    beside.exampleGiven = stored.exampleGiven
    beside.#targets = new TopTargets(stored.targets)
    beside.#waiting = new Map(stored.waiting.map(([pane, targets]) => [pane, new TopTargets(targets)]))
    return beside
  }
}

export interface StoredBeside {
  standing: Omit<Standing, 'accumulated'> & { accumulated: { ratios: number[]; pane: number | null } }
  sample: StoredSample
  /** Absent in what an older version stored. */
  unjudged?: [number, StoredSample][]
  sensors: string[]
  /** Absent in what an older version stored. */
  seen?: StoredSeen
  trackedAs: string
  exampleGiven: boolean
  targets: StoredTopTargets
  waiting: [number, StoredTopTargets][]
}
