import type { TargetCount } from '../store/schema.ts'

const KEPT = 8

/** The busiest targets by name, at most eight. Beyond, counts are upper bounds (Space-Saving; Metwally et al., 2005). */
export class TopTargets {
  #targets: TargetCount[]

  constructor(stored: TargetCount[] = []) {
    this.#targets = stored
  }

  add(host: string | null, port: number | null, events = 1): void {
    if (host === null && port === null) return
    const known = this.#targets.find((target) => target.host === host && target.port === port)
    if (known) known.events += events
    else if (this.#targets.length < KEPT) this.#targets.push({ host, port, events })
    else this.#replaceRarest(host, port, events)
  }

  /** Busiest first; a copy, which later events do not change. */
  list(): TargetCount[] {
    return this.#targets
      .map((target) => ({ ...target }))
      .sort((a, b) => b.events - a.events || (nameOf(a) < nameOf(b) ? -1 : 1))
  }

  toJSON(): TargetCount[] {
    return this.#targets
  }

  #replaceRarest(host: string | null, port: number | null, events: number): void {
    let rarest = 0
    for (let i = 1; i < KEPT; i++) if (this.#targets[i]!.events < this.#targets[rarest]!.events) rarest = i
    this.#targets[rarest] = { host, port, events: this.#targets[rarest]!.events + events }
  }
}

const nameOf = ({ host, port }: TargetCount): string => `${host} ${port}`
