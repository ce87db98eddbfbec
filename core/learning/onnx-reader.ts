import { PbfReader } from 'pbf'
import { err, ok, type Result } from '../result.ts'
import type { Tree, TreeEnsemble } from './trees.ts'

/** Why a graph's trees could not be read. */
export interface UnreadableGraph {
  tag: 'unreadable-graph'
  why: string
}

/**
 * Reads the trees of one TreeEnsembleRegressor node back from a file that writeOnnx wrote, covers included.
 * Any other bytes are refused, never thrown on.
 */
export function readTrees(graph: Uint8Array, node: string): Result<TreeEnsemble, UnreadableGraph> {
  let attributes: Attributes | null
  try {
    attributes = findNode(graph, node)
  } catch (error) {
    return refuse(`not a readable protobuf: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (attributes === null) return refuse(`no TreeEnsembleRegressor named ${node}`)
  const fault = faultOf(attributes)
  if (fault !== null) return refuse(fault)
  const ensemble = ensembleOf(attributes)
  const broken = ensemble.trees.findIndex((tree) => !isTree(tree))
  return broken < 0 ? ok(ensemble) : refuse(`tree ${broken} of ${node} is not one`)
}

/** Children stand after their parent, so that a walk always ends. */
const isTree = ({ feature, left, right }: Tree): boolean =>
  feature.every(
    (column, node) => column < 0 || [left[node]!, right[node]!].every((c) => c > node && c < feature.length),
  )

const refuse = (why: string) => err<UnreadableGraph>({ tag: 'unreadable-graph', why })

interface Attributes {
  ints: Map<string, number[]>
  floats: Map<string, number[]>
  aggregate: string
  targets: number
}

// Field numbers of onnx.proto; onnx-wire.ts has their other half.
function findNode(bytes: Uint8Array, wanted: string): Attributes | null {
  const reader = new PbfReader(bytes)
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field !== 7) continue
    const end = endOf(reader)
    for (let part = reader.nextField(end); part !== 0; part = reader.nextField(end)) {
      if (part !== 1) continue
      const found = readNode(reader, endOf(reader), wanted)
      if (found !== null) return found
    }
  }
  return null
}

const endOf = (reader: PbfReader): number => {
  const length = reader.readVarint()
  const end = reader.pos + length
  if (end > reader.length) throw new Error('a message runs past the end of the file')
  return end
}

function readNode(reader: PbfReader, end: number, wanted: string): Attributes | null {
  const attributes: Attributes = { ints: new Map(), floats: new Map(), aggregate: '', targets: 0 }
  let name = ''
  let op = ''
  for (let field = reader.nextField(end); field !== 0; field = reader.nextField(end)) {
    if (field === 3) name = reader.readString()
    else if (field === 4) op = reader.readString()
    else if (field === 5 && name === wanted) readAttribute(reader, endOf(reader), attributes)
  }
  return name === wanted && op === 'TreeEnsembleRegressor' ? attributes : null
}

function readAttribute(reader: PbfReader, end: number, into: Attributes): void {
  let name = ''
  for (let field = reader.nextField(end); field !== 0; field = reader.nextField(end)) {
    if (field === 1) name = reader.readString()
    else if (field === 3 && name === 'n_targets') into.targets = reader.readVarint()
    else if (field === 4 && name === 'aggregate_function') into.aggregate = reader.readString()
    else if (field === 7) into.floats.set(name, reader.readPackedFloat())
    else if (field === 8) into.ints.set(name, reader.readPackedVarint())
  }
}

const NODE_INTS = [
  'nodes_treeids',
  'nodes_nodeids',
  'nodes_featureids',
  'nodes_truenodeids',
  'nodes_falsenodeids',
  'nodes_missing_value_tracks_true',
]

function faultOf({ ints, floats, aggregate, targets }: Attributes): string | null {
  const nodes = floats.get('nodes_values')?.length
  if (targets < 1 || (aggregate !== 'SUM' && aggregate !== 'AVERAGE'))
    return 'no target or aggregate that Picket writes'
  for (const name of NODE_INTS) {
    if (nodes === undefined || ints.get(name)?.length !== nodes) return `${name} does not match nodes_values`
  }
  const weights = floats.get('target_weights')?.length
  for (const name of ['target_treeids', 'target_nodeids', 'target_ids']) {
    if (weights === undefined || ints.get(name)?.length !== weights) return `${name} does not match target_weights`
  }
  return null
}

function ensembleOf(attributes: Attributes): TreeEnsemble {
  const { ints, floats, targets } = attributes
  const treeIds = ints.get('nodes_treeids')!
  const width = targets
  const trees: Tree[] = []
  const starts: number[] = []
  for (let start = 0; start < treeIds.length; ) {
    let end = start
    while (end < treeIds.length && treeIds[end] === treeIds[start]) end++
    trees.push(treeOf(attributes, start, end, width))
    starts.push(start)
    start = end
  }
  const weights = floats.get('target_weights')!
  weights.forEach((weight, i) => {
    const tree = trees[ints.get('target_treeids')![i]!]
    if (tree) tree.values[ints.get('target_nodeids')![i]! * width + ints.get('target_ids')![i]!] = weight
  })
  return {
    outputs: targets,
    aggregate: attributes.aggregate === 'AVERAGE' ? 'average' : 'sum',
    base: Float32Array.from(floats.get('base_values') ?? new Float32Array(targets)),
    trees,
  }
}

function treeOf({ ints, floats }: Attributes, start: number, end: number, width: number): Tree {
  const part = (name: string) => ints.get(name)!.slice(start, end)
  const left = part('nodes_truenodeids')
  // The writer gives leaves child 0, which no inner node has. Reading the modes as text takes longer than all the rest.
  const orNone = (value: number, node: number) => (left[node] === 0 ? -1 : value)
  return {
    feature: Int16Array.from(part('nodes_featureids'), orNone),
    threshold: Float32Array.from(floats.get('nodes_values')!.slice(start, end)),
    missingLeft: Uint8Array.from(part('nodes_missing_value_tracks_true')),
    left: Int32Array.from(left, orNone),
    right: Int32Array.from(part('nodes_falsenodeids'), orNone),
    cover: Float32Array.from(floats.get('nodes_hitrates')?.slice(start, end) ?? new Float32Array(end - start)),
    values: new Float32Array((end - start) * width),
    width,
    target: 0,
  }
}
