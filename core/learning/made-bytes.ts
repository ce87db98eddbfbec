import type { Made } from './members-in-training.ts'
import type { NetworkState } from './network-training.ts'
import type { Tree } from './trees.ts'

/**
 * What a unit of training made, as bytes to be kept and taken back by whoever goes on: a line of JSON that names the
 * arrays, then the arrays one after another as they lie in memory (little-endian), each from a multiple of eight on.
 */

type Numbers = Int16Array | Float32Array | Uint8Array | Int32Array | Float64Array
const KINDS = { Int16Array, Float32Array, Uint8Array, Int32Array, Float64Array }

interface Heading {
  member: Made['member']
  /** Of each tree what is no array. */
  trees: { width: number; target: number }[]
  network: { sizes: number[]; steps: number; clip: number; loss: number } | null
  arrays: { kind: keyof typeof KINDS; length: number }[]
}

const TREE_ARRAYS = ['feature', 'threshold', 'missingLeft', 'left', 'right', 'cover', 'values'] as const

export function encodeMade(made: Made): Uint8Array {
  const trees = made.member === 'network' ? [] : made.member === 'boosting' ? made.trees : [made.tree]
  const arrays: Numbers[] = trees.flatMap((tree) => TREE_ARRAYS.map((name) => tree[name]))
  let network: Heading['network'] = null
  if (made.member === 'network') {
    const { input, sizes, parameters, first, second, steps } = made.state
    arrays.push(input.log1p, input.mean, input.scale, parameters, first, second)
    network = { sizes, steps, clip: input.clip, loss: made.loss }
  }
  const heading: Heading = {
    member: made.member,
    trees: trees.map(({ width, target }) => ({ width, target })),
    network,
    arrays: arrays.map((array) => ({ kind: array.constructor.name as keyof typeof KINDS, length: array.length })),
  }
  const line = new TextEncoder().encode(`${JSON.stringify(heading)}\n`)
  const total = arrays.reduce((at, array) => aligned(at) + array.byteLength, line.length)
  const bytes = new Uint8Array(total)
  bytes.set(line)
  let at = line.length
  for (const array of arrays) {
    at = aligned(at)
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += array.byteLength
  }
  return bytes
}

/** Only ever our own bytes, whole. */
export function decodeMade(bytes: Uint8Array): Made {
  const end = bytes.indexOf(10)
  const { member, trees, network, arrays } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Heading
  let at = end + 1
  const read = arrays.map(({ kind, length }) => {
    const Kind = KINDS[kind]
    at = aligned(at)
    // Copied: an array must lie at a multiple of its size in the buffer, and the bytes may be part of a larger one.
    const array = new Kind(bytes.slice(at, at + length * Kind.BYTES_PER_ELEMENT).buffer)
    at += array.byteLength
    return array
  })
  if (member === 'network') {
    const [log1p, mean, scale, parameters, first, second] = read as [
      Uint8Array,
      Float32Array,
      Float32Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ]
    const { sizes, steps, clip, loss } = network!
    const state: NetworkState = { input: { log1p, mean, scale, clip }, sizes, parameters, first, second, steps }
    return { member, state, loss }
  }
  const grown = trees.map(({ width, target }, i) => {
    const own = read.slice(i * TREE_ARRAYS.length, (i + 1) * TREE_ARRAYS.length)
    return { ...Object.fromEntries(TREE_ARRAYS.map((name, j) => [name, own[j]])), width, target } as unknown as Tree
  })
  return member === 'boosting' ? { member, trees: grown } : { member, tree: grown[0]! }
}

const aligned = (at: number): number => Math.ceil(at / 8) * 8
