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
/** Panes' targets are added up when they are asked for, or when more than this many panes have gathered. */
const PANES_WAITING = 8

/** What a partition keeps of a source beside its window: standing, evidence, targets by name, sensors that saw it. */
export class Beside {
  standing: Standing = newStanding()
  sample = new EvidenceSample()
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

  /** Nothing of its source has been noted. */
  get isNew(): boolean {
    return this.trackedAs === ''
  }

  note(event: CanonicalEvent, original: string, sensor: string, place: JournalPlace): void {
    if (this.isNew) this.trackedAs = `${place.row}:${place.index}`
    this.sample.add(event, original, place)
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
    const { standing, sample, sensors, seen, trackedAs, exampleGiven } = this
    const waiting = [...this.#waiting]
    return { standing, sample, sensors, seen, trackedAs, exampleGiven, targets: this.#targets, waiting }
  }

  static fromJSON(stored: StoredBeside): Beside {
    const beside = new Beside()
    const { accumulated } = stored.standing
    beside.standing = {
      ...stored.standing,
      // JSON has no -Infinity: a pane that is null was never set.
      accumulated: { ...accumulated, pane: accumulated.pane ?? Number.NEGATIVE_INFINITY },
    }
    beside.sample = EvidenceSample.fromJSON(stored.sample)
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
  sensors: string[]
  /** Absent in what an older version stored. */
  seen?: StoredSeen
  trackedAs: string
  exampleGiven: boolean
  targets: StoredTopTargets
  waiting: [number, StoredTopTargets][]
}
