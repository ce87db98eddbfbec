import type { CanonicalEvent } from '../events/event.ts'
import type { EpochMs } from '../time.ts'
import { type Bucket, HELD } from './bucket.ts'
import type { Rule, RuleSet } from './rule.ts'
import { indexOf, type RuleIndex } from './rule-index.ts'

/** A rule's threshold was reached for one group. */
export interface RuleHit {
  rule: Rule
  /** The group's fields and values; empty for a rule without `groupby`. */
  group: Record<string, string | number>
  /** Event times of the first and the last event that it rests on. */
  first: EpochMs
  last: EpochMs
  /** Events that it rests on: those that reached the threshold, and what followed while it held. */
  count: number
  /** Their indexes into the list that was evaluated, in order of time. */
  events: number[]
}

/** A rule that came close to a hit, and why it is none. */
export interface NearMiss {
  rule: Rule
  group: Record<string, string | number>
  /** 0..1: how far it came. */
  share: number
  why: string
  /** Indexes of events that spoke for it, at most 1,000. */
  events: number[]
}

export interface Evaluation {
  hits: RuleHit[]
  near: NearMiss[]
}

/** Groups that a rule follows at a time; the one that began first is let go. */
const MOST_GROUPS = 2000
/** Hits kept of one rule. */
const MOST_HITS = 50

interface Group {
  key: Record<string, string | number>
  bucket: Bucket
  /** Of this group; the last may still be open. */
  hits: RuleHit[]
  /** Poured since the last hit's last event: added to it when it goes on. */
  since: number[]
  poured: number[]
  unless: { index: number; ts: EpochMs; name: string }[]
}

/**
 * Runs all rules over a source's events. Pure; the time it takes grows with events × the rules that their shapes could
 * move (rule-index.ts), its memory with the rules.
 * @param events any order; taken in order of event time
 * @param index the set's own; with any other that leaves out nothing that could match, the hits are the same
 */
export const evaluateRules = (
  set: RuleSet,
  events: readonly CanonicalEvent[],
  index: Pick<RuleIndex, 'candidates'> = indexOf(set),
): RuleHit[] => run(set, events, false, index).hits

/** The same, with what came close: for who writes a rule or asks why one said nothing. */
export const explainRules = (set: RuleSet, events: readonly CanonicalEvent[]): Evaluation =>
  run(set, events, true, indexOf(set))

function run(
  { rules }: RuleSet,
  events: readonly CanonicalEvent[],
  wantsNear: boolean,
  index: Pick<RuleIndex, 'candidates'>,
): Evaluation {
  const order = events.map((_, i) => i).sort((a, b) => events[a]!.ts - events[b]!.ts || a - b)
  const place = new Map(order.map((at, i) => [at, i]))
  const runs = rules.map((rule) => ({ rule, groups: new Map<string, Group>() }))
  for (const at of order) {
    const event = events[at]!
    const fired = new Set<string>()
    for (const candidate of index.candidates(event)) {
      const { rule, groups } = runs[candidate]!
      if (step(rule, groups, event, at, events, fired)) fired.add(rule.name)
    }
  }
  const results = runs.map(({ rule, groups }) => resultsOf(rule, [...groups.values()], wantsNear ? events : []))
  return {
    hits: results
      .flatMap(({ hits }) => hits)
      .sort((a, b) => a.first - b.first || place.get(a.events[0]!)! - place.get(b.events[0]!)!),
    near: results.flatMap(({ near }) => near).sort((a, b) => b.share - a.share),
  }
}

function step(
  rule: Rule,
  groups: Map<string, Group>,
  event: CanonicalEvent,
  index: number,
  events: readonly CanonicalEvent[],
  fired: ReadonlySet<string>,
): boolean {
  let group: Group | null | undefined
  let reached = false
  // From the last step to the first, so that one event never serves two steps of a sequence.
  for (let i = rule.steps.length - 1; i >= 0; i--) {
    if (!rule.steps[i]!.match(event, fired)) continue
    group ??= groupOf(rule, groups, event)
    if (group === null) return false
    if (pour(rule, group, event, index, i, events)) reached = true
  }
  for (const unless of rule.unless) {
    if (!unless.match(event, fired)) continue
    group ??= groupOf(rule, groups, event)
    if (group === null) break
    if (group.unless.length >= HELD) group.unless.splice(1, 1)
    group.unless.push({ index, ts: event.ts, name: unless.name })
  }
  return reached
}

/** Null when the event lacks a field that the rule groups by: it belongs to no group then. */
function groupOf(rule: Rule, groups: Map<string, Group>, event: CanonicalEvent): Group | null {
  const key: Record<string, string | number> = {}
  let text = ''
  for (const { name, of } of rule.groupBy) {
    const value = of(event)
    if (value === undefined) return null
    key[name] = value
    text += `${value}\n`
  }
  const known = groups.get(text)
  if (known) return known
  if (groups.size >= MOST_GROUPS) groups.delete(groups.keys().next().value!)
  const group: Group = { key, bucket: rule.bucket(), hits: [], since: [], poured: [], unless: [] }
  groups.set(text, group)
  return group
}

function pour(
  rule: Rule,
  group: Group,
  event: CanonicalEvent,
  index: number,
  at: number,
  events: readonly CanonicalEvent[],
): boolean {
  if (group.poured.length < HELD && group.poured.at(-1) !== index) group.poured.push(index)
  const reached = group.bucket.pour(index, event.ts, at, rule.valueOf?.(event))
  const open = group.hits.at(-1)
  const isOpen = open !== undefined && event.ts - open.last <= rule.spanMs
  if (!isOpen) group.since = []
  else if (open.events.at(-1) !== index && group.since.at(-1) !== index) group.since.push(index)
  if (!reached) return false
  if (isOpen) {
    open.last = event.ts
    open.events.push(...group.since)
    open.count = open.events.length
  } else if (group.hits.length < MOST_HITS) {
    const held = group.bucket.held()
    const first = Math.min(...held.map((one) => events[one]!.ts))
    group.hits.push({ rule, group: group.key, first, last: event.ts, count: held.length, events: [...held] })
  }
  group.since = []
  return true
}

function resultsOf(rule: Rule, groups: readonly Group[], events: readonly CanonicalEvent[]): Evaluation {
  const hits: RuleHit[] = []
  const near: NearMiss[] = []
  for (const group of groups) {
    const { reached, needed, what } = group.bucket.best()
    const miss = (share: number, why: string, cited: number[]) =>
      near.push({ rule, group: group.key, share, why, events: cited })
    if (group.bucket.isOver()) {
      miss(1, `more than it allows: ${reached} ${what}`, group.poured)
      continue
    }
    for (const hit of group.hits) {
      const against = group.unless.find(({ ts }) => ts >= hit.first - rule.spanMs && ts <= hit.last + rule.spanMs)
      if (!against) hits.push(hit)
      else miss(1, `all was there, but so was ${against.name}, which it excludes`, [...hit.events, against.index])
    }
    if (group.hits.length === 0 && group.poured.length > 0)
      miss(Math.min(reached / needed, 0.99), `${reached} of ${needed} ${what}`, group.poured)
  }
  if (groups.length === 0) near.push(...conditionMiss(rule, events))
  return { hits: hits.slice(0, MOST_HITS), near: near.sort((a, b) => b.share - a.share).slice(0, 3) }
}

/** No event satisfied the condition: the selections that some event did satisfy, and those that kept it out. */
function conditionMiss(rule: Rule, events: readonly CanonicalEvent[]): NearMiss[] {
  if (rule.condition === null || rule.selections.length < 2) return []
  let best: { index: number; met: string[] } | null = null
  for (const [index, event] of events.entries()) {
    const met = rule.selections.filter(({ match }) => match(event)).map(({ name }) => name)
    if (met.length > (best?.met.length ?? 0)) best = { index, met }
  }
  if (!best) return []
  const unmet = rule.selections.map(({ name }) => name).filter((name) => !best.met.includes(name))
  const rest = unmet.length > 0 ? `, not ${unmet.join(', ')}` : ''
  const why = `${best.met.join(', ')} matched${rest}, but the condition "${rule.condition}" did not hold`
  return [{ rule, group: {}, share: (best.met.length / rule.selections.length) * 0.5, why, events: [best.index] }]
}
