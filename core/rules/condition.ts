import { RuleProblem } from './refusal.ts'

/** A Sigma condition over named selections: `a and not b`, `1 of probe_*`, `all of them`, parentheses. */
export type Condition =
  | { op: 'is'; name: string }
  | { op: 'not'; of: Condition }
  | { op: 'and' | 'or'; of: Condition[] }

const TOKEN = /\s*(\(|\)|[A-Za-z0-9_*?.-]+)/y
const LONGEST = 1000
const DEEPEST = 32

/** @param names selections of the rule; those that begin with `_` are left out of `them`, as in Sigma */
export function parseCondition(text: string, names: readonly string[]): Condition {
  const at = ['detection', 'condition']
  if (text.length > LONGEST) throw new RuleProblem(at, `the condition is longer than ${LONGEST} characters`)
  const tokens: string[] = []
  TOKEN.lastIndex = 0
  const trimmed = text.trimEnd()
  while (TOKEN.lastIndex < trimmed.length) {
    const from = TOKEN.lastIndex
    const token = TOKEN.exec(trimmed)
    if (token === null) throw new RuleProblem(at, `cannot read the condition from "${trimmed.slice(from, from + 20)}"`)
    tokens.push(token[1]!)
  }
  let next = 0
  const word = (): string | undefined => tokens[next]?.toLowerCase()

  function either(depth: number): Condition {
    const parts = [both(depth)]
    while (word() === 'or') {
      next++
      parts.push(both(depth))
    }
    return parts.length === 1 ? parts[0]! : { op: 'or', of: parts }
  }
  function both(depth: number): Condition {
    const parts = [one(depth)]
    while (word() === 'and') {
      next++
      parts.push(one(depth))
    }
    return parts.length === 1 ? parts[0]! : { op: 'and', of: parts }
  }
  function one(depth: number): Condition {
    if (depth > DEEPEST) throw new RuleProblem(at, `the condition is nested deeper than ${DEEPEST}`)
    const token = tokens[next++]
    if (token === undefined) throw new RuleProblem(at, 'the condition ends where a selection is expected')
    if (token.toLowerCase() === 'not') return { op: 'not', of: one(depth + 1) }
    if (token === '(') {
      const inner = either(depth + 1)
      if (tokens[next++] !== ')') throw new RuleProblem(at, 'a parenthesis is not closed')
      return inner
    }
    if (/^(?:1|any|all)$/i.test(token) && word() === 'of') {
      next++
      return several(token.toLowerCase() === 'all' ? 'and' : 'or', tokens[next++])
    }
    if (!names.includes(token)) throw new RuleProblem(at, `${token} is no selection of this rule (${names.join(', ')})`)
    return { op: 'is', name: token }
  }
  function several(op: 'and' | 'or', wanted: string | undefined): Condition {
    if (wanted === undefined) throw new RuleProblem(at, '"of" is followed by nothing')
    const all = wanted.toLowerCase() === 'them'
    const prefix = wanted.endsWith('*') ? wanted.slice(0, -1) : null
    const chosen = names.filter((name) =>
      all ? !name.startsWith('_') : prefix === null ? name === wanted : name.startsWith(prefix),
    )
    if (chosen.length === 0) throw new RuleProblem(at, `no selection is named ${wanted}`)
    return { op, of: chosen.map((name) => ({ op: 'is', name })) }
  }

  const condition = either(0)
  if (next < tokens.length) throw new RuleProblem(at, `"${tokens[next]}" is not expected in the condition`)
  return condition
}

/** @param is whether the event satisfies the selection */
export function holds(condition: Condition, is: (name: string) => boolean): boolean {
  switch (condition.op) {
    case 'is':
      return is(condition.name)
    case 'not':
      return !holds(condition.of, is)
    case 'and':
      return condition.of.every((part) => holds(part, is))
    case 'or':
      return condition.of.some((part) => holds(part, is))
  }
}

/** A truth that may be unknown (null): Kleene's three-valued logic. */
export type Known = boolean | null

export const knownAll = (parts: Iterable<Known>): Known => {
  let all: Known = true
  for (const part of parts) {
    if (part === false) return false
    if (part === null) all = null
  }
  return all
}

export const knownAny = (parts: Iterable<Known>): Known => {
  let any: Known = false
  for (const part of parts) {
    if (part === true) return true
    if (part === null) any = null
  }
  return any
}

/** What is known of the condition when of some selections nothing is known. */
export function knownOf(condition: Condition, is: (name: string) => Known): Known {
  switch (condition.op) {
    case 'is':
      return is(condition.name)
    case 'not': {
      const inner = knownOf(condition.of, is)
      return inner === null ? null : !inner
    }
    case 'and':
      return knownAll(condition.of.map((part) => knownOf(part, is)))
    case 'or':
      return knownAny(condition.of.map((part) => knownOf(part, is)))
  }
}
