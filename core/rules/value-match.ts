import ipaddr from 'ipaddr.js'
import { withinRanges } from '../events/source-ranges.ts'
import { type EventField, eventField } from './event-fields.ts'
import { linearPattern, type Pattern, quoted } from './linear-pattern.ts'
import { RuleProblem } from './refusal.ts'

export type FieldValue = string | number | undefined
export type ValueMatch = (value: FieldValue) => boolean

/** One line of a selection, `field|modifier: values` (Sigma, "Field modifiers"). */
export interface FieldMatch {
  name: string
  field: EventField
  match: ValueMatch
  /** Selections ask the cheap ones first. */
  cost: number
}

export type RuleValue = string | number | boolean | null

const COMPARISONS: Record<string, (value: number, bound: number) => boolean> = {
  gt: (value, bound) => value > bound,
  gte: (value, bound) => value >= bound,
  lt: (value, bound) => value < bound,
  lte: (value, bound) => value <= bound,
}
const TEXT_MODIFIERS = ['contains', 'startswith', 'endswith'] as const
type Place = (typeof TEXT_MODIFIERS)[number] | 'whole'
const KNOWN = [...TEXT_MODIFIERS, 're', 'i', 'all', 'cased', 'cidr', 'exists', ...Object.keys(COMPARISONS)]

/** @param key `http.path|contains|all` */
export function fieldMatch(key: string, values: readonly RuleValue[], at: readonly PropertyKey[]): FieldMatch {
  const [name = '', ...modifiers] = key.split('|')
  const field = eventField(name)
  if (typeof field === 'string') throw new RuleProblem(at, field)
  const unknown = modifiers.find((modifier) => !KNOWN.includes(modifier))
  if (unknown !== undefined) throw new RuleProblem(at, `${unknown} is no modifier (${KNOWN.join(', ')})`)
  const has = (modifier: string) => modifiers.includes(modifier)
  const kinds = modifiers.filter((modifier) => !['all', 'i', 'cased'].includes(modifier))
  if (kinds.length > 1) throw new RuleProblem(at, `${kinds.join(' and ')} cannot be combined`)
  if (has('i') && !has('re'))
    throw new RuleProblem(at, '"i" belongs to "re"; other text is compared without case anyway')
  const kind = kinds[0] ?? 'whole'
  const cost = values.length * (kind === 're' ? 100 : kind === 'whole' ? 1 : 5)
  const textual = kind === 'whole' || TEXT_MODIFIERS.some((modifier) => modifier === kind)
  if (textual) return { name, field, match: textMatch(kind as Place, values, has('all'), has('cased'), at), cost }
  if (kind === 're') return { name, field, match: patternMatch(values, has('all'), has('i'), at), cost }
  const matches = values.map(singleMatch(kind, field, at))
  return {
    name,
    field,
    match: (value) => (has('all') ? matches.every((one) => one(value)) : matches.some((one) => one(value))),
    cost,
  }
}

function singleMatch(kind: string, field: EventField, at: readonly PropertyKey[]): (wanted: RuleValue) => ValueMatch {
  if (kind === 'cidr') return (wanted) => cidrMatch(wanted, field, at)
  if (kind === 'exists') {
    return (wanted) => {
      if (typeof wanted !== 'boolean') throw new RuleProblem(at, 'exists needs true or false')
      return (value) => (value !== undefined) === wanted
    }
  }
  const compare = COMPARISONS[kind]!
  if (field.kind !== 'number') throw new RuleProblem(at, `${kind} needs a field that is a number`)
  return (wanted) => {
    if (typeof wanted !== 'number') throw new RuleProblem(at, `${kind} needs a number, not ${JSON.stringify(wanted)}`)
    return (value) => typeof value === 'number' && compare(value, wanted)
  }
}

function cidrMatch(wanted: RuleValue, field: EventField, at: readonly PropertyKey[]): ValueMatch {
  if (field.kind !== 'address') throw new RuleProblem(at, 'cidr needs a field that is an address')
  if (typeof wanted !== 'string' || !ipaddr.isValidCIDR(wanted)) {
    throw new RuleProblem(at, `${JSON.stringify(wanted)} is no network in CIDR form`)
  }
  const within = withinRanges([wanted])
  return (value) => typeof value === 'string' && within(value)
}

const textOf = (wanted: RuleValue, at: readonly PropertyKey[]): string => {
  if (typeof wanted === 'string' || typeof wanted === 'number') return String(wanted)
  throw new RuleProblem(at, `expected text, not ${JSON.stringify(wanted)}`)
}

/** All patterns in one, so that a text is read once however many there are. */
function patternMatch(
  values: readonly RuleValue[],
  all: boolean,
  ignoreCase: boolean,
  at: readonly PropertyKey[],
): ValueMatch {
  const sources = values.map((value) => textOf(value, at))
  const compiled = (source: string): Pattern => {
    const pattern = linearPattern(source, ignoreCase)
    if (!pattern.ok) throw new RuleProblem(at, `the pattern ${pattern.error}`)
    return pattern.value
  }
  const each = sources.map(compiled)
  if (all) return (value) => value !== undefined && each.every((matches) => matches(String(value)))
  const joined = linearPattern(sources.map((source) => `(?:${source})`).join('|'), ignoreCase)
  const any = each.length === 1 ? each : joined.ok ? [joined.value] : each
  return (value) => value !== undefined && any.some((matches) => matches(String(value)))
}

/** One text of a selection, held against a field's value as text, folded to lower case unless cased. */
type TextTest = (value: FieldValue, folded: string) => boolean

/** Text in Sigma's form: without case unless `cased`, `*` and `?` as wildcards, a backslash before one makes it literal. */
function textMatch(
  place: Place,
  values: readonly RuleValue[],
  all: boolean,
  cased: boolean,
  at: readonly PropertyKey[],
): ValueMatch {
  const tests = values.map((wanted) => textTest(place, wanted, cased, at))
  return (value) => {
    const folded = value === undefined ? '' : cased ? String(value) : String(value).toLowerCase()
    return all ? tests.every((test) => test(value, folded)) : tests.some((test) => test(value, folded))
  }
}

function textTest(place: Place, wanted: RuleValue, cased: boolean, at: readonly PropertyKey[]): TextTest {
  if (place === 'whole' && wanted === null) return (value) => value === undefined
  if (place === 'whole' && typeof wanted === 'number') return (value) => value === wanted
  const text = textOf(wanted, at)
  if (/(?:^|[^\\])[*?]/.test(text)) return wildcardTest(place, text, cased, at)
  const literal = text.replace(/\\([*?\\])/g, '$1')
  const needle = cased ? literal : literal.toLowerCase()
  switch (place) {
    case 'whole':
      return (value, folded) => value !== undefined && folded === needle
    case 'contains':
      return (value, folded) => value !== undefined && folded.includes(needle)
    case 'startswith':
      return (value, folded) => value !== undefined && folded.startsWith(needle)
    case 'endswith':
      return (value, folded) => value !== undefined && folded.endsWith(needle)
  }
}

function wildcardTest(place: Place, text: string, cased: boolean, at: readonly PropertyKey[]): TextTest {
  const body = text.replace(/\\([*?\\])|([*?])|([^*?\\]+|\\)/g, (_, escaped, wildcard, plain) =>
    wildcard === '*' ? '.*' : wildcard === '?' ? '.' : quoted(escaped ?? plain),
  )
  const start = place === 'whole' || place === 'startswith' ? '^' : ''
  const end = place === 'whole' || place === 'endswith' ? '$' : ''
  const pattern = linearPattern(`${start}(?:${body})${end}`, !cased)
  if (!pattern.ok) throw new RuleProblem(at, `the text with wildcards ${pattern.error}`)
  return (value) => value !== undefined && pattern.value(String(value))
}
