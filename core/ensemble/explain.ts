import type { Tree, TreeEnsemble } from '../learning/trees.ts'

/** What moved one output of an ensemble away from its base value. base + all contributions = the output. */
export interface Explanation {
  /** The output's mean over the training rows. */
  base: number
  /** Signed, by column. */
  contributions: Float64Array
}

export type Explainer = (features: Float32Array, at: number, output: number) => Explanation

/**
 * Path contributions (Saabas 2014): along a row's path through each tree, each split moves the mean of the training rows
 * below it, and the feature that was asked gets the difference.
 *
 * Picket explains the forest only, in units of the forest's probability of the decided class. Its leaves are
 * probabilities, so contributions add up exactly; the boosted trees add up to scores that only all seven together turn
 * into a probability, and a share of that cannot be given to one feature without inventing a rule for it.
 *
 * @param columns number of features
 * @param ensemble with covers (writeOnnx stores the forest's)
 */
export function explainer(ensemble: TreeEnsemble, columns: number): Explainer {
  const means = ensemble.trees.map(nodeMeans)
  const share = ensemble.aggregate === 'average' ? 1 / ensemble.trees.length : 1
  return (features, at, output) => {
    const contributions = new Float64Array(columns)
    let base = ensemble.base[output]!
    ensemble.trees.forEach((tree, index) => {
      const place = output - tree.target
      if (place < 0 || place >= tree.width) return
      const mean = (node: number) => means[index]![node * tree.width + place]! * share
      base += mean(0)
      let node = 0
      while (tree.feature[node]! >= 0) {
        const next = step(tree, node, features, at)
        contributions[tree.feature[node]!]! += mean(next) - mean(node)
        node = next
      }
    })
    return { base, contributions }
  }
}

function step(tree: Tree, node: number, features: Float32Array, at: number): number {
  const value = features[at + tree.feature[node]!]!
  const goesLeft = value <= tree.threshold[node]! || (tree.missingLeft[node] === 1 && Number.isNaN(value))
  return goesLeft ? tree.left[node]! : tree.right[node]!
}

/** Mean leaf value below each node, weighted by cover, row-major [nodes, width]. Children stand after their parents. */
function nodeMeans(tree: Tree): Float64Array {
  const { width, cover } = tree
  const means = Float64Array.from(tree.values)
  for (let node = tree.feature.length - 1; node >= 0; node--) {
    if (tree.feature[node]! < 0) continue
    const left = tree.left[node]!
    const right = tree.right[node]!
    const leftShare = cover[left]! / (cover[left]! + cover[right]!)
    for (let i = 0; i < width; i++) {
      means[node * width + i] = leftShare * means[left * width + i]! + (1 - leftShare) * means[right * width + i]!
    }
  }
  return means
}
