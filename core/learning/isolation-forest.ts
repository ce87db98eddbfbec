import type { Matrix } from './dataset.ts'
import { type Random, random } from './random.ts'
import type { Tree, TreeEnsemble } from './trees.ts'

export interface IsolationOptions {
  trees: number
  /** Rows drawn for each tree (ψ), 2 or more. */
  sample: number
}

export const ISOLATION_DEFAULTS: IsolationOptions = { trees: 60, sample: 128 }

/** Trees whose mean leaf value is the expected path length of a row; see anomalyScores. */
export interface IsolationForest {
  paths: TreeEnsemble
  /** Mean path length of an unsuccessful search among `sample` rows: c(ψ). */
  norm: number
}

/** How often a node that has both absent and present values in its column parts them from each other. */
const ABSENCE_SPLITS = 0.25

/** @param sampled rows that each tree was grown from */
export function isolationOf(trees: Tree[], sampled: number): IsolationForest {
  const norm = Math.max(1, searchLength(sampled))
  return { paths: { outputs: 1, aggregate: 'average', base: new Float32Array(1), trees }, norm }
}

/** 0..1 by row, 2^(−E(path)/c(ψ)): near 0.5 is ordinary, toward 1 is odd. Float32, as the graph computes it. */
export function anomalyScores({ norm }: IsolationForest, paths: Float32Array): Float32Array {
  const perEdge = Math.fround(anomalyExponent(norm))
  return paths.map((path) => Math.exp(Math.fround(path * perEdge)))
}

/** a in 2^(−E/c) = e^(a × E). */
export const anomalyExponent = (norm: number): number => -Math.LN2 / norm

/**
 * Isolation forest (Liu, Ting, Zhou 2008): random cuts; rows that are soon alone are odd. Absent values go to one side of a
 * cut, drawn at random, and are sometimes parted from all present ones.
 * @param matrix the rows that are held to be ordinary
 * @param weights chance of each row to be drawn, by row
 * @param log1p by column, 1 where cuts are drawn evenly on the logarithm, so that a heavy tail does not get them all
 * Tree number `index`: depends on nothing but its arguments.
 */
export function growIsolationTree(
  matrix: Matrix,
  weights: Float32Array,
  log1p: Uint8Array,
  options: IsolationOptions,
  seed: number,
  index: number,
): Tree {
  const source = random(seed, 5, index)
  const growth = new IsolationGrowth(matrix, log1p, source, Math.ceil(Math.log2(options.sample)))
  growth.grow(drawRows(weights, options.sample, source), 0)
  return growth.tree()
}

/** Mean path length of an unsuccessful search in a binary tree of n leaves (Liu, eq. 1). */
export function searchLength(n: number): number {
  if (n <= 1) return 0
  let harmonic = 0
  for (let i = 1; i < n; i++) harmonic += 1 / i
  return 2 * harmonic - (2 * (n - 1)) / n
}

class IsolationGrowth {
  #matrix: Matrix
  #log1p: Uint8Array
  #source: Random
  #maxDepth: number
  #nodes: {
    feature: number
    threshold: number
    missingLeft: number
    left: number
    right: number
    rows: number
    path: number
  }[] = []

  constructor(matrix: Matrix, log1p: Uint8Array, source: Random, maxDepth: number) {
    this.#matrix = matrix
    this.#log1p = log1p
    this.#source = source
    this.#maxDepth = maxDepth
  }

  /** Adds the node for these rows and all below it; returns its number. */
  grow(rows: Int32Array, depth: number): number {
    const node = { feature: -1, threshold: 0, missingLeft: 0, left: -1, right: -1, rows: rows.length, path: 0 }
    const at = this.#nodes.push(node) - 1
    const cut = depth < this.#maxDepth && rows.length > 1 ? this.#draw(rows) : null
    if (cut === null) {
      node.path = depth + searchLength(rows.length)
      return at
    }
    Object.assign(node, { feature: cut.column, threshold: cut.threshold, missingLeft: cut.missingLeft ? 1 : 0 })
    const goesLeft = (row: number) => {
      const value = this.#value(row, cut.column)
      return Number.isNaN(value) ? cut.missingLeft : value <= cut.threshold
    }
    node.left = this.grow(rows.filter(goesLeft), depth + 1)
    node.right = this.grow(
      rows.filter((row) => !goesLeft(row)),
      depth + 1,
    )
    return at
  }

  #value(row: number, column: number): number {
    return this.#matrix.features[row * this.#matrix.columns + column]!
  }

  /** A cut with rows on both sides, or null where all rows are alike. Columns in random order. */
  #draw(rows: Int32Array): { column: number; threshold: number; missingLeft: boolean } | null {
    const columns = Int32Array.from({ length: this.#matrix.columns }, (_, column) => column)
    for (let i = 0; i < columns.length; i++) {
      const other = i + this.#source.below(columns.length - i)
      const column = columns[other]!
      columns[other] = columns[i]!
      const cut = this.#cut(rows, column)
      if (cut !== null) return { column, ...cut }
    }
    return null
  }

  #cut(rows: Int32Array, column: number): { threshold: number; missingLeft: boolean } | null {
    let low = Infinity
    let high = -Infinity
    let absent = 0
    for (const row of rows) {
      const value = this.#value(row, column)
      if (Number.isNaN(value)) absent++
      else {
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
    }
    if (absent === rows.length) return null
    const mixed = absent > 0
    if (mixed && (low === high || this.#source.unit() < ABSENCE_SPLITS))
      return { threshold: Infinity, missingLeft: false }
    if (!(low < high)) return null
    const missingLeft = this.#source.unit() < 0.5
    return { threshold: this.#between(low, high, this.#log1p[column] === 1), missingLeft }
  }

  /** A float32 t with low ≤ t < high. */
  #between(low: number, high: number, log1p: boolean): number {
    const share = this.#source.unit()
    const [from, to] = log1p ? [signedLog(low), signedLog(high)] : [low, high]
    const point = from + share * (to - from)
    const threshold = Math.fround(log1p ? Math.sign(point) * Math.expm1(Math.abs(point)) : point)
    return threshold >= low && threshold < high ? threshold : low
  }

  tree(): Tree {
    const nodes = this.#nodes
    return {
      feature: Int16Array.from(nodes, ({ feature }) => feature),
      threshold: Float32Array.from(nodes, ({ threshold }) => threshold),
      missingLeft: Uint8Array.from(nodes, ({ missingLeft }) => missingLeft),
      left: Int32Array.from(nodes, ({ left }) => left),
      right: Int32Array.from(nodes, ({ right }) => right),
      cover: Float32Array.from(nodes, ({ rows }) => rows),
      values: Float32Array.from(nodes, ({ path }) => path),
      width: 1,
      target: 0,
    }
  }
}

const signedLog = (x: number) => Math.sign(x) * Math.log1p(Math.abs(x))

/** `count` rows without replacement, by weight: those with the smallest exponential waiting time (Efraimidis 2006). */
function drawRows(weights: Float32Array, count: number, source: Random): Int32Array {
  const wait = Float64Array.from(weights, (weight) => -Math.log(1 - source.unit()) / weight)
  return Int32Array.from(weights.keys())
    .filter((row) => weights[row]! > 0)
    .sort((a, b) => wait[a]! - wait[b]!)
    .slice(0, count)
    .sort()
}
