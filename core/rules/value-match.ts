import ipaddr from 'ipaddr.js'
import { withinRanges } from '../events/source-ranges.ts'
import { type EventField, eventField } from './event-fields.ts'
import { linearPattern, quoted } from './linear-pattern.ts'
import { RuleProblem } from './refusal.ts'

export type FieldValue = string | number | undefined
export type ValueMatch = (value: FieldValue) => boolean

/** One line of a selection, `field|modifier: values` (Sigma, "Field modifiers"). */
export interface FieldMatch {
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
  const single = singleMatch(kind, field, { ignoreCase: has('i'), cased: has('cased') }, at)
  const matches = values.map(single)
  const match: ValueMatch =
    matches.length === 1
      ? matches[0]!
      : has('all')
        ? (value) => matches.every((one) => one(value))
        : (value) => matches.some((one) => one(value))
  return { field, match, cost: values.length * (kind === 're' ? 100 : kind === 'whole' ? 1 : 5) }
}

function singleMatch(
  kind: string,
  field: EventField,
  options: { ignoreCase: boolean; cased: boolean },
  at: readonly PropertyKey[],
): (wanted: RuleValue) => ValueMatch {
  const compare = COMPARISONS[kind]
  if (compare) {
    if (field.kind !== 'number') throw new RuleProblem(at, `${kind} needs a field that is a number`)
    return (wanted) => {
      if (typeof wanted !== 'number') throw new RuleProblem(at, `${kind} needs a number, not ${JSON.stringify(wanted)}`)
      return (value) => typeof value === 'number' && compare(value, wanted)
    }
  }
  switch (kind) {
    case 'exists':
      return (wanted) => {
        if (typeof wanted !== 'boolean') throw new RuleProblem(at, 'exists needs true or false')
        return (value) => (value !== undefined) === wanted
      }
    case 'cidr':
      return (wanted) => cidrMatch(wanted, field, at)
    case 're':
      return (wanted) => {
        const pattern = linearPattern(textOf(wanted, at), options.ignoreCase)
        if (!pattern.ok) throw new RuleProblem(at, `the pattern ${pattern.error}`)
        return (value) => value !== undefined && pattern.value(String(value))
      }
    default:
      return (wanted) => textMatch(kind as Place, wanted, options.cased, at)
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

/** Text in Sigma's form: without case unless `cased`, `*` and `?` as wildcards, a backslash before one makes it literal. */
function textMatch(place: Place, wanted: RuleValue, cased: boolean, at: readonly PropertyKey[]): ValueMatch {
  if (place === 'whole' && wanted === null) return (value) => value === undefined
  if (place === 'whole' && typeof wanted === 'number') return (value) => value === wanted
  const text = textOf(wanted, at)
  if (/(?:^|[^\\])[*?]/.test(text)) return wildcardMatch(place, text, cased, at)
  const literal = text.replace(/\\([*?\\])/g, '$1')
  const needle = cased ? literal : literal.toLowerCase()
  const folded = (value: FieldValue) => (cased ? String(value) : String(value).toLowerCase())
  switch (place) {
    case 'whole':
      return (value) => value !== undefined && folded(value) === needle
    case 'contains':
      return (value) => value !== undefined && folded(value).includes(needle)
    case 'startswith':
      return (value) => value !== undefined && folded(value).startsWith(needle)
    case 'endswith':
      return (value) => value !== undefined && folded(value).endsWith(needle)
  }
}

function wildcardMatch(place: Place, text: string, cased: boolean, at: readonly PropertyKey[]): ValueMatch {
  const body = text.replace(/\\([*?\\])|([*?])|([^*?\\]+|\\)/g, (_, escaped, wildcard, plain) =>
    wildcard === '*' ? '.*' : wildcard === '?' ? '.' : quoted(escaped ?? plain),
  )
  const start = place === 'whole' || place === 'startswith' ? '^' : ''
  const end = place === 'whole' || place === 'endswith' ? '$' : ''
  const pattern = linearPattern(`${start}(?:${body})${end}`, !cased)
  if (!pattern.ok) throw new RuleProblem(at, `the text with wildcards ${pattern.error}`)
  return (value) => value !== undefined && pattern.value(String(value))
}
