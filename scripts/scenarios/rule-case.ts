import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { evaluateRules, type RuleHit } from '../../core/rules/evaluate.ts'
import type { RuleSet } from '../../core/rules/rule.ts'
import { type ReadLog, readLog } from './read-log.ts'

/** The files beside a rule that show it right: what it must find, what that looks like, and what only looks like it. */
export const CASE_FILES = { log: 'log.ndjson', expect: 'expect.json', lookAlike: 'look-alike.ndjson' } as const

const Expectation = z.strictObject({
  hits: z
    .array(
      z.strictObject({
        group: z.record(z.string(), z.union([z.string(), z.number()])),
        count: z.number().int().positive(),
        /** First and last cited line. */
        lines: z.tuple([z.number().int().positive(), z.number().int().positive()]),
      }),
    )
    .min(1),
})
type ExpectedHit = z.infer<typeof Expectation>['hits'][number]

export interface CaseResult {
  rule: string
  /** What is wrong; empty when the rule does as expected. */
  failures: string[]
  hasLog: boolean
  hasLookAlike: boolean
}

/** Logs of rules bear no date of today, and stamps without a year are theirs. */
const RECEIVED_AT = Date.UTC(2026, 11, 1)

/** Runs one rule's log and look-alike, with all rules of the set beside it. */
export function runCase(set: RuleSet, folder: string, name: string): CaseResult {
  const at = (file: string) => path.join(folder, name, file)
  const result: CaseResult = {
    rule: name,
    failures: [],
    hasLog: existsSync(at(CASE_FILES.log)),
    hasLookAlike: existsSync(at(CASE_FILES.lookAlike)),
  }
  const rule = set.rules.find((one) => one.name === name)
  if (!rule) result.failures.push('the rule is refused')
  if (!result.hasLog) result.failures.push(`${CASE_FILES.log} is missing`)
  if (!result.hasLookAlike) result.failures.push(`${CASE_FILES.lookAlike} is missing`)
  if (!existsSync(at(CASE_FILES.expect))) result.failures.push(`${CASE_FILES.expect} is missing`)
  if (!rule || result.failures.length > 0) return result

  const expected = Expectation.safeParse(JSON.parse(readFileSync(at(CASE_FILES.expect), 'utf8')))
  if (!expected.success) {
    result.failures.push(`${CASE_FILES.expect}: ${z.prettifyError(expected.error)}`)
    return result
  }
  const log = read(at(CASE_FILES.log), CASE_FILES.log, result)
  const hits = evaluateRules(set, log.events)
  const own = hits.filter((hit) => hit.rule.name === name)
  const found = own.map((hit) => wording(asExpected(hit, log)))
  const wanted = expected.data.hits.map(wording)
  if (found.join('\n') !== wanted.join('\n')) {
    result.failures.push(`expected ${wanted.join(' and ')}; it gave ${found.join(' and ') || 'no hit'}`)
  }
  if (rule.explains) result.failures.push(...attacksIn(hits, log).map((hit) => `on its own log ${hit}`))

  const lookAlike = read(at(CASE_FILES.lookAlike), CASE_FILES.lookAlike, result)
  if (lookAlike.events.length === 0) result.failures.push(`${CASE_FILES.lookAlike} holds no event`)
  const false_hits = evaluateRules(set, lookAlike.events)
  for (const hit of false_hits.filter((one) => one.rule.name === name)) {
    result.failures.push(`fires on the look-alike: ${wording(asExpected(hit, lookAlike))}`)
  }
  // What looks like an attack is benign, so no other rule may call it one; what looks like an explanation is an attack.
  if (!rule.explains) result.failures.push(...attacksIn(false_hits, lookAlike).map((hit) => `on the look-alike ${hit}`))
  return result
}

function read(file: string, name: string, result: CaseResult): ReadLog {
  const log = readLog(file, RECEIVED_AT)
  result.failures.push(...log.unreadable.map(({ line, why }) => `${name} line ${line} cannot be read: ${why}`))
  return log
}

const attacksIn = (hits: readonly RuleHit[], log: ReadLog): string[] =>
  hits.filter(({ rule }) => !rule.explains).map((hit) => `${hit.rule.name} fires: ${wording(asExpected(hit, log))}`)

const asExpected = (hit: RuleHit, { lines }: ReadLog): ExpectedHit => {
  const cited = hit.events.map((index) => lines[index]!)
  return { group: hit.group, count: hit.count, lines: [Math.min(...cited), Math.max(...cited)] }
}

const wording = ({ group, count, lines: [first, last] }: ExpectedHit): string =>
  `${count} events of ${
    Object.entries(group)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ') || 'all'
  }, lines ${first} to ${last}`
