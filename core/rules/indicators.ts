import type { CanonicalEvent } from '../events/event.ts'
import type { ClassId } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import { evaluateRules } from './evaluate.ts'
import type { RuleSet } from './rule.ts'
import type { BenignExplanation, RuleFile } from './rule-file.ts'

/** A rule that matched a window, as it stands beside the features that moved the ensemble. */
export interface RuleIndicator {
  rule: string
  title: string
  level: RuleFile['level']
  threatClass: ClassId
  /** What the traffic is instead of an attack; null for a rule that finds one. */
  explains: BenignExplanation | null
  techniques: string[]
  /** The group that it matched: field and value. */
  group: Record<string, string | number>
  /** Events of the list that it rests on, and the event times of the first and the last. */
  count: number
  first: EpochMs
  last: EpochMs
}

/** Events looked at: more would cost a partition more time than a judgement may take. */
export const MOST_EVENTS = 500
const MOST_INDICATORS = 10
const LEVELS: readonly RuleFile['level'][] = ['critical', 'high', 'medium', 'low', 'informational']

/**
 * The rules that match a source's events, weightiest first, one for each rule and at most ten. Looks at the last 500
 * events of the list; costs some milliseconds.
 * @param events of one source, in order of event time
 */
export function ruleIndicators(set: RuleSet, events: readonly CanonicalEvent[]): RuleIndicator[] {
  const strongest = new Map<string, RuleIndicator>()
  for (const { rule, group, count, first, last } of evaluateRules(set, events.slice(-MOST_EVENTS))) {
    const known = strongest.get(rule.name)
    if (known && known.count >= count) continue
    const { name, title, level, threatClass, explains, techniques } = rule
    strongest.set(name, { rule: name, title, level, threatClass, explains, techniques, group, count, first, last })
  }
  return [...strongest.values()]
    .sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || b.count - a.count)
    .slice(0, MOST_INDICATORS)
}
