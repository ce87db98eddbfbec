import { type BinnedMatrix, MISSING_BIN, thresholdOf } from './binning.ts'
import type { Tree } from './trees.ts'

/** When growing stops. */
export interface TreeLimits {
  /** 2 or more. */
  maxLeaves: number
  /** Edges from the root to the deepest leaf, 1 or more. */
  maxDepth: number
}

/** "bin ≤ b goes left", and where absent values go. */
export interface Split {
  column: number
  bin: number
  missingLeft: boolean
  gain: number
}

/** A leaf that may be split: its rows are order[start..end). */
export interface OpenLeaf {
  start: number
  end: number
  cover: number
  /** The best split, or null where none is worth it. */
  split: Split | null
  values: number[] | Float64Array
}

/** What makes one kind of tree differ from another: how a leaf is judged and what it says. */
export interface Criterion<Leaf extends OpenLeaf = OpenLeaf> {
  width: number
  /** `splittable` is false at the depth limit: no split need be looked for. */
  root(order: Int32Array, splittable: boolean): Leaf
  /** Both children of `parent`, whose rows are now order[start..middle) and order[middle..end). */
  children(parent: Leaf, order: Int32Array, middle: number, splittable: boolean): [Leaf, Leaf]
}

/**
 * Grows a tree best split first (the leaf with most to gain next; of equals the older), as LightGBM does.
 * @param order the rows to learn from, each once; reordered in place
 * @param target first output that the leaf values add to
 */
export function growTree<Leaf extends OpenLeaf>(
  binned: BinnedMatrix,
  order: Int32Array,
  criterion: Criterion<Leaf>,
  limits: TreeLimits,
  target: number,
): Tree {
  const nodes: { leaf: Leaf; depth: number; split: Split | null; left: number; right: number }[] = []
  const open = (leaf: Leaf, depth: number) => nodes.push({ leaf, depth, split: null, left: -1, right: -1 }) - 1
  open(criterion.root(order, limits.maxDepth > 0), 0)
  const scratch = new Int32Array(order.length)
  for (let leaves = 1; leaves < limits.maxLeaves; leaves++) {
    let best = -1
    for (let i = 0; i < nodes.length; i++) {
      const { split, leaf } = nodes[i]!
      if (split !== null || leaf.split === null) continue
      if (best < 0 || leaf.split.gain > nodes[best]!.leaf.split!.gain) best = i
    }
    if (best < 0) break
    const node = nodes[best]!
    const split = node.leaf.split!
    const middle = partition(binned, order, node.leaf, split, scratch)
    const depth = node.depth + 1
    const [left, right] = criterion.children(node.leaf, order, middle, depth < limits.maxDepth)
    node.split = split
    node.left = open(left, depth)
    node.right = open(right, depth)
  }
  return flatten(nodes, binned, criterion.width, target)
}

/** Rows that go left to the front, both sides in their old order. */
function partition(binned: BinnedMatrix, order: Int32Array, leaf: OpenLeaf, split: Split, scratch: Int32Array): number {
  const base = split.column * binned.rows
  let middle = leaf.start
  let held = 0
  for (let i = leaf.start; i < leaf.end; i++) {
    const row = order[i]!
    const bin = binned.bins[base + row]!
    if (bin === MISSING_BIN ? split.missingLeft : bin <= split.bin) order[middle++] = row
    else scratch[held++] = row
  }
  order.set(scratch.subarray(0, held), middle)
  return middle
}

function flatten(
  nodes: { leaf: OpenLeaf; split: Split | null; left: number; right: number }[],
  binned: BinnedMatrix,
  width: number,
  target: number,
): Tree {
  const count = nodes.length
  const tree: Tree = {
    feature: new Int16Array(count).fill(-1),
    threshold: new Float32Array(count),
    missingLeft: new Uint8Array(count),
    left: new Int32Array(count).fill(-1),
    right: new Int32Array(count).fill(-1),
    cover: new Float32Array(count),
    values: new Float32Array(count * width),
    width,
    target,
  }
  for (let i = 0; i < count; i++) {
    const { leaf, split, left, right } = nodes[i]!
    tree.cover[i] = leaf.cover
    if (split === null) {
      for (let k = 0; k < width; k++) tree.values[i * width + k] = leaf.values[k]!
      continue
    }
    tree.feature[i] = split.column
    tree.threshold[i] = thresholdOf(binned, split.column, split.bin)
    tree.missingLeft[i] = split.missingLeft ? 1 : 0
    tree.left[i] = left
    tree.right[i] = right
  }
  return tree
}
