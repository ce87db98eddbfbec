/** Why a rule is not used. It names the place, so that its author can mend it; other rules go on. */
export interface RuleRefusal {
  tag: 'rule-refused'
  /** Path of the rule's file from the root of the repository. */
  file: string
  /** Where in it: `detection.failed.dst_port|gt`; empty for the file as a whole. */
  path: string
  why: string
}

/** Thrown while a rule is compiled and caught in `compileRules`, which makes a RuleRefusal of it. */
export class RuleProblem extends Error {
  readonly path: readonly PropertyKey[]
  constructor(path: readonly PropertyKey[], why: string) {
    super(why)
    this.name = 'RuleProblem'
    this.path = path
  }
}

export const pathText = (path: readonly PropertyKey[]): string => path.map(String).join('.')
