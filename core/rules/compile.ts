import type { CanonicalEvent } from '../events/event.ts'
import { CLASSES } from '../taxonomy.ts'
import {
  type Bounds,
  type Bucket,
  counter,
  eventCount,
  leaky,
  temporal,
  temporalOrdered,
  valueCount,
} from './bucket.ts'
import { holds, knownOf, parseCondition } from './condition.ts'
import { type EventField, eventField } from './event-fields.ts'
import { pathText, RuleProblem, type RuleRefusal } from './refusal.ts'
import type { Rule, RuleSet, Step } from './rule.ts'
import { RuleFile } from './rule-file.ts'
import { compileSelection } from './selection.ts'

/** A rule as it was read from its file: parsed YAML, or why the YAML could not be read. */
export interface RuleSource {
  /** Name of its folder. */
  name: string
  /** Path from the root of the repository. */
  file: string
  content: unknown
  /** Set when the file is no YAML; `content` is null then. */
  unreadable?: string
}

/** The most rules of a set: what is over is refused by name. */
const MOST_RULES = 1000
/** How long a trigger's hit stays open: matches further apart are two hits. */
const TRIGGER_SPAN_MS = 3_600_000

/** Compiles a rule set. A rule that cannot be used is refused with its place; so is one that names it. Never throws. */
export function compileRules(sources: readonly RuleSource[]): RuleSet {
  const refusals: RuleRefusal[] = []
  const compiled = new Map<string, { rule: Rule; needs: string[]; file: string }>()
  const names = new Set(sources.map(({ name }) => name))
  for (const [i, source] of sources.entries()) {
    const refuse = (path: readonly PropertyKey[], why: string) =>
      refusals.push({ tag: 'rule-refused', file: source.file, path: pathText(path), why })
    if (i >= MOST_RULES) refuse([], `there are more than ${MOST_RULES} rules`)
    else if (source.unreadable !== undefined) refuse([], source.unreadable)
    else if (compiled.has(source.name)) refuse([], `two rules are named ${source.name}`)
    else {
      const parsed = RuleFile.safeParse(source.content)
      if (!parsed.success) {
        for (const issue of parsed.error.issues.slice(0, 5)) refuse(issue.path, issue.message)
        continue
      }
      try {
        compiled.set(source.name, { ...compileRule(source.name, parsed.data, names), file: source.file })
      } catch (error) {
        if (!(error instanceof RuleProblem)) throw error
        refuse(error.path, error.message)
      }
    }
  }
  return inOrder(compiled, refusals)
}

/** Each rule after those it names. What stands on a cycle, or names a refused rule, is refused. */
function inOrder(
  compiled: Map<string, { rule: Rule; needs: string[]; file: string }>,
  refusals: RuleRefusal[],
): RuleSet {
  const rules: Rule[] = []
  const state = new Map<string, 'open' | 'used' | 'refused'>()
  const visit = (name: string, trail: readonly string[]): boolean => {
    const known = state.get(name)
    if (known === 'used') return true
    const entry = compiled.get(name)
    if (known === 'refused' || !entry) return false
    if (known === 'open') return false
    state.set(name, 'open')
    const bad = entry.needs.find((need) => !visit(need, [...trail, name]))
    if (bad === undefined) {
      rules.push(entry.rule)
      state.set(name, 'used')
      return true
    }
    state.set(name, 'refused')
    const circle = [...trail, name].includes(bad)
    const why = circle
      ? `the rules name each other in a circle: ${[...trail.slice(Math.max(0, trail.indexOf(bad))), name, bad].join(' → ')}`
      : `${bad}, which it names, is refused`
    refusals.push({ tag: 'rule-refused', file: entry.file, path: 'correlation.rules', why })
    return false
  }
  for (const name of compiled.keys()) visit(name, [])
  return { rules, refusals }
}

function compileRule(name: string, file: RuleFile, ruleNames: ReadonlySet<string>): { rule: Rule; needs: string[] } {
  const { condition = null, ...maps } = file.detection ?? {}
  const selections = Object.entries(maps).map(([selection, map]) => ({
    name: selection,
    ...compileSelection(map as Parameters<typeof compileSelection>[0], ['detection', selection]),
  }))
  const byName = new Map(selections.map((selection) => [selection.name, selection]))
  const tree = condition === null ? null : parseCondition(condition, [...byName.keys()])
  const needs: string[] = []
  const detects: Step = {
    name: 'detection',
    match: (event) => tree !== null && holds(tree, (selection) => byName.get(selection)!.match(event)),
    known: (event) => (tree === null ? false : knownOf(tree, (selection) => byName.get(selection)!.known(event))),
  }
  const step = (wanted: string, at: readonly PropertyKey[]): Step => {
    if (wanted === 'detection') return detects
    const selection = byName.get(wanted)
    if (selection) return selection
    if (!ruleNames.has(wanted)) throw new RuleProblem(at, `${wanted} is neither a selection of this rule nor a rule`)
    needs.push(wanted)
    return {
      name: wanted,
      match: (_event, fired) => fired.has(wanted),
      known: (_event, mayFire) => (mayFire.has(wanted) ? null : false),
    }
  }
  const { correlation } = file
  const steps = correlation?.rules
    ? correlation.rules.map((wanted, i) => step(wanted, ['correlation', 'rules', i]))
    : [detects]
  const unless = (file.unless ?? []).map((wanted, i) => step(wanted, ['unless', i]))
  const counted = file.distinct ?? correlation?.condition?.field
  const counting =
    counted === undefined ? null : fieldOf(counted, correlation ? ['correlation', 'condition'] : ['distinct'])
  const groupBy = (correlation?.['group-by'] ?? file.groupby ?? ['src_ip']).map((key) => ({
    name: key,
    of: fieldOf(key, [correlation ? 'correlation.group-by' : 'groupby']).of,
  }))
  const rule: Rule = {
    name,
    id: file.id,
    title: file.title,
    description: file.description,
    level: file.level,
    status: file.status,
    threatClass: CLASSES.find((one) => one.name === file.class)!.id,
    explains: file.explains ?? null,
    falsepositives: file.falsepositives,
    references: file.references,
    techniques: file.tags.flatMap((tag) => /^attack\.(t\d.*)$/.exec(tag)?.[1]?.toUpperCase() ?? []),
    form: correlation?.type ?? file.type ?? 'trigger',
    groupBy,
    steps,
    unless,
    selections,
    condition,
    valueOf: counting && ((event: CanonicalEvent) => counting.of(event)),
    ...bucketOf(file, steps.length),
  }
  return { rule, needs }
}

function fieldOf(name: string, at: readonly PropertyKey[]): EventField {
  const field = eventField(name)
  if (typeof field === 'string') throw new RuleProblem(at, field)
  return field
}

/** What adds the events of one group up. The file's own rules have seen to it that the keys of its form are there. */
function bucketOf(file: RuleFile, steps: number): { spanMs: number; bucket: () => Bucket } {
  const { correlation, capacity = -1, leakspeed = 1, duration = 1 } = file
  const isDistinct = file.distinct !== undefined
  if (correlation) {
    const spanMs = correlation.timespan
    switch (correlation.type) {
      case 'event_count': {
        const bounds = boundsOf(correlation.condition!)
        return { spanMs, bucket: () => eventCount(bounds, spanMs, file.jitter ?? null) }
      }
      case 'value_count': {
        const bounds = boundsOf(correlation.condition!)
        return { spanMs, bucket: () => valueCount(bounds, spanMs) }
      }
      case 'temporal':
        return { spanMs, bucket: () => temporal(steps, spanMs) }
      case 'temporal_ordered':
        return { spanMs, bucket: () => temporalOrdered(steps, spanMs) }
    }
  }
  switch (file.type) {
    case 'leaky':
      return { spanMs: (capacity + 1) * leakspeed, bucket: () => leaky(capacity, leakspeed, isDistinct) }
    case 'counter':
      return { spanMs: duration, bucket: () => counter(capacity, duration, isDistinct) }
    default:
      return { spanMs: TRIGGER_SPAN_MS, bucket: () => eventCount({ least: 1, most: Infinity }, TRIGGER_SPAN_MS, null) }
  }
}

function boundsOf(condition: { gt?: number; gte?: number; lt?: number; lte?: number; eq?: number } & object): Bounds {
  const { gt, gte, lt, lte, eq } = condition
  const least = Math.max(1, eq ?? 0, gte ?? 0, gt === undefined ? 0 : gt + 1)
  const most = Math.min(eq ?? Infinity, lte ?? Infinity, lt === undefined ? Infinity : lt - 1)
  if (most < least)
    throw new RuleProblem(['correlation', 'condition'], `no count is ${least} or more and ${most} or less`)
  return { least, most }
}
