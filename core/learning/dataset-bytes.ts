import { err, ok, type Result } from '../result.ts'
import { CLASS_COUNT } from '../taxonomy.ts'
import { type Dataset, datasetFault } from './dataset.ts'

/**
 * A dataset as bytes: a line of JSON, padded so that the arrays begin at a multiple of eight, then features, weights,
 * groups and labels as they lie in memory (little-endian).
 */
interface Heading {
  schema_hash: string
  rows: number
  columns: number
}

export interface UnreadableDataset {
  tag: 'unreadable-dataset'
  why: string
}

export function encodeDataset(dataset: Dataset, schemaHash: string): Uint8Array {
  const { features, weights, groups, labels, rows, columns } = dataset
  const heading: Heading = { schema_hash: schemaHash, rows, columns }
  const text = JSON.stringify(heading)
  const line = new TextEncoder().encode(`${text.padEnd(Math.ceil((text.length + 1) / 8) * 8 - 1)}\n`)
  const arrays = [line, features, weights, groups, labels].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  )
  const bytes = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    bytes.set(array, at)
    at += array.length
  }
  return bytes
}

/** Refuses bytes of another feature schema, cut bytes, and what no trainer could learn from. */
export function decodeDataset(bytes: Uint8Array, schemaHash: string): Result<Dataset, UnreadableDataset> {
  const unreadable = (why: string) => err({ tag: 'unreadable-dataset' as const, why })
  const end = bytes.subarray(0, 1_024).indexOf(10)
  if (end < 0) return unreadable('it has no heading')
  let heading: Heading
  try {
    heading = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)))
  } catch {
    return unreadable('its heading is no JSON')
  }
  const { schema_hash, rows, columns } = heading
  if (schema_hash !== schemaHash) return unreadable(`it is of feature schema ${schema_hash}, not ${schemaHash}`)
  if (bytes.length !== end + 1 + rows * (4 * columns + 9)) return unreadable('its length is not what its heading says')
  // Copied: arrays must lie at multiples of four, and the bytes may be part of a larger buffer.
  const body = bytes.slice(end + 1).buffer
  const dataset: Dataset = {
    rows,
    columns,
    features: new Float32Array(body, 0, rows * columns),
    weights: new Float32Array(body, 4 * rows * columns, rows),
    groups: new Int32Array(body, 4 * rows * (columns + 1), rows),
    labels: new Uint8Array(body, 4 * rows * (columns + 2), rows),
  }
  const fault = datasetFault(dataset, CLASS_COUNT)
  return fault === null ? ok(dataset) : unreadable(fault)
}
