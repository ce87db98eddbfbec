import type { CanonicalEvent } from '../events/event.ts'
import type { TargetCount } from '../store/schema.ts'
import { EvidenceSample, type JournalPlace, type StoredSample } from './evidence-sample.ts'
import { newStanding, type Standing } from './standing.ts'

const TARGETS = 8
const SENSORS = 8

/** What a partition keeps of a source beside its window: standing, evidence, targets by name, sensors that saw it. */
export class Beside {
  standing: Standing = newStanding()
  sample = new EvidenceSample()
  sensors: string[] = []
  /** Where its first event lies: names this tracking of the source, also after a restart. */
  trackedAs = ''
  /** An event of it has been given to a campaign as evidence. */
  exampleGiven = false
  #targets: TargetCount[] = []

  note(event: CanonicalEvent, original: string, sensor: string, place: JournalPlace): void {
    if (this.trackedAs === '') this.trackedAs = `${place.row}:${place.index}`
    this.sample.add(event, original, place)
    if (!this.sensors.includes(sensor) && this.sensors.length < SENSORS) this.sensors.push(sensor)
    const host = event.dst_ip ?? event.http?.host ?? null
    const port = event.dst_port ?? null
    if (host === null && port === null) return
    const known = this.#targets.find((target) => target.host === host && target.port === port)
    if (known) known.events++
    else if (this.#targets.length < TARGETS) this.#targets.push({ host, port, events: 1 })
    else this.#replaceRarest(host, port)
  }

  /** Busiest first. Beyond eight, counts are upper bounds (Space-Saving; Metwally et al., 2005). */
  get targets(): TargetCount[] {
    return [...this.#targets].sort((a, b) => b.events - a.events || (key(a) < key(b) ? -1 : 1))
  }

  toJSON(): object {
    const { standing, sample, sensors, trackedAs, exampleGiven } = this
    return { standing, sample, sensors, trackedAs, exampleGiven, targets: this.#targets }
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
    beside.trackedAs = stored.trackedAs
    beside.exampleGiven = stored.exampleGiven
    beside.#targets = stored.targets
    return beside
  }

  #replaceRarest(host: string | null, port: number | null): void {
    let rarest = 0
    for (let i = 1; i < TARGETS; i++) if (this.#targets[i]!.events < this.#targets[rarest]!.events) rarest = i
    this.#targets[rarest] = { host, port, events: this.#targets[rarest]!.events + 1 }
  }
}

export interface StoredBeside {
  standing: Omit<Standing, 'accumulated'> & { accumulated: { ratios: number[]; pane: number | null } }
  sample: StoredSample
  sensors: string[]
  trackedAs: string
  exampleGiven: boolean
  targets: TargetCount[]
}

const key = ({ host, port }: TargetCount): string => `${host} ${port}`
