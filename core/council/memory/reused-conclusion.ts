import { classOf } from '../../taxonomy.ts'
import { type Conclusion, DISMISSED_CONFIDENCE, isSampledForReview } from '../aggregate.ts'
import type { EvidencePack } from '../evidence-pack.ts'
import type { Reuse } from './past-case.ts'

/** The cases that a reused verdict rests on, by their incidents' numbers. */
export const caseNumbers = ({ cases }: Reuse): string =>
  `cases ${cases.map(({ incidentId }) => `#${incidentId}`).join(', ')}`

/** What a case comes to by past cases alone. */
export function reusedConclusion(reuse: Reuse, pack: EvidencePack): Conclusion {
  const { verdict, threatClass, cases, agreeing } = reuse
  const { threatClass: given, confidence: ensemble } = pack.prediction
  const isCorrected = verdict === 'THREAT' && threatClass !== given
  const least = Math.min(...cases.map(({ similarity }) => similarity))
  return {
    verdict,
    confidence: verdict === 'THREAT' ? Math.max(reuse.confidence, ensemble) : DISMISSED_CONFIDENCE,
    threatClass: isCorrected ? threatClass : given,
    isCorrected,
    reasoning: `Reused from ${caseNumbers(reuse)}: ${agreeing} past cases of the same class agree, and those named are similar by ${least.toFixed(4)} and more. Nobody was asked.`,
    remarks: isCorrected
      ? [`The class is corrected from ${classOf(given).name} to ${classOf(threatClass).name}, as theirs was.`]
      : [],
    isDisputed: false,
    isSampled: verdict === 'FALSE_POSITIVE' && isSampledForReview(pack.incidentKey),
  }
}
