import type { Dataset } from '../../core/learning/dataset.ts'
import type { Members } from '../../core/learning/ensemble.ts'
import { decodeMade, encodeMade } from '../../core/learning/made-bytes.ts'
import type { MemberOptions } from '../../core/learning/members.ts'
import { MembersInTraining, type Unit } from '../../core/learning/members-in-training.ts'
import type { RunStore } from './run-store.ts'

interface Setup {
  dataset: Dataset
  log1p: Uint8Array
  options: MemberOptions
  seed: number
}

/** A unit that was made, to be kept as number `n`. */
export interface MadeUnit {
  n: number
  bytes: Uint8Array
  /** Mean loss of an epoch; null of other units. */
  loss: number | null
}

/** The training that the object has in memory. It is only ever what is stored, or ahead of it by what a step just made. */
export class MembersInMemory {
  readonly #store: RunStore
  #held: { run: string; training: RunningTraining } | null = null

  constructor(store: RunStore) {
    this.#store = store
  }

  /** The training of a run with `stored` units done: as it is in memory, or taken up from what was stored. */
  of(run: string, stored: number, setup: () => Setup): RunningTraining {
    if (this.#held?.run === run && this.#held.training.done === stored) return this.#held.training
    const { dataset, log1p, options, seed } = setup()
    const training = new RunningTraining(new MembersInTraining(dataset, log1p, options, seed), dataset.rows)
    for (let n = 0; n < stored; n++) training.restore(this.#store.read('made', n))
    this.#held = { run, training }
    return training
  }

  /** What comes next of the run in memory; null when it is not there, or all is made. */
  unitOf(run: string): { next: Unit; units: readonly Unit[] } | null {
    const training = this.#held?.run === run ? this.#held.training : null
    return training?.next ? { next: training.next, units: training.units } : null
  }

  /** To be called when a step failed: memory may be ahead of what is stored. */
  letGo(): void {
    this.#held = null
  }
}

class RunningTraining {
  readonly #training: MembersInTraining
  readonly rows: number
  done = 0

  constructor(training: MembersInTraining, rows: number) {
    this.#training = training
    this.rows = rows
  }

  get next(): Unit | null {
    return this.#training.next
  }

  get units(): readonly Unit[] {
    return this.#training.units
  }

  get total(): number {
    return this.units.length
  }

  restore(bytes: Uint8Array): void {
    this.#training.restore(decodeMade(bytes))
    this.done++
  }

  /** Makes up to `most` units, all of one member. */
  advance(most: number): MadeUnit[] {
    const member = this.next?.member
    const made: MadeUnit[] = []
    while (made.length < most && this.next !== null && this.next.member === member) {
      const one = this.#training.advance()
      made.push({ n: this.done++, bytes: encodeMade(one), loss: one.member === 'network' ? one.loss : null })
    }
    return made
  }

  members(): Members {
    return this.#training.members()
  }
}
