import { DurableObject } from 'cloudflare:workers'
import { DIMENSIONS, STRIDE } from '../../core/council/memory/case-vector.ts'
import { FACT_BYTES } from '../../core/council/memory/fact-block.ts'
import type { CaseQuestion, PastCase } from '../../core/council/memory/past-case.ts'
import { BLOCK_SLOTS } from '../../core/council/memory/vector-block.ts'
import { CaseMemory as Shipped } from '../../durable-objects/case-memory.ts'

/**
 * The council's memory alone in workerd, for bench/council-memory.ts. Time stands still in here while it computes: it is
 * taken outside.
 */
export class CaseMemory extends DurableObject<Record<string, never>> {
  #memory = new Shipped(this.ctx, {})
  #naive: Float32Array[] | null = null

  override async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/block')
      return Response.json(this.#write(Number(searchParams.get('block')), await request.arrayBuffer()))
    const asked = (await request.json()) as { question?: CaseQuestion; unit?: number[]; past?: PastCase }
    switch (pathname) {
      case '/restart':
        this.#memory = new Shipped(this.ctx, {})
        return Response.json(await this.#memory.size())
      case '/search':
        return Response.json(await this.#memory.similar(asked.question!, 5))
      case '/naive':
        return Response.json(this.#search(asked.unit!))
      case '/remember':
        return Response.json(await this.#memory.remember(asked.past!))
      default:
        return Response.json(asked.question!.incidentKey)
    }
  }

  /** A block as the object keeps it, with a row for each of its cases. */
  #write(block: number, bytes: ArrayBuffer): number {
    const vectorBytes = BLOCK_SLOTS * STRIDE * 4
    this.ctx.storage.transactionSync(() => {
      const { sql } = this.ctx.storage
      sql.exec('INSERT INTO blocks VALUES (?, ?, ?)', block, bytes.slice(0, vectorBytes), bytes.slice(vectorBytes))
      const facts = new DataView(bytes, vectorBytes)
      for (let place = 0; place < BLOCK_SLOTS; place++) {
        if (facts.getUint8(place * FACT_BYTES + 3) === 0) continue
        const slot = block * BLOCK_SLOTS + place
        sql.exec("INSERT INTO cases VALUES (?, ?, ?, 1, 'rules', 0.8, 0, ?, 1, NULL)", slot, `case ${slot}`, slot, slot)
      }
    })
    return block
  }

  /** As one would write it at first: every product, then all of them in order. */
  #search(unit: number[]): { slot: number; similarity: number }[] {
    this.#naive ??= this.ctx.storage.sql
      .exec<{ vectors: ArrayBuffer }>('SELECT vectors FROM blocks ORDER BY block')
      .toArray()
      .map(({ vectors }) => new Float32Array(vectors))
    const all: { slot: number; similarity: number }[] = []
    for (const [block, vectors] of this.#naive.entries())
      for (let place = 0; place < BLOCK_SLOTS; place++) {
        let similarity = 0
        for (let i = 0; i < DIMENSIONS; i++) similarity += unit[i]! * vectors[place * STRIDE + i]!
        all.push({ slot: block * BLOCK_SLOTS + place, similarity: Math.min(1, similarity) })
      }
    return all.sort((a, b) => b.similarity - a.similarity || a.slot - b.slot).slice(0, 20)
  }
}

export default {
  fetch: (request: Request, env: { MEMORY: DurableObjectNamespace }): Promise<Response> =>
    env.MEMORY.getByName('memory').fetch(request),
}
