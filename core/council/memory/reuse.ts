import type { ClassId } from '../../taxonomy.ts'
import type { EpochMs } from '../../time.ts'
import type { EvidencePack } from '../evidence-pack.ts'
import type { Verdict } from '../verifier.ts'
import type { Reuse } from './past-case.ts'
import { type Found, Nearest } from './search.ts'

/** Cases more similar than this can speak for each other. */
export const SIMILAR_OVER = 0.97
export const LEAST_AGREEING = 3
export const MOST_NAMED = 5
/** After that a verifier's verdict says nothing, and an analyst's no longer agrees. */
export const EXPIRES_MS = 30 * 24 * 3_600_000
/** How much longer one vector may be than the other: cosine takes three failures and three thousand for the same. */
export const MOST_LONGER = 1.25

/** What of a past case the rule asks, by slot. */
export interface CaseFacts {
  predictedClass: ClassId
  threatClass: ClassId
  verdict: Verdict
  isAnalyst: boolean
  isReused: boolean
  /** Length of its vector before it was made 1. */
  length: number
  at: EpochMs
}

/** What agreeing cases come to; `cases` are slots, most similar first. */
export interface Agreement {
  verdict: 'THREAT' | 'FALSE_POSITIVE'
  threatClass: ClassId
  agreeing: number
  cases: Found[]
}

interface Side {
  verdict: 'THREAT' | 'FALSE_POSITIVE'
  threatClass: ClassId
  agreeing: number
  best: Nearest
}

/**
 * Decides whether a verdict may be reused, from all cases over 0.97 and not from the nearest few only.
 *
 * A case agrees when the ensemble called it the same class, its vector is about as long, it is at most 30 days old, and
 * somebody judged it: a reused verdict is nobody's. It is against whatever it was called and however long it is, and an
 * analyst's stays so while it is remembered. INVESTIGATE is neither for nor against a threat; it is against an acquittal,
 * for somebody looked at the same and could not acquit.
 */
export class ReuseTally {
  readonly #predictedClass: ClassId
  readonly #length: number
  readonly #now: EpochMs
  readonly #sides = new Map<string, Side>()
  #undecided = 0
  near = 0

  constructor(asked: { predictedClass: ClassId; length: number }, now: EpochMs) {
    this.#predictedClass = asked.predictedClass
    this.#length = asked.length
    this.#now = now
  }

  /** A case over 0.97. */
  add({ slot, similarity }: Found, facts: CaseFacts): void {
    this.near++
    if (facts.isReused) return
    const isExpired = this.#now - facts.at > EXPIRES_MS
    if (isExpired && !facts.isAnalyst) return
    if (facts.verdict === 'INVESTIGATE') {
      this.#undecided++
      return
    }
    const { verdict, threatClass } = facts
    const name = verdict === 'THREAT' ? `${verdict} ${threatClass}` : verdict
    let side = this.#sides.get(name)
    if (!side) {
      side = { verdict, threatClass, agreeing: 0, best: new Nearest(MOST_NAMED) }
      this.#sides.set(name, side)
    }
    const longer = Math.max(facts.length, this.#length)
    const isAsLong = longer <= MOST_LONGER * Math.min(facts.length, this.#length)
    if (isExpired || facts.predictedClass !== this.#predictedClass || !isAsLong) return
    side.agreeing++
    side.best.add(slot, similarity)
  }

  /** The verdict that may be reused, or why none may; null for both when there is nothing so similar. */
  outcome(): { agreement: Agreement | null; whyNot: string | null } {
    const none = (whyNot: string | null) => ({ agreement: null, whyNot })
    if (this.near === 0) return none(null)
    const sides = [...this.#sides.values()]
    if (sides.length > 1) return none('Past cases over 0.97 contradict each other.')
    const [side] = sides
    if (!side || side.agreeing < LEAST_AGREEING)
      return none(
        `${this.near} past cases are over 0.97, and ${side?.agreeing ?? 0} of them agree and count; ${LEAST_AGREEING} must.`,
      )
    if (side.verdict === 'FALSE_POSITIVE' && this.#undecided > 0)
      return none(`${this.#undecided} past cases over 0.97 could not be decided: memory does not acquit.`)
    const { verdict, threatClass, agreeing, best } = side
    const stands = verdict === 'FALSE_POSITIVE' ? this.#predictedClass : threatClass
    return { agreement: { verdict, threatClass: stands, agreeing, cases: best.found }, whyNot: null }
  }
}

/** What of the case's surroundings decides whether a verdict from memory counts. */
export interface ReuseTerms {
  /** Counts the incident's cases from 1. */
  round: number
  isOff: boolean
  /** Only the rules would judge: they cost nothing, and cite events of this very case. */
  isJudgeFree: boolean
}

/** Why a verdict that past cases give does not count in this case. It acquits by the same rules as a judge, or not at all. */
export function whyNotReused(
  { verdict, cases }: Pick<Reuse, 'verdict' | 'cases'>,
  pack: Pick<EvidencePack, 'addressed' | 'scenarioHits'>,
  { round, isOff, isJudgeFree }: ReuseTerms,
): string | null {
  if (isOff) return 'Past cases would give the verdict; COUNCIL_REUSE is off.'
  if (round > 1) return 'Past cases would give the verdict, but somebody is to look at this incident again.'
  if (isJudgeFree && !cases.some(({ by }) => by === 'analyst'))
    return 'Past cases would give the verdict, but no analyst judged one of them, and the rules that judge here cost nothing.'
  if (verdict !== 'FALSE_POSITIVE') return null
  const [addressed] = pack.addressed
  if (addressed)
    return `Past cases would acquit, but the evidence speaks to its reader (E${addressed.n}, ${addressed.field}).`
  const accusing = pack.scenarioHits.filter(({ threatClass }) => threatClass !== null && threatClass !== 0)
  return accusing.length > 0
    ? `Past cases would acquit, but scenario rules say that it is an attack: ${accusing.map(({ title }) => title).join(', ')}.`
    : null
}
