import { fromBase64Url, toBase64Url } from '../base64url.ts'
import type { MemberVotes, ModelOutput } from '../ensemble/prediction.ts'
import { FEATURE_COUNT } from '../features/schema.ts'
import { CLASS_COUNT } from '../taxonomy.ts'

export interface ThinDetail {
  features: Float32Array
  probabilities: number[]
  votes: MemberVotes
}

const PARTS = FEATURE_COUNT + 4 * CLASS_COUNT

/** What a campaign shows of its strongest window, as base64url of 128 float32: in a flood every source sends one. */
export function packDetail(features: Float32Array, output: ModelOutput): string {
  const packed = new Float32Array(PARTS)
  packed.set(features)
  let at = FEATURE_COUNT
  for (const seven of [output.probabilities, output.forest, output.boosting, output.network]) {
    packed.set(seven, at)
    at += CLASS_COUNT
  }
  return toBase64Url(new Uint8Array(packed.buffer))
}

export function unpackDetail(detail: string): ThinDetail {
  const bytes = fromBase64Url(detail)
  if (bytes === null) throw new Error('a thin window has no detail: only packDetail writes it')
  const packed = new Float32Array(bytes.buffer)
  const seven = (part: number) => [
    ...packed.subarray(FEATURE_COUNT + part * CLASS_COUNT, FEATURE_COUNT + (part + 1) * CLASS_COUNT),
  ]
  return {
    features: packed.slice(0, FEATURE_COUNT),
    probabilities: seven(0),
    votes: { forest: seven(1), boosting: seven(2), network: seven(3) },
  }
}
