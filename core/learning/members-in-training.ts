import { applyBins, type BinnedMatrix, findBins } from './binning.ts'
import { addRound, type BoostingState, growRound, startBoosting } from './boosting.ts'
import { rowWeights } from './class-weights.ts'
import type { Dataset } from './dataset.ts'
import type { Members } from './ensemble.ts'
import { forestOf, growForestTree } from './forest.ts'
import { growIsolationTree, isolationOf } from './isolation-forest.ts'
import type { MemberOptions } from './members.ts'
import { scaleInputs } from './network.ts'
import { type NetworkState, networkEpoch, networkOf, startNetwork } from './network-training.ts'
import type { HistogramPool } from './newton.ts'
import type { Tree } from './trees.ts'

/** Class Normal: the rows that an isolation forest holds to be ordinary. */
const NORMAL = 0

/** What a unit of training made; kept in order, they are all that a run needs to go on. */
export type Made =
  | { member: 'forest'; tree: Tree }
  /** A round's trees, one a class that has rows and something to learn. */
  | { member: 'boosting'; trees: Tree[] }
  /** Weights and moments after the epoch, and its mean loss. */
  | { member: 'network'; state: NetworkState; loss: number }
  | { member: 'isolation'; tree: Tree }

/** The units that a training consists of, in order. */
export interface Unit {
  member: Made['member']
  /** Tree, round or epoch, from 0, of `total`. */
  index: number
  total: number
}

/**
 * The members of an ensemble while they are trained, a unit (a tree, a round, an epoch) at a time. Draws depend on the seed
 * and the unit alone: made in one go, or with a stop after any unit and taken up from what was kept, they are the same bytes.
 */
export class MembersInTraining {
  readonly #dataset: Dataset
  readonly #log1p: Uint8Array
  readonly #options: MemberOptions
  readonly #seed: number
  readonly #units: Unit[]
  #done = 0
  readonly #forest: Tree[] = []
  readonly #isolation: Tree[] = []
  #boosting: BoostingState | null = null
  #network: NetworkState | null = null
  /** Derived from the dataset when first needed, and let go with the object. */
  #binned: BinnedMatrix | null = null
  #inputs: Float32Array | null = null
  readonly #weights: Partial<Record<Made['member'], Float64Array>> = {}
  readonly #pool: HistogramPool = []

  /** @param log1p by column, 1 where the column has a heavy tail */
  constructor(dataset: Dataset, log1p: Uint8Array, options: MemberOptions, seed: number) {
    this.#dataset = dataset
    this.#log1p = log1p
    this.#options = options
    this.#seed = seed
    this.#units = unitsOf(options)
  }

  get units(): readonly Unit[] {
    return this.#units
  }

  /** The unit that comes next; null when all are made. */
  get next(): Unit | null {
    return this.#units[this.#done] ?? null
  }

  /** Takes back what an earlier process made: units in their order, from the first on. */
  restore(made: Made): void {
    this.#keep(made)
  }

  /** Makes the next unit. Throws when none is left. */
  advance(): Made {
    const { next } = this
    if (!next) throw new Error('all members are trained')
    const made = this.#make(next)
    this.#keep(made)
    return made
  }

  /** Throws while a unit is missing. */
  members(): Members {
    if (this.next) throw new Error(`${this.next.member} is not trained yet`)
    const { isolation, boosting } = this.#options
    const normal = this.#normalWeights()
    return {
      columns: this.#dataset.columns,
      forest: forestOf(this.#forest),
      boosting: (boosting.rounds > 0 ? this.#boosting! : this.#startedBoosting()).ensemble,
      network: networkOf(this.#network ?? this.#startedNetwork()),
      isolation: isolationOf(this.#isolation, Math.min(isolation.sample, normal.filter((weight) => weight > 0).length)),
    }
  }

  #make({ member, index }: Unit): Made {
    const { labels } = this.#dataset
    const { forest, boosting, network, isolation } = this.#options
    switch (member) {
      case 'forest':
        return { member, tree: growForestTree(this.#bins(), labels, this.#learnt(member), forest, this.#seed, index) }
      case 'boosting': {
        this.#boosting ??= this.#startedBoosting()
        const learnt = this.#learnt(member)
        const trees = growRound(this.#boosting, this.#bins(), labels, learnt, boosting, this.#seed, index, this.#pool)
        return { member, trees }
      }
      case 'network': {
        const state = structuredClone(this.#network ?? this.#startedNetwork())
        this.#inputs ??= scaleInputs(state.input, this.#dataset)
        const loss = networkEpoch(state, this.#inputs, labels, this.#learnt(member), network, this.#seed, index)
        return { member, state, loss }
      }
      case 'isolation':
        return {
          member,
          tree: growIsolationTree(this.#dataset, this.#normalWeights(), this.#log1p, isolation, this.#seed, index),
        }
    }
  }

  #keep(made: Made): void {
    if (made.member !== this.next?.member) throw new Error(`${made.member} is not what comes next`)
    switch (made.member) {
      case 'forest':
        this.#forest.push(made.tree)
        break
      case 'boosting':
        this.#boosting ??= this.#startedBoosting()
        addRound(this.#boosting, this.#dataset, made.trees)
        break
      case 'network':
        this.#network = made.state
        break
      case 'isolation':
        this.#isolation.push(made.tree)
        break
    }
    this.#done++
  }

  #bins(): BinnedMatrix {
    this.#binned ??= applyBins(this.#dataset, findBins(this.#dataset, this.#dataset.weights, this.#options.bins))
    return this.#binned
  }

  #learnt(member: 'forest' | 'boosting' | 'network'): Float64Array {
    const { labels, weights } = this.#dataset
    this.#weights[member] ??= rowWeights(labels, weights, this.#options[member].balance)
    return this.#weights[member]
  }

  #normalWeights(): Float32Array {
    const { labels, weights } = this.#dataset
    return weights.map((weight, row) => (labels[row] === NORMAL ? weight : 0))
  }

  #startedBoosting(): BoostingState {
    return startBoosting(this.#dataset.labels, this.#learnt('boosting'))
  }

  #startedNetwork(): NetworkState {
    return startNetwork(this.#dataset, this.#learnt('network'), this.#log1p, this.#options.network, this.#seed)
  }
}

function unitsOf({ forest, boosting, network, isolation }: MemberOptions): Unit[] {
  const of = (member: Made['member'], total: number): Unit[] =>
    Array.from({ length: total }, (_, index) => ({ member, index, total }))
  return [
    ...of('forest', forest.trees),
    ...of('boosting', boosting.rounds),
    ...of('network', network.epochs),
    ...of('isolation', isolation.trees),
  ]
}
