import type { Matrix } from './dataset.ts'

/** One binary tree as flat columns, a value a node; node 0 is the root. */
export interface Tree {
  /** Column that the node tests; -1 at a leaf. */
  feature: Int16Array
  /** A row with x ≤ threshold goes left (compared in float32). */
  threshold: Float32Array
  /** 1 where an absent value goes left. */
  missingLeft: Uint8Array
  left: Int32Array
  right: Int32Array
  /** Weight of the training rows that reached the node. */
  cover: Float32Array
  /** Leaf values, row-major [nodes, width]; 0 at inner nodes. They add to outputs target..target+width-1. */
  values: Float32Array
  width: number
  target: number
}

/** Trees whose leaf values are added up, or averaged, over a base value for each output. */
export interface TreeEnsemble {
  outputs: number
  aggregate: 'sum' | 'average'
  base: Float32Array
  trees: Tree[]
}

/** The leaf that a row reaches. `at` is the row's first value in `features`. */
export function leafOf(tree: Tree, features: Float32Array, at: number): number {
  const { feature, threshold, missingLeft, left, right } = tree
  let node = 0
  let column = feature[0]!
  while (column >= 0) {
    const value = features[at + column]!
    const goesLeft = value <= threshold[node]! || (missingLeft[node] === 1 && Number.isNaN(value))
    node = goesLeft ? left[node]! : right[node]!
    column = feature[node]!
  }
  return node
}

/** Adds a tree's leaf values to `sums` (row-major [rows, outputs]). */
export function addTree(tree: Tree, matrix: Matrix, sums: Float32Array | Float64Array, outputs: number): void {
  const { features, rows, columns } = matrix
  const { values, width, target } = tree
  for (let row = 0; row < rows; row++) {
    const leaf = leafOf(tree, features, row * columns) * width
    const at = row * outputs + target
    for (let i = 0; i < width; i++) sums[at + i]! += values[leaf + i]!
  }
}

/**
 * The ensemble's outputs, row-major [rows, outputs]. Added up in float32, tree after tree, as onnxruntime does, so that
 * the two differ by no more than the order of its blocks.
 */
export function predictTrees(ensemble: TreeEnsemble, matrix: Matrix): Float32Array {
  const { outputs, base, trees } = ensemble
  const sums = new Float32Array(matrix.rows * outputs)
  for (const tree of trees) addTree(tree, matrix, sums, outputs)
  const divisor = ensemble.aggregate === 'average' ? trees.length : 1
  for (let i = 0; i < sums.length; i++) sums[i] = Math.fround(sums[i]! / divisor) + base[i % outputs]!
  return sums
}

export const leafCount = (tree: Tree): number => (tree.feature.length + 1) / 2
