import { DIMENSIONS } from '../../core/council/memory/case-vector.ts'
import type { VectorIndex } from '../../core/council/memory/vector-index.ts'

/** What of a Vectorize index is used (developers.cloudflare.com/vectorize/reference/client-api). */
export interface VectorizeBinding {
  query(
    vector: number[],
    options: { topK: number; namespace: string; returnValues: boolean; returnMetadata: 'none' | 'indexed' | 'all' },
  ): Promise<{ matches: { id: string; score: number }[] }>
  upsert(vectors: { id: string; namespace: string; values: number[] }[]): Promise<unknown>
}

/**
 * Cases in Vectorize: id is the slot, so that what takes a slot again replaces what was there; vectors of another scale
 * lie in another namespace. Neither values nor metadata are asked for: only so it gives 100 matches.
 */
export const vectorizeIndex = (binding: VectorizeBinding): VectorIndex => ({
  async nearest(space, unit, most) {
    const { matches } = await binding.query(valuesOf(unit), {
      topK: most,
      namespace: space,
      returnValues: false,
      returnMetadata: 'none',
    })
    return matches.map(({ id }) => Number(id)).filter((slot) => Number.isSafeInteger(slot) && slot >= 0)
  },
  async put(space, entries) {
    await binding.upsert(
      entries.map(({ slot, unit }) => ({ id: String(slot), namespace: space, values: valuesOf(unit) })),
    )
  },
})

const valuesOf = (unit: Float32Array): number[] => [...unit.subarray(0, DIMENSIONS)]
