import type { RuleSet } from '../../core/rules/rule.ts'
import { CLASSES } from '../../core/taxonomy.ts'
import type { CaseResult } from './rule-case.ts'

export interface Coverage {
  rules: number
  /** Rules with a log, an expectation and a look-alike that do as expected. */
  shown: number
  refused: number
  /** Rules by class name. */
  byClass: Record<string, number>
  /** Benign explanations and their rules. */
  byExplanation: Record<string, number>
  /** ATT&CK techniques named by some rule, sorted. */
  techniques: string[]
}

/** What the rule set covers, and how much of it is shown by logs of its own. */
export function coverageOf(set: RuleSet, results: readonly CaseResult[]): Coverage {
  const byClass = Object.fromEntries(
    CLASSES.map(({ id, name }) => [name, set.rules.filter((rule) => rule.threatClass === id).length]),
  )
  const byExplanation: Record<string, number> = {}
  for (const { explains } of set.rules) if (explains) byExplanation[explains] = (byExplanation[explains] ?? 0) + 1
  return {
    rules: results.length,
    shown: results.filter(({ failures }) => failures.length === 0).length,
    refused: new Set(set.refusals.map(({ file }) => file)).size,
    byClass,
    byExplanation,
    techniques: [...new Set(set.rules.flatMap(({ techniques }) => techniques))].sort(),
  }
}

const percent = (part: number, whole: number): string =>
  whole === 0 ? '0.0 %' : `${((100 * part) / whole).toFixed(1)} %`

export function coverageText(coverage: Coverage): string {
  const { rules, shown, byClass, byExplanation, techniques, refused } = coverage
  const classes = Object.values(byClass)
  const covered = classes.filter((count) => count > 0).length
  return `${[
    `rules shown by log and look-alike  ${percent(shown, rules)} (${shown} of ${rules}, ${refused} refused)`,
    `classes with a rule                ${percent(covered, classes.length)} (${covered} of ${classes.length})`,
    ...Object.entries(byClass).map(([name, count]) => `  ${name.padEnd(30)} ${String(count).padStart(5)}`),
    `benign explanations                ${Object.entries(byExplanation)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `ATT&CK techniques                  ${techniques.length}: ${techniques.join(' ')}`,
  ].join('\n')}\n`
}
