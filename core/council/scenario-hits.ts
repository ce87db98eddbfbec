import type { RuleHit } from '../rules/evaluate.ts'
import { representative } from '../rules/representative.ts'
import type { PackEvent, ScenarioHit } from './evidence-pack.ts'

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
