import type { CanonicalEvent } from '../events/event.ts'
import type { ClassId } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import { evaluateRules } from './evaluate.ts'
import { representative } from './representative.ts'
import type { RuleSet } from './rule.ts'
import { type BenignExplanation, LEVELS, type RuleFile } from './rule-file.ts'

/** A rule that matched an incident's evidence, as it is stored beside the features that moved the ensemble. */
export interface RuleIndicator {
  rule: string
  title: string
  level: RuleFile['level']
  threat_class: ClassId
  /** What the traffic is instead of an attack; null for a rule that finds one. */
  explains: BenignExplanation | null
  techniques: string[]
  /** The group that it matched: field and value, cut. No password. */
  group: Record<string, string | number>
  /** Groups of this rule that matched; the indicator tells of the one with most events. */
  groups: number
  /** Events of the evidence that it rests on, and the event times of the first and the last. */
  count: number
  first_seen: EpochMs
  last_seen: EpochMs
  /** Evidence numbers of some of them, at most twelve. */
  evidence: number[]
}

/** An event under its number in an incident's evidence. */
export interface NumberedEvent {
  n: number
  event: CanonicalEvent
}

/** Evidence looked at: an incident keeps no more. */
export const MOST_EVENTS = 500
const MOST_INDICATORS = 10
const MOST_VALUE = 200

/**
 * The rules that match an incident's evidence, weightiest first and attacks before explanations, one for each rule and at
 * most ten. Depends on the numbered events only, so it is the same however they came to be kept. Costs some milliseconds.
 */
export function ruleIndicators(set: RuleSet, evidence: readonly NumberedEvent[]): RuleIndicator[] {
  const looked = evidence.slice(0, MOST_EVENTS)
  const strongest = new Map<string, RuleIndicator>()
  const hits = evaluateRules(
    set,
    looked.map(({ event }) => event),
  )
  for (const hit of hits) {
    const { name, title, level, threatClass, explains, techniques } = hit.rule
    const known = strongest.get(name)
    const groups = (known?.groups ?? 0) + 1
    if (known && known.count >= hit.count) known.groups = groups
    else
      strongest.set(name, {
        rule: name,
        title,
        level,
        threat_class: threatClass,
        explains,
        techniques,
        group: shownGroup(hit.group),
        groups,
        count: hit.count,
        first_seen: hit.first,
        last_seen: hit.last,
        evidence: representative(hit).map((index) => looked[index]!.n),
      })
  }
  return [...strongest.values()]
    .sort(
      (a, b) =>
        Number(a.explains !== null) - Number(b.explains !== null) ||
        LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level) ||
        b.count - a.count ||
        (a.rule < b.rule ? -1 : 1),
    )
    .slice(0, MOST_INDICATORS)
}

/** A viewer sees indicators, but no password that was tried. */
const shownGroup = (group: Record<string, string | number>): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(group)
      .filter(([field]) => field !== 'password')
      .map(([field, value]) => [field, typeof value === 'string' ? value.slice(0, MOST_VALUE) : value]),
  )
