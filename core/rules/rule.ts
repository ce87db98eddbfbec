import type { CanonicalEvent } from '../events/event.ts'
import type { ClassId } from '../taxonomy.ts'
import type { Bucket } from './bucket.ts'
import type { Known } from './condition.ts'
import type { RuleRefusal } from './refusal.ts'
import type { BenignExplanation, RuleFile } from './rule-file.ts'
import type { FieldValue } from './value-match.ts'

/** Whether an event satisfies a step: a selection, the rule's condition, or that another rule fires at it. */
export type StepMatch = (event: CanonicalEvent, fired: ReadonlySet<string>) => boolean

export interface Step {
  name: string
  match: StepMatch
  /** What is known of `match` for all events of this one's shape, when only rules of `mayFire` could fire at them. */
  known(event: CanonicalEvent, mayFire: ReadonlySet<string>): Known
}

/** A rule ready to run. */
export interface Rule {
  /** Name of its folder. */
  name: string
  id: string
  title: string
  description: string
  level: RuleFile['level']
  status: RuleFile['status']
  threatClass: ClassId
  /** What the traffic is instead of an attack; null for a rule that finds one. */
  explains: BenignExplanation | null
  falsepositives: string[]
  references: string[]
  /** ATT&CK technique ids, `T1110.001`. */
  techniques: string[]
  /** `leaky`, `event_count`, …: how its events are added up. */
  form: string
  groupBy: { name: string; of(event: CanonicalEvent): FieldValue }[]
  steps: Step[]
  unless: Step[]
  /** Selections by name and the condition over them, to say why an event that came close did not match. */
  selections: { name: string; match(event: CanonicalEvent): boolean }[]
  condition: string | null
  /** Field whose distinct values are counted; null: events are. */
  valueOf: ((event: CanonicalEvent) => FieldValue) | null
  /** How long a hit stays open after its last event, and how far `unless` reaches, ms. */
  spanMs: number
  bucket(): Bucket
}

/** Rules in an order in which each comes after those it names. */
export interface RuleSet {
  rules: readonly Rule[]
  refusals: readonly RuleRefusal[]
}
