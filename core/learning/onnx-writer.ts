import { CLASS_COUNT } from '../taxonomy.ts'
import { type EnsembleModel, LEAST_PROBABILITY } from './ensemble.ts'
import { anomalyExponent } from './isolation-forest.ts'
import type { Network } from './network.ts'
import { type Attribute, encodeOnnx, type OnnxNode, type OnnxTensor } from './onnx-wire.ts'
import type { TreeEnsemble } from './trees.ts'

/** Names of the graph's one input, float32 [N, columns] of raw features (absent is NaN), and of its outputs. */
export const GRAPH_INPUT = 'features'
export const GRAPH_OUTPUTS = ['probabilities', 'forest', 'boosting', 'network', 'anomaly'] as const

const ML = 'ai.onnx.ml'

/** The whole ensemble as one ONNX file: members, weighted mean, temperature, anomaly. The same model gives the same bytes. */
export function writeOnnx(model: EnsembleModel): Uint8Array {
  const graph = new GraphBuilder()
  graph.trees('forest', model.forest, true)
  graph.trees('boosting_scores', model.boosting, false)
  graph.op('Softmax', ['boosting_scores'], 'boosting', { axis: { kind: 'int', value: 1 } })
  network(graph, model.network)
  merge(graph, model)
  graph.trees('path', model.isolation.paths, false)
  graph.op('Mul', ['path', graph.number('per_edge', anomalyExponent(model.isolation.norm))], 'path_exponent')
  graph.op('Exp', ['path_exponent'], 'anomaly')
  return encodeOnnx({
    producer: 'picket',
    opsets: [
      { domain: '', version: 17 },
      { domain: ML, version: 3 },
    ],
    graph: {
      name: 'ensemble',
      nodes: graph.nodes,
      initializers: graph.initializers,
      inputs: [{ name: GRAPH_INPUT, dims: ['N', model.columns] }],
      outputs: GRAPH_OUTPUTS.map((name) => ({ name, dims: ['N', name === 'anomaly' ? 1 : CLASS_COUNT] })),
    },
  })
}

function network(graph: GraphBuilder, { input, layers }: Network): void {
  const columns = input.mean.length
  graph.op('Abs', [GRAPH_INPUT], 'size')
  graph.op('Add', ['size', graph.number('one', 1)], 'size_and_one')
  graph.op('Log', ['size_and_one'], 'size_log')
  graph.op('Sign', [GRAPH_INPUT], 'sign')
  graph.op('Mul', ['sign', 'size_log'], 'signed_log')
  graph.constant({ name: 'log1p', dims: [1, columns], values: { bools: input.log1p } })
  graph.op('Where', ['log1p', 'signed_log', GRAPH_INPUT], 'transformed')
  graph.op('Sub', ['transformed', graph.constant({ name: 'mean', dims: [1, columns], values: input.mean })], 'centred')
  graph.op('Mul', ['centred', graph.constant({ name: 'scale', dims: [1, columns], values: input.scale })], 'scaled')
  graph.op('Clip', ['scaled', graph.number('least', -input.clip), graph.number('most', input.clip)], 'clipped')
  // NaN here is an absent value, or an infinite one in a column that does not vary.
  graph.op('IsNaN', ['scaled'], 'absent')
  graph.op('Where', ['absent', graph.number('zero', 0), 'clipped'], 'layer_0')
  layers.forEach(({ inputs, outputs, weights, bias }, index) => {
    const last = index === layers.length - 1
    const w = graph.constant({ name: `weights_${index}`, dims: [inputs, outputs], values: weights })
    const b = graph.constant({ name: `bias_${index}`, dims: [outputs], values: bias })
    const sums = last ? 'network_scores' : `sums_${index}`
    graph.op('Gemm', [`layer_${index}`, w, b], sums)
    if (!last) graph.op('Relu', [sums], `layer_${index + 1}`)
  })
  graph.op('Softmax', ['network_scores'], 'network', { axis: { kind: 'int', value: 1 } })
}

function merge(graph: GraphBuilder, { memberWeights, temperature }: EnsembleModel): void {
  for (const member of ['forest', 'boosting', 'network'] as const) {
    graph.op('Mul', [member, graph.number(`${member}_weight`, memberWeights[member])], `${member}_part`)
  }
  graph.op('Add', ['forest_part', 'boosting_part'], 'trees_part')
  graph.op('Add', ['trees_part', 'network_part'], 'merged')
  graph.op('Clip', ['merged', graph.number('least_probability', LEAST_PROBABILITY)], 'merged_safe')
  graph.op('Log', ['merged_safe'], 'merged_log')
  graph.op('Mul', ['merged_log', graph.number('per_temperature', 1 / temperature)], 'scores')
  graph.op('Softmax', ['scores'], 'probabilities', { axis: { kind: 'int', value: 1 } })
}

class GraphBuilder {
  readonly nodes: OnnxNode[] = []
  readonly initializers: OnnxTensor[] = []

  constant(tensor: OnnxTensor): string {
    this.initializers.push(tensor)
    return tensor.name
  }

  number(name: string, value: number): string {
    return this.constant({ name, dims: [], values: Float32Array.of(value) })
  }

  op(op: string, inputs: string[], output: string, attributes?: Record<string, Attribute>): void {
    this.nodes.push({ op, name: output, inputs, outputs: [output], ...(attributes && { attributes }) })
  }

  trees(output: string, ensemble: TreeEnsemble, withCovers: boolean): void {
    this.nodes.push({
      op: 'TreeEnsembleRegressor',
      domain: ML,
      name: output,
      inputs: [GRAPH_INPUT],
      outputs: [output],
      attributes: treeAttributes(ensemble, withCovers),
    })
  }
}

/**
 * A tree ensemble as the attributes of TreeEnsembleRegressor. A true branch is our left. Weights of 0 are left out.
 * @param withCovers puts each node's cover into nodes_hitrates, from which predictions can be explained
 */
function treeAttributes(ensemble: TreeEnsemble, withCovers: boolean): Record<string, Attribute> {
  const treeIds: number[] = []
  const nodeIds: number[] = []
  const features: number[] = []
  const thresholds: number[] = []
  const modes: string[] = []
  const trueIds: number[] = []
  const falseIds: number[] = []
  const missingTrue: number[] = []
  const covers: number[] = []
  const targets = { tree: [] as number[], node: [] as number[], id: [] as number[], weight: [] as number[] }
  ensemble.trees.forEach((tree, treeId) => {
    tree.feature.forEach((feature, node) => {
      const leaf = feature < 0
      treeIds.push(treeId)
      nodeIds.push(node)
      features.push(leaf ? 0 : feature)
      thresholds.push(leaf ? 0 : tree.threshold[node]!)
      modes.push(leaf ? 'LEAF' : 'BRANCH_LEQ')
      trueIds.push(leaf ? 0 : tree.left[node]!)
      falseIds.push(leaf ? 0 : tree.right[node]!)
      missingTrue.push(leaf ? 0 : tree.missingLeft[node]!)
      covers.push(tree.cover[node]!)
      if (!leaf) return
      for (let i = 0; i < tree.width; i++) {
        const value = tree.values[node * tree.width + i]!
        if (value === 0 && tree.width > 1) continue
        targets.tree.push(treeId)
        targets.node.push(node)
        targets.id.push(tree.target + i)
        targets.weight.push(value)
      }
    })
  })
  return {
    n_targets: { kind: 'int', value: ensemble.outputs },
    aggregate_function: { kind: 'string', value: ensemble.aggregate === 'average' ? 'AVERAGE' : 'SUM' },
    post_transform: { kind: 'string', value: 'NONE' },
    base_values: { kind: 'floats', value: ensemble.base },
    nodes_treeids: { kind: 'ints', value: treeIds },
    nodes_nodeids: { kind: 'ints', value: nodeIds },
    nodes_featureids: { kind: 'ints', value: features },
    nodes_values: { kind: 'floats', value: thresholds },
    nodes_modes: { kind: 'strings', value: modes },
    nodes_truenodeids: { kind: 'ints', value: trueIds },
    nodes_falsenodeids: { kind: 'ints', value: falseIds },
    nodes_missing_value_tracks_true: { kind: 'ints', value: missingTrue },
    ...(withCovers && { nodes_hitrates: { kind: 'floats', value: covers } as const }),
    target_treeids: { kind: 'ints', value: targets.tree },
    target_nodeids: { kind: 'ints', value: targets.node },
    target_ids: { kind: 'ints', value: targets.id },
    target_weights: { kind: 'floats', value: targets.weight },
  }
}
