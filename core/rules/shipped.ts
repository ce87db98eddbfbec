import { compileRules } from './compile.ts'
import type { RuleSet } from './rule.ts'
import { RULE_SOURCES } from './shipped.generated.ts'

let compiled: RuleSet | null = null

/** The rules of rules/, as they were when Picket was built. Compiled when first asked for: some 100 ms. */
export function shippedRules(): RuleSet {
  compiled ??= compileRules(RULE_SOURCES)
  return compiled
}
