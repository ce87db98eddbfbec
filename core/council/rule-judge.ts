import type { CanonicalEvent } from '../events/event.ts'
import { ok } from '../result.ts'
import { durationText } from '../rules/duration.ts'
import { explainRules, type NearMiss, type RuleHit } from '../rules/evaluate.ts'
import { EVENT_FIELDS } from '../rules/event-fields.ts'
import { type Judgement, judgeByRules } from '../rules/judgement.ts'
import { representative } from '../rules/representative.ts'
import type { RuleSet } from '../rules/rule.ts'
import { classOf } from '../taxonomy.ts'
import type { PackEvent } from './evidence-pack.ts'
import type { Citation, Opinion, StatedFact, Verifier } from './verifier.ts'

/**
 * The judge that needs no key and no network: scenario rules over the case's kept evidence. It sees the evidence as
 * values, so that no text in it can speak to it.
 * @param rules asked for when a case is judged, so that compiling them costs nothing at start
 * @param hitsOf what they find in an evidence: the case's pack tells the same hits
 */
export const ruleJudge = (rules: () => RuleSet, hitsOf: (evidence: readonly PackEvent[]) => RuleHit[]): Verifier => ({
  name: 'rules',
  roles: ['judge'],
  isRemote: false,
  async ask({ pack, evidence }) {
    const set = rules()
    const events = evidence.map(({ event }) => event)
    const judgement = judgeByRules(hitsOf(evidence), events, pack.prediction.threatClass)
    const near = judgement.accusing.length + judgement.explaining.length > 0 ? [] : explainRules(set, events).near
    return ok({
      opinion: opinionOf(judgement, near, evidence, pack.counts.seen),
      model: `${set.rules.length} scenario rules`,
      usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
      prompt: '',
      answer: '',
      calls: 0,
    })
  },
})

const MOST_HITS_TOLD = 6
const CITED_OF_A_HIT = 3

function opinionOf(
  judgement: Judgement,
  near: readonly NearMiss[],
  evidence: readonly PackEvent[],
  seen: number,
): Opinion {
  const told = [...judgement.accusing, ...judgement.explaining].slice(0, MOST_HITS_TOLD)
  return {
    verdict: judgement.verdict,
    threatClass: judgement.verdict === 'THREAT' ? judgement.threatClass : null,
    confidence: judgement.confidence,
    reasoning: [
      conclusion(judgement),
      ...told.map((hit) => hitText(hit, evidence)),
      ...closest(near, evidence),
      evidence.length < seen ? `The rules saw the ${evidence.length} events that are kept of ${seen}.` : '',
    ]
      .filter((part) => part !== '')
      .join(' '),
    citations: told.flatMap((hit) => citationsOf(hit, evidence)),
    actions: [],
    more: null,
  }
}

function conclusion({ verdict, threatClass, accusing, explaining, explained }: Judgement): string {
  const share = `${Math.round(explained * 100)} % of the events`
  if (verdict === 'THREAT') {
    const rest = accusing.length > 1 ? ` ${accusing.length} findings of rules speak for it.` : ''
    return `The rules see ${classOf(threatClass!).name}.${rest}`
  }
  if (verdict === 'FALSE_POSITIVE') {
    const what = [...new Set(explaining.map(({ rule }) => rule.explains))].join(', ')
    return `No rule finds an attack, and ${share} are explained as harmless (${what}).`
  }
  if (threatClass !== null && explaining.length > 0) {
    return `Rules find ${classOf(threatClass).name}, others explain ${share} as harmless; a person should decide.`
  }
  if (threatClass !== null)
    return `A rule points to ${classOf(threatClass).name}, but not strongly enough to decide by itself.`
  if (explaining.length > 0) {
    return `No rule finds an attack, and ${share} look harmless; that does not rule out what the ensemble suspects.`
  }
  return 'No rule finds an attack, and none explains the traffic as harmless.'
}

function hitText({ rule, group, count, first, last, events }: RuleHit, evidence: readonly PackEvent[]): string {
  const of = Object.entries(group)
    .map(([field, value]) => `${field} ${value}`)
    .join(', ')
  const within = last > first ? ` within ${durationText(last - first)}` : ''
  const numbers = [...new Set([events[0]!, events.at(-1)!])].map((index) => `E${evidence[index]!.n}`).join(' to ')
  return `${rule.title} (${rule.name}, ${rule.level}): ${count} ${count === 1 ? 'event' : 'events'}${within}${of && ` of ${of}`}, ${numbers}.`
}

function closest([best]: readonly NearMiss[], evidence: readonly PackEvent[]): string[] {
  if (!best) return []
  const at = best.events[0] === undefined ? '' : ` (E${evidence[best.events[0]]!.n})`
  return [`Closest came "${best.rule.title}": ${best.why}${at}.`]
}

function citationsOf(hit: RuleHit, evidence: readonly PackEvent[]): Citation[] {
  return representative(hit, CITED_OF_A_HIT).map((index) => {
    const { n, event } = evidence[index]!
    return { evidence: n, says: `${hit.rule.title}: ${event.event_type}`, facts: factsOf(hit, event) }
  })
}

/** Fields that tell most of an event, those first that name what was done. */
const TELLING = [
  'username',
  'http.path',
  'command',
  'url',
  'dns.query',
  'alert.signature',
  'process.command_line',
  'dst_ip',
  'dst_port',
  'tcp_state',
]
const MOST_FACTS = 3
/** A longer value would make a citation unreadable; the event itself shows it whole. */
const LONGEST_FACT = 200

/** Values of the cited event that anybody can check: its group's first, then what tells most. */
function factsOf({ rule }: RuleHit, event: CanonicalEvent): StatedFact[] {
  const grouped = rule.groupBy.map(({ name }) => name)
  const facts: StatedFact[] = []
  for (const field of [...grouped, ...TELLING]) {
    if (facts.length >= MOST_FACTS) break
    // Read from other fields, so not to be found in the event.
    if (DERIVED.has(field) || facts.some((fact) => fact.field === field)) continue
    const value = EVENT_FIELDS.get(field)?.of(event)
    if (value !== undefined && String(value).length <= LONGEST_FACT) facts.push({ field, value: String(value) })
  }
  return facts
}
const DERIVED = new Set(['event_kind', 'src_scope', 'dst_scope', 'dns.parent', 'http.decoded_path'])
