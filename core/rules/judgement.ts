import type { CanonicalEvent } from '../events/event.ts'
import type { ClassId } from '../taxonomy.ts'
import type { RuleHit } from './evaluate.ts'
import type { BenignExplanation, RuleFile } from './rule-file.ts'

/** What the rules alone make of a source's events. */
export interface Judgement {
  verdict: 'THREAT' | 'FALSE_POSITIVE' | 'INVESTIGATE'
  /** Of an attack; null where no rule finds one. */
  threatClass: ClassId | null
  /** 0..1, of the verdict. Set by hand from the rules' levels, not measured. */
  confidence: number
  /** Hits of rules that find attacks, the weightiest first; and of those that explain the traffic as harmless. */
  accusing: RuleHit[]
  explaining: RuleHit[]
  /** Share of the events that explanations account for, 0..1. */
  explained: number
}

/** How far a rule's word goes, by its level. */
const WEIGHTS: Record<RuleFile['level'], number> = {
  informational: 0.3,
  low: 0.4,
  medium: 0.6,
  high: 0.8,
  critical: 0.9,
}
/** A rule that is still on trial counts for so much less. */
const ON_TRIAL = 0.1
/** Every further rule of the same class adds so much, up to MOST_SURE. */
const FURTHER = 0.04
const MOST_SURE = 0.97
/** From here on the rules alone call it an attack. */
const THREAT_FROM = 0.7
/** What the ensemble's agreement on the class adds. */
const AGREEMENT = 0.12
/** An explanation must account for this share of the events. */
const EXPLAINED_FROM = 0.8

/**
 * Which classes an explanation speaks against. Ordinary use does not rule out malware or an intruder: both hide in it.
 */
const REBUTS: Record<BenignExplanation, readonly ClassId[]> = {
  crawler: [0, 1, 2, 4],
  monitoring: [0, 1, 2, 3, 5],
  backup: [0, 1, 6],
  mistyping: [0, 3],
  'own scanner': [0, 2, 4],
  'ordinary use': [0, 1, 2, 3, 4],
}

/**
 * Judges a source's events by rules. Attacks weigh more than explanations: what an attacker can imitate (a user agent,
 * a pause) never acquits him of what he did.
 * @param hits what the rules found in the events
 * @param ensemble the class that the ensemble thinks likeliest
 */
export function judgeByRules(
  hits: readonly RuleHit[],
  events: readonly CanonicalEvent[],
  ensemble: ClassId,
): Judgement {
  const accusing = hits
    .filter(({ rule }) => rule.explains === null && rule.threatClass !== 0)
    .sort((a, b) => weightOf(b) - weightOf(a) || b.count - a.count)
  const explaining = hits.filter(({ rule }) => rule.explains !== null)
  const explained = events.length === 0 ? 0 : new Set(explaining.flatMap((hit) => hit.events)).size / events.length
  const base = { accusing, explaining, explained }
  if (accusing.length > 0) {
    const threatClass = classOfHits(accusing)
    const same = new Map(
      accusing.filter((hit) => hit.rule.threatClass === threatClass).map((hit) => [hit.rule.name, hit]),
    )
    const strongest = Math.max(...[...same.values()].map(weightOf))
    const agreed = threatClass === ensemble ? AGREEMENT : 0
    const confidence = Math.min(MOST_SURE, strongest + (same.size - 1) * FURTHER + agreed)
    const isOwnScanner = explaining.some(({ rule }) => rule.explains === 'own scanner') && explained >= EXPLAINED_FROM
    const isThreat = confidence >= THREAT_FROM && !isOwnScanner
    return {
      verdict: isThreat ? 'THREAT' : 'INVESTIGATE',
      threatClass,
      confidence: isThreat ? confidence : 0.5,
      ...base,
    }
  }
  const rebutting = explaining.filter(({ rule }) => REBUTS[rule.explains!].includes(ensemble))
  if (shareOf(rebutting, events.length) >= EXPLAINED_FROM) {
    return { verdict: 'FALSE_POSITIVE', threatClass: null, confidence: 0.5 + 0.4 * explained, ...base }
  }
  return { verdict: 'INVESTIGATE', threatClass: null, confidence: 0.5, ...base }
}

const shareOf = (hits: readonly RuleHit[], events: number): number =>
  events === 0 ? 0 : new Set(hits.flatMap((hit) => hit.events)).size / events

const weightOf = ({ rule }: RuleHit): number => WEIGHTS[rule.level] - (rule.status === 'experimental' ? ON_TRIAL : 0)

/** The most advanced stage that a weighty rule found, and volume before all (taxonomy). */
function classOfHits(accusing: readonly RuleHit[]): ClassId {
  const weighty = accusing.filter((hit) => weightOf(hit) >= WEIGHTS.medium)
  const counted = weighty.length > 0 ? weighty : accusing.slice(0, 1)
  if (counted.some((hit) => hit.rule.threatClass === 1 && weightOf(hit) >= WEIGHTS.high)) return 1
  return Math.max(...counted.map((hit) => hit.rule.threatClass)) as ClassId
}
