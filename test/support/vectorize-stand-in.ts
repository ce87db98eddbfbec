import type { VectorizeBinding } from '../../adapters/vectorize/vector-index.ts'

interface Entry {
  namespace: string | undefined
  values: number[]
}

/**
 * A Vectorize index as it is documented (developers.cloudflare.com/vectorize: client API and limits): mutations are
 * asynchronous and give an id, an upsert replaces, a query sees one namespace, gives at most 100 matches or 20 with values
 * or metadata, best first; ids have 64 bytes at most, a batch 1,000 vectors, all of the index's dimensions.
 */
export class VectorizeStandIn implements VectorizeBinding {
  readonly #dimensions: number
  readonly #entries = new Map<string, Entry>()
  #searchable = new Map<string, Entry>()
  #mutations = 0
  readonly asked: Record<string, unknown>[] = []
  isDown = false

  constructor(dimensions = 107) {
    this.#dimensions = dimensions
  }

  get size(): number {
    return this.#entries.size
  }

  /** What was written becomes searchable: on the real one within seconds. */
  settle(): void {
    this.#searchable = new Map(this.#entries)
  }

  async upsert(vectors: { id: string; namespace?: string; values: number[] }[]): Promise<{ mutationId: string }> {
    this.#reach()
    if (vectors.length > 1_000) throw new Error('VECTOR_UPSERT_ERROR: more than 1000 vectors')
    for (const { id, namespace, values } of vectors) {
      if (new TextEncoder().encode(id).length > 64) throw new Error('VECTOR_UPSERT_ERROR: id too long')
      if (namespace !== undefined && namespace.length > 64) throw new Error('VECTOR_UPSERT_ERROR: namespace too long')
      this.#check(values)
      this.#entries.set(id, { namespace, values })
    }
    return { mutationId: `0000018f-0000-0000-0000-${String(++this.#mutations).padStart(12, '0')}` }
  }

  async query(
    vector: number[],
    options: { topK: number; namespace?: string; returnValues?: boolean; returnMetadata?: string },
  ): Promise<{ matches: { id: string; score: number }[]; count: number }> {
    this.#reach()
    this.asked.push(options)
    this.#check(vector)
    const most = options.returnValues || (options.returnMetadata ?? 'none') !== 'none' ? 20 : 100
    if (options.topK > most) throw new Error(`VECTOR_QUERY_ERROR: topK over ${most}`)
    const matches = [...this.#searchable]
      .filter(([, { namespace }]) => options.namespace === undefined || namespace === options.namespace)
      .map(([id, { values }]) => ({ id, score: cosineOf(vector, values) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, options.topK)
    return { matches, count: matches.length }
  }

  #reach(): void {
    if (this.isDown) throw new Error('VECTOR_QUERY_ERROR: not reached')
  }

  #check(values: number[]): void {
    if (values.length !== this.#dimensions)
      throw new Error(`expected ${this.#dimensions} dimensions, got ${values.length}`)
  }
}

function cosineOf(one: readonly number[], other: readonly number[]): number {
  const product = one.reduce((sum, value, i) => sum + value * other[i]!, 0)
  return product / (Math.hypot(...one) * Math.hypot(...other))
}
