import { type ClassId, classOf } from '../taxonomy.ts'
import { hash32 } from '../window/hash.ts'
import type { EvidencePack } from './evidence-pack.ts'
import { type GroundedOpinion, isGrounded } from './grounding.ts'
import type { Verdict, VerifierName, VerifierRole } from './verifier.ts'

/** An opinion that was given, as aggregation sees it. */
export interface GivenOpinion {
  verifier: VerifierName
  role: VerifierRole
  /** Given on a pack without any text that a stranger wrote. */
  isBlind: boolean
  isRemote: boolean
  opinion: GroundedOpinion
}

/** What the council makes of all opinions. */
export interface Conclusion {
  verdict: Verdict
  /** Of the verdict, as it is stored: max(council, ensemble) for a threat, 0.3 for a false positive. */
  confidence: number
  /** The class that stands, corrected or not. */
  threatClass: ClassId
  isCorrected: boolean
  reasoning: string
  /** Why the verdict is another than the judge's, if it is; and what is to be known of it. */
  remarks: string[]
  /** Verifiers of different opinion; both are shown. */
  isDisputed: boolean
  /** A false positive that a person is to look at all the same. */
  isSampled: boolean
}

export const DISMISSED_CONFIDENCE = 0.3
/** One in so many dismissed cases stays in the queue, so that the council's own mistakes are found. */
const SAMPLED_ONE_IN = 10
export const isSampledForReview = (incidentKey: string): boolean => hash32(incidentKey, 5) % SAMPLED_ONE_IN === 0

/** Null when no judge gave an opinion: then there is nothing to conclude from. */
export function aggregate(given: readonly GivenOpinion[], pack: EvidencePack): Conclusion | null {
  const judge = given.findLast(({ role, isBlind }) => role === 'judge' && !isBlind)
  if (!judge || judge.opinion.verdict === null) return null
  const { opinion } = judge
  const remarks: string[] = []
  const doubts: string[] = []
  let isDisputed = false
  let verdict: Verdict = opinion.verdict!
  if (!isGrounded(opinion)) doubts.push('No citation of the judge stands, so its verdict does not count.')
  if (verdict === 'FALSE_POSITIVE') {
    doubts.push(...whyNoAcquittal(judge, given, pack))
    const accusing = pack.scenarioHits.filter(({ threatClass }) => threatClass !== null && threatClass !== 0)
    if (accusing.length > 0) {
      isDisputed = true
      doubts.push(`Scenario rules say that it is an attack: ${accusing.map(({ title }) => title).join(', ')}.`)
    }
  }
  const intel = given.findLast(({ role }) => role === 'intel')
  if (intel && intel.opinion.verdict !== null && contradicts(intel.opinion.verdict, verdict)) {
    isDisputed = true
    doubts.push(
      `Verifiers disagree: the judge (${judge.verifier}) says ${verdict}, intelligence (${intel.verifier}) says ${intel.opinion.verdict}: ${intel.opinion.reasoning}`,
    )
  }
  if (doubts.length > 0) {
    if (verdict !== 'INVESTIGATE') remarks.push(`The judge said ${verdict}.`)
    verdict = 'INVESTIGATE'
  }
  remarks.push(...doubts)
  const { threatClass, confidence: ensemble } = pack.prediction
  const corrected = verdict === 'THREAT' && opinion.threatClass ? opinion.threatClass : threatClass
  if (corrected !== threatClass)
    remarks.push(`The class is corrected from ${classOf(threatClass).name} to ${classOf(corrected).name}.`)
  return {
    verdict,
    confidence:
      verdict === 'THREAT'
        ? Math.max(opinion.confidence, ensemble)
        : verdict === 'FALSE_POSITIVE'
          ? DISMISSED_CONFIDENCE
          : opinion.confidence,
    threatClass: corrected,
    isCorrected: corrected !== threatClass,
    reasoning: opinion.reasoning,
    remarks,
    isDisputed,
    isSampled: verdict === 'FALSE_POSITIVE' && isSampledForReview(pack.incidentKey),
  }
}

/**
 * An acquittal must not rest on what the accused wrote. So none counts while the evidence holds text that speaks to a
 * model, and one by a model counts only when the same model gives it again without having seen any such text.
 */
function whyNoAcquittal(judge: GivenOpinion, given: readonly GivenOpinion[], pack: EvidencePack): string[] {
  const why: string[] = []
  const [addressed] = pack.addressed
  if (addressed)
    why.push(`The evidence speaks to its reader (E${addressed.n}, ${addressed.field}): no harmless source does that.`)
  if (!judge.isRemote) return why
  const blind = given.find(({ role, isBlind }) => role === 'judge' && isBlind)
  if (!blind) why.push('The acquittal was not confirmed without the text that strangers wrote.')
  else if (blind.opinion.verdict !== 'FALSE_POSITIVE' || !isGrounded(blind.opinion))
    why.push(
      `Without the text that strangers wrote, the judge says ${blind.opinion.verdict ?? 'nothing'}: ${blind.opinion.reasoning}`,
    )
  return why
}

const contradicts = (one: Verdict, other: Verdict): boolean =>
  one !== other && one !== 'INVESTIGATE' && other !== 'INVESTIGATE'
