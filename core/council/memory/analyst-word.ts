import type { VerdictRow } from '../../incidents/analyst-verdict.ts'
import { CLASSES, type ClassId } from '../../taxonomy.ts'
import type { Verdict } from '../verifier.ts'
import type { AnalystWord } from './past-case.ts'

/**
 * What memory takes an analyst's verdict for. What was allowed is no attack, and no reason to acquit strangers who do the
 * same; what was taken back decides nothing either.
 */
const WORDS: Record<string, Verdict> = { true_positive: 'THREAT', false_positive: 'FALSE_POSITIVE' }

/** @param predicted class by the ensemble: a false positive's is that one */
export function analystWord({ verdict, label, actor, at }: VerdictRow, predicted: ClassId): AnalystWord {
  const word = WORDS[verdict ?? ''] ?? 'INVESTIGATE'
  const named = CLASSES.find(({ name }) => name === label)?.id ?? predicted
  return { verdict: word, threatClass: word === 'THREAT' ? named : predicted, who: actor, at }
}
