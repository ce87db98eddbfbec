import { PbfWriter } from 'pbf'

/**
 * The part of the ONNX format that Picket writes (onnx.proto, IR version 8). Repeated numbers are packed: half the size,
 * and protobuf readers accept both forms.
 */
export interface OnnxModel {
  producer: string
  opsets: { domain: string; version: number }[]
  graph: OnnxGraph
}

export interface OnnxGraph {
  name: string
  nodes: OnnxNode[]
  initializers: OnnxTensor[]
  inputs: OnnxValue[]
  outputs: OnnxValue[]
}

export interface OnnxNode {
  op: string
  domain?: string
  name: string
  inputs: string[]
  outputs: string[]
  attributes?: Record<string, Attribute>
}

export type Attribute =
  | { kind: 'int'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'floats'; value: ArrayLike<number> }
  | { kind: 'ints'; value: ArrayLike<number> }
  | { kind: 'strings'; value: readonly string[] }

/** A constant of the graph. */
export interface OnnxTensor {
  name: string
  dims: number[]
  values: Float32Array | { bools: Uint8Array }
}

/** A float32 input or output; a text is the name of a size that is free. */
export interface OnnxValue {
  name: string
  dims: (number | string)[]
}

const IR_VERSION = 8
const FLOAT = 1
const BOOL = 9
// AttributeProto.AttributeType
const TYPES = { int: 2, string: 3, floats: 6, ints: 7, strings: 8 }

export function encodeOnnx(model: OnnxModel): Uint8Array {
  const writer = new PbfWriter()
  writer.writeVarintField(1, IR_VERSION)
  writer.writeStringField(2, model.producer)
  writer.writeMessage(7, writeGraph, model.graph)
  for (const opset of model.opsets) writer.writeMessage(8, writeOpset, opset)
  return writer.finish().slice()
}

function writeOpset({ domain, version }: { domain: string; version: number }, writer: PbfWriter): void {
  writer.writeStringField(1, domain)
  writer.writeVarintField(2, version)
}

function writeGraph(graph: OnnxGraph, writer: PbfWriter): void {
  for (const node of graph.nodes) writer.writeMessage(1, writeNode, node)
  writer.writeStringField(2, graph.name)
  for (const tensor of graph.initializers) writer.writeMessage(5, writeTensor, tensor)
  for (const input of graph.inputs) writer.writeMessage(11, writeValue, input)
  for (const output of graph.outputs) writer.writeMessage(12, writeValue, output)
}

function writeNode(node: OnnxNode, writer: PbfWriter): void {
  for (const input of node.inputs) writer.writeStringField(1, input)
  for (const output of node.outputs) writer.writeStringField(2, output)
  writer.writeStringField(3, node.name)
  writer.writeStringField(4, node.op)
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) {
    writer.writeMessage(5, writeAttribute, { name, attribute })
  }
  if (node.domain !== undefined) writer.writeStringField(7, node.domain)
}

function writeAttribute({ name, attribute }: { name: string; attribute: Attribute }, writer: PbfWriter): void {
  writer.writeStringField(1, name)
  if (attribute.kind === 'int') writer.writeVarintField(3, attribute.value)
  if (attribute.kind === 'string') writer.writeStringField(4, attribute.value)
  if (attribute.kind === 'floats') writer.writePackedFloat(7, Array.from(attribute.value))
  if (attribute.kind === 'ints') writer.writePackedVarint(8, Array.from(attribute.value))
  if (attribute.kind === 'strings') for (const text of attribute.value) writer.writeStringField(9, text)
  writer.writeVarintField(20, TYPES[attribute.kind])
}

function writeTensor({ name, dims, values }: OnnxTensor, writer: PbfWriter): void {
  writer.writePackedVarint(1, dims)
  const isFloat = values instanceof Float32Array
  writer.writeVarintField(2, isFloat ? FLOAT : BOOL)
  writer.writeStringField(8, name)
  writer.writeBytesField(9, isFloat ? littleEndian(values) : values.bools)
}

function littleEndian(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4))
  values.forEach((value, i) => {
    view.setFloat32(i * 4, value, true)
  })
  return new Uint8Array(view.buffer)
}

function writeValue({ name, dims }: OnnxValue, writer: PbfWriter): void {
  writer.writeStringField(1, name)
  writer.writeMessage(2, writeType, dims)
}

const writeType = (dims: (number | string)[], writer: PbfWriter) => writer.writeMessage(1, writeTensorType, dims)

function writeTensorType(dims: (number | string)[], writer: PbfWriter): void {
  writer.writeVarintField(1, FLOAT)
  writer.writeMessage(2, writeShape, dims)
}

function writeShape(dims: (number | string)[], writer: PbfWriter): void {
  for (const dim of dims) writer.writeMessage(1, writeDim, dim)
}

function writeDim(dim: number | string, writer: PbfWriter): void {
  if (typeof dim === 'number') writer.writeVarintField(1, dim)
  else writer.writeStringField(2, dim)
}
