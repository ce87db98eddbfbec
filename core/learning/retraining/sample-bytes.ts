import type { TrainingSample } from './training-data.ts'

/** Samples as bytes: a line of JSON, then the features of one after another as float32 (little-endian). */

type Meta = [id: number, label: number, trust: TrainingSample['trust'], source: string, seenAt: number]

export function encodeSamples(samples: readonly TrainingSample[]): Uint8Array {
  const columns = samples[0]?.features.length ?? 0
  const meta = samples.map(({ id, label, trust, source, seenAt }): Meta => [id, label, trust, source, seenAt])
  const line = new TextEncoder().encode(`${JSON.stringify({ columns, meta })}\n`)
  const bytes = new Uint8Array(line.length + 4 * columns * samples.length)
  bytes.set(line)
  samples.forEach(({ features }, i) => {
    bytes.set(new Uint8Array(features.buffer, features.byteOffset, features.byteLength), line.length + 4 * columns * i)
  })
  return bytes
}

/** Only ever our own bytes, whole. */
export function decodeSamples(bytes: Uint8Array): TrainingSample[] {
  const { columns, meta, at } = head(bytes)
  return meta.map(([id, label, trust, source, seenAt], i) => ({
    id,
    features: new Float32Array(bytes.slice(at + 4 * columns * i, at + 4 * columns * (i + 1)).buffer),
    label,
    trust,
    source,
    seenAt,
  }))
}

function head(bytes: Uint8Array): { columns: number; meta: Meta[]; at: number } {
  const end = bytes.indexOf(10)
  return { ...JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))), at: end + 1 }
}
