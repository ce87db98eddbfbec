import { DurableObject } from 'cloudflare:workers'
import { inTime } from '../adapters/in-time.ts'
import { type VectorizeBinding, vectorizeIndex } from '../adapters/vectorize/vector-index.ts'
import { type CaseVector, caseVector } from '../core/council/memory/case-vector.ts'
import type {
  AnalystWord,
  CaseQuestion,
  CaseWindow,
  PastCase,
  Recollection,
  SimilarCase,
} from '../core/council/memory/past-case.ts'
import { type CaseFacts, ReuseTally, SIMILAR_OVER } from '../core/council/memory/reuse.ts'
import { type CaseScale, scaleFrom } from '../core/council/memory/scale.ts'
import { cosine, type Found, Nearest, type Sought, searchBlocks } from '../core/council/memory/search.ts'
import type { VectorIndex } from '../core/council/memory/vector-index.ts'
import { parseManifest } from '../core/ensemble/manifest.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { Clock } from '../core/time.ts'
import manifest from '../models/manifest.json'
import { CaseShelf } from './case-memory/case-shelf.ts'
import type { CaseMemoryPort, CaseMemorySize } from './names.ts'

/** 48 MB of vectors, their bounds and facts in memory; an isolate has 128. */
const MOST_CASES = 100_000
/** As many as a Vectorize index gives. */
const MOST_CANDIDATES = 100
/** An index finds what it is told only some seconds later; until then it is compared here. */
const INDEX_LAG_MS = 10 * 60_000
const MOST_FRESH = 2_000
const INDEX_PATIENCE_MS = 1_000
const MOST_TOLD = 200

export interface CaseMemoryEnv {
  /** Absent where no index is bound: then all is compared here. */
  VECTORIZE?: VectorizeBinding
}

export interface CaseMemoryParts {
  clock: Clock
  /** What a shelf that is empty puts windows on. */
  scale: () => CaseScale
  mostCases: number
}

const DEFAULTS: CaseMemoryParts = { clock: () => Date.now(), scale: shippedScale, mostCases: MOST_CASES }

function shippedScale(): CaseScale {
  const read = parseManifest(manifest)
  if (!read.ok) throw new Error(read.error.why)
  return scaleFrom(read.value)
}

/**
 * The council's memory: one object a deployment. Everything that was judged lies here, one case an incident; who is asked
 * for similar ones compares with all of them, exactly. With a Vectorize index bound, the index proposes and this object
 * compares what it proposed, so that similarities are exact and an analyst's word counts at once.
 */
export class CaseMemory extends DurableObject<CaseMemoryEnv> implements CaseMemoryPort {
  readonly #parts: CaseMemoryParts
  readonly #shelf: CaseShelf
  readonly #index: VectorIndex | null

  constructor(ctx: DurableObjectState, env: CaseMemoryEnv, parts: Partial<CaseMemoryParts> = {}) {
    super(ctx, env)
    this.#parts = { ...DEFAULTS, ...parts }
    this.#shelf = ctx.storage.transactionSync(
      () => new CaseShelf(ctx.storage.sql, this.#parts.scale(), this.#parts.mostCases),
    )
    this.#index = env.VECTORIZE ? vectorizeIndex(env.VECTORIZE) : null
  }

  async remember(one: PastCase): Promise<boolean> {
    const vector = this.#vectorOf(one)
    if (!vector) return false
    const isNews = this.#write(() => {
      const known = this.#shelf.of(one.incidentKey)
      if (known && !replaces(one, known.kept.round, known.facts)) return false
      const { incidentKey, incidentId, round, who, confidence } = one
      this.#shelf.write({ incidentKey, incidentId, round, who, confidence }, factsOf(one, vector.length), vector.unit)
      return true
    })
    await this.#tellIndex()
    return isNews
  }

  async override(incidentKey: string, word: AnalystWord): Promise<boolean> {
    return this.#write(() => {
      const known = this.#shelf.of(incidentKey)
      if (!known || (known.facts.isAnalyst && known.facts.at > word.at)) return false
      this.#shelf.override(known.kept.slot, word)
      return true
    })
  }

  async similar(question: CaseQuestion, most: number): Promise<Result<Recollection, string>> {
    const vector = this.#vectorOf(question)
    if (!vector) return err('the incident was computed by another version: its features cannot be compared')
    const proposed = await this.#proposed(vector)
    const { predictedClass } = question
    const tally = new ReuseTally({ predictedClass, length: vector.length }, this.#parts.clock())
    const isAsked = (slot: number) => slot !== own && this.#shelf.facts(slot) !== null
    const near = (found: Found) => tally.add(found, this.#shelf.facts(found.slot)!)
    const own = this.#shelf.of(question.incidentKey)?.kept.slot
    if (own !== undefined) proposed?.delete(own)
    const sought = { query: vector.unit, most, over: SIMILAR_OVER, near, isAsked }
    const found = proposed
      ? compareSome(proposed, (slot) => this.#shelf.vector(slot), sought)
      : searchBlocks(this.#shelf.vectors, sought)
    const { agreement, whyNot } = tally.outcome()
    const mayHideOthers = proposed !== null && tally.near >= MOST_CANDIDATES - 1
    return ok({
      similar: found.map((one) => this.#shown(one)),
      reuse:
        agreement && !mayHideOthers
          ? {
              verdict: agreement.verdict,
              threatClass: agreement.threatClass,
              agreeing: agreement.agreeing,
              confidence: Math.min(...agreement.cases.map(({ slot }) => this.#shelf.at(slot).confidence)),
              cases: agreement.cases.map((one) => this.#shown(one)),
            }
          : null,
      whyNot: mayHideOthers ? 'So many past cases are over 0.97 that the index did not tell all of them.' : whyNot,
      compared: proposed ? proposed.size : this.#shelf.count - (own === undefined ? 0 : 1),
    })
  }

  async size(): Promise<CaseMemorySize> {
    return { cases: this.#shelf.count, most: this.#parts.mostCases, isIndexed: this.#index !== null }
  }

  /** Null for a window of another feature schema. */
  #vectorOf({ schemaHash, features, probabilities }: CaseWindow): CaseVector | null {
    const { scale } = this.#shelf
    return schemaHash === scale.schemaHash ? caseVector(features, probabilities, scale) : null
  }

  #write<Value>(change: () => Value): Value {
    try {
      return this.ctx.storage.transactionSync(change)
    } catch (error) {
      this.#shelf.forget()
      throw error
    }
  }

  #shown({ slot, similarity }: Found): SimilarCase {
    const { incidentKey, incidentId, who, confidence } = this.#shelf.at(slot)
    const { verdict, threatClass, isAnalyst, isReused, at } = this.#shelf.facts(slot)!
    const by = isAnalyst ? 'analyst' : 'council'
    return { key: incidentKey, incidentId, similarity, threatClass, verdict, confidence, by, who, at, isReused }
  }

  /** Slots that an index proposes, and those that it may not know yet; null: all are to be compared. */
  async #proposed({ unit }: CaseVector): Promise<Set<number> | null> {
    if (!this.#index) return null
    const fresh = this.#shelf.maybeNotIndexed(this.#parts.clock() - INDEX_LAG_MS, MOST_FRESH)
    if (fresh === null) return null
    try {
      const asked = this.#index.nearest(this.#shelf.scale.id, unit, MOST_CANDIDATES)
      return new Set([...(await inTime(asked, INDEX_PATIENCE_MS)), ...fresh])
    } catch (error) {
      console.error(JSON.stringify({ object: 'case-memory', what: 'the index was not asked', error: String(error) }))
      return null
    }
  }

  /** Told again until it was told; what it does not know is compared here. */
  async #tellIndex(): Promise<void> {
    if (!this.#index) return
    const untold = this.#shelf.notIndexed(MOST_TOLD)
    if (untold.length === 0) return
    try {
      await inTime(this.#index.put(this.#shelf.scale.id, untold), INDEX_PATIENCE_MS)
      this.#write(() => this.#shelf.indexed(untold, this.#parts.clock()))
    } catch (error) {
      console.error(JSON.stringify({ object: 'case-memory', what: 'the index was not told', error: String(error) }))
    }
  }
}

/** An analyst's word stands until an analyst gives another; else a later case of the incident takes an earlier one's place. */
const replaces = (one: PastCase, round: number, { isAnalyst, at }: CaseFacts): boolean =>
  one.by === 'analyst' ? !isAnalyst || one.at >= at : !isAnalyst && one.round >= round

const factsOf = (one: PastCase, length: number): CaseFacts => ({
  predictedClass: one.predictedClass,
  threatClass: one.threatClass,
  verdict: one.verdict,
  isAnalyst: one.by === 'analyst',
  isReused: one.isReused,
  length,
  at: one.at,
})

function compareSome(
  slots: Iterable<number>,
  vectorAt: (slot: number) => Float32Array | null,
  { query, most, over, near, isAsked }: Sought,
): Found[] {
  const best = new Nearest(most)
  for (const slot of slots) {
    const vector = vectorAt(slot)
    if (!vector || !isAsked(slot)) continue
    const found = { slot, similarity: cosine(query, vector) }
    if (found.similarity > over) near(found)
    best.add(slot, found.similarity)
  }
  return best.found
}
