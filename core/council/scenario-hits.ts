import type { RuleHit } from '../rules/evaluate.ts'
import type { PackEvent, ScenarioHit } from './evidence-pack.ts'

/** Evidence numbers that a hit names: its first, its last and some between. */
const MOST_NAMED = 12

/**
 * The rules that match a case's evidence, for its pack. One entry a rule and group.
 * @param hits what the rules found in this evidence
 */
export function scenarioHits(hits: readonly RuleHit[], evidence: readonly PackEvent[]): ScenarioHit[] {
  return hits.map((hit) => ({
    rule: hit.rule.name,
    title: hit.rule.title,
    threatClass: hit.rule.explains === null ? hit.rule.threatClass : null,
    techniques: hit.rule.techniques,
    evidence: representative(hit).map((index) => evidence[index]!.n),
  }))
}

/** Indexes of at most MOST_NAMED of the hit's events, spread evenly, the first and the last among them. */
export function representative({ events }: RuleHit, most = MOST_NAMED): number[] {
  if (events.length <= most) return events
  return Array.from({ length: most }, (_, i) => events[Math.round((i * (events.length - 1)) / (most - 1))]!)
}
