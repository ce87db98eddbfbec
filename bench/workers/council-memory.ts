import { DurableObject } from 'cloudflare:workers'
import { caseVector, DIMENSIONS, STRIDE } from '../../core/council/memory/case-vector.ts'
import { readFacts } from '../../core/council/memory/fact-block.ts'
import type { CaseWindow } from '../../core/council/memory/past-case.ts'
import { ReuseTally, SIMILAR_OVER } from '../../core/council/memory/reuse.ts'
import type { CaseScale } from '../../core/council/memory/scale.ts'
import { type Found, searchBlocks } from '../../core/council/memory/search.ts'
import { BLOCK_SLOTS, VectorBlock } from '../../core/council/memory/vector-block.ts'

const MOST = 5

interface Asked {
  window?: CaseWindow
  scale?: CaseScale
  unit?: number[]
}

/**
 * The memory's search and its rule alone in workerd, for bench/council-memory.ts, over blocks that lie in an object's
 * database as CaseMemory keeps them. Time stands still in here while it computes: it is taken outside.
 */
export class CaseMemory extends DurableObject<Record<string, never>> {
  #blocks: { vectors: VectorBlock; facts: DataView }[] | null = null
  #scale: CaseScale | null = null

  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/block')
      return Response.json(this.#write(Number(searchParams.get('block')), await request.arrayBuffer()))
    const asked = (await request.json()) as Asked
    switch (pathname) {
      case '/restart':
        this.#blocks = null
        this.#scale = asked.scale ?? this.#scale
        return Response.json({})
      case '/search':
        return Response.json(this.#search(asked.window!))
      case '/naive':
        return Response.json(this.#naive(asked.unit!))
      default:
        return Response.json(asked.window?.schemaHash ?? null)
    }
  }

  #write(block: number, bytes: ArrayBuffer): number {
    const { sql } = this.ctx.storage
    sql.exec(
      'CREATE TABLE IF NOT EXISTS blocks (block INTEGER PRIMARY KEY, vectors BLOB NOT NULL, facts BLOB NOT NULL)',
    )
    const vectorBytes = BLOCK_SLOTS * STRIDE * 4
    sql.exec('INSERT INTO blocks VALUES (?, ?, ?)', block, bytes.slice(0, vectorBytes), bytes.slice(vectorBytes))
    return block
  }

  #read(): { vectors: VectorBlock; facts: DataView }[] {
    this.#blocks ??= this.ctx.storage.sql
      .exec<{ vectors: ArrayBuffer; facts: ArrayBuffer }>('SELECT vectors, facts FROM blocks ORDER BY block')
      .toArray()
      .map(({ vectors, facts }) => ({
        vectors: new VectorBlock(new Float32Array(vectors)),
        facts: new DataView(facts),
      }))
    return this.#blocks
  }

  /** As CaseMemory does it: vector, search, and the rule over all that are over 0.97. */
  #search({ features, probabilities, predictedClass }: CaseWindow): { found: Found[]; near: number } {
    const blocks = this.#read()
    const facts = (slot: number) => readFacts(blocks[Math.floor(slot / BLOCK_SLOTS)]!.facts, slot % BLOCK_SLOTS)
    const { unit, length } = caseVector(features, probabilities, this.#scale!)
    const tally = new ReuseTally({ predictedClass, length }, 0)
    const found = searchBlocks(
      blocks.map(({ vectors }) => vectors),
      {
        query: unit,
        most: MOST,
        over: SIMILAR_OVER,
        isAsked: (slot) => facts(slot) !== null,
        near: (one) => tally.add(one, facts(one.slot)!),
      },
    )
    tally.outcome()
    return { found, near: tally.near }
  }

  /** As one would write it at first: every product, then all of them in order. */
  #naive(unit: number[]): { found: Found[]; near: number } {
    const all: Found[] = []
    for (const [block, { vectors, facts }] of this.#read().entries())
      for (let place = 0; place < BLOCK_SLOTS; place++) {
        if (readFacts(facts, place) === null) continue
        let similarity = 0
        for (let i = 0; i < DIMENSIONS; i++) similarity += unit[i]! * vectors.vectors[place * STRIDE + i]!
        all.push({ slot: block * BLOCK_SLOTS + place, similarity: Math.min(1, similarity) })
      }
    all.sort((a, b) => b.similarity - a.similarity || a.slot - b.slot)
    return { found: all.slice(0, MOST), near: all.filter(({ similarity }) => similarity > SIMILAR_OVER).length }
  }
}

export default {
  fetch: (request: Request, env: { MEMORY: DurableObjectNamespace }): Promise<Response> =>
    env.MEMORY.getByName('memory').fetch(request),
}
