import { z } from 'zod'
import type { EpochMs } from '../time.ts'
import { Finding, type IntelAnswer } from './finding.ts'

/** What an incident keeps of threat intelligence: what was known of its source when it was last judged. */
export const KnownOfSource = z.object({
  findings: z.array(Finding),
  /** Sources that were asked, by name: with no finding of them they know nothing of the source. */
  asked: z.array(z.string()),
  /** Present time of the look-up. */
  at: z.number(),
})
export type KnownOfSource = z.infer<typeof KnownOfSource>

/** An incident keeps the surest of what is said: a source that is on fifty lists is no better known by the fiftieth. */
const MOST_FINDINGS = 24

export function knownOfSource({ findings, consulted }: IntelAnswer, at: EpochMs): KnownOfSource {
  const surest = [...findings].sort((a, b) => importance(b) - importance(a)).slice(0, MOST_FINDINGS)
  return { findings: surest, asked: [...new Set(consulted.map(({ source }) => source))], at }
}

/** Country and network first: there is one of each. */
const importance = ({ kind, score }: Finding): number =>
  kind === 'country' || kind === 'network' ? 2 : score === null ? 0.5 : score
