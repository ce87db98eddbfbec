import { z } from 'zod'
import { CLASSES } from '../taxonomy.ts'
import { durationMs } from './duration.ts'

/**
 * `rules/NAME/rule.yml`. Detections in Sigma's form (Sigma specification 2, "Rules"), how often and in which order they
 * must match in CrowdSec's (`type: trigger | leaky | counter`, CrowdSec documentation "Scenarios") or in Sigma's
 * (`correlation`, "Correlation Rules"). See docs/rules.md.
 */

const text = (most: number) => z.string().trim().min(1).max(most)
const duration = z
  .string()
  .transform((value, context) => {
    const ms = durationMs(value)
    if (ms !== null) return ms
    context.addIssue({ code: 'custom', message: `${value} is no duration such as 10s, 5m or 1h` })
    return z.NEVER
  })
  .refine((ms) => ms <= 7 * 86_400_000, 'longer than 7 days')
const names = z.union([text(100).transform((one) => [one]), z.array(text(100)).min(1).max(50)])
const value = z.union([z.string().max(1000), z.number(), z.boolean(), z.null()])
const selectionMap = z
  .record(z.string(), z.union([value, z.array(value).min(1).max(400)]))
  .refine((map) => Object.keys(map).length > 0, 'an empty selection would match everything')
const selection = z.union([selectionMap, z.array(selectionMap).min(1).max(50)])

const MOST = 1000
const bound = z.number().int().min(0).max(MOST)

const Detection = z
  .object({ condition: text(1000) })
  .catchall(selection)
  .refine((detection) => Object.keys(detection).length > 1, 'it has no selection')

const Correlation = z.strictObject({
  type: z.enum(['event_count', 'value_count', 'temporal', 'temporal_ordered']),
  /** Selections of this rule, or other rules by the name of their folder. */
  rules: names.optional(),
  'group-by': names.default(['src_ip']),
  timespan: duration,
  condition: z
    .strictObject({
      field: text(100).optional(),
      gt: bound.optional(),
      gte: bound.optional(),
      lt: bound.optional(),
      lte: bound.optional(),
      eq: bound.optional(),
    })
    .optional(),
})

/** Sigma's, least first. */
export const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const

export const BENIGN_EXPLANATIONS = [
  'crawler',
  'monitoring',
  'backup',
  'mistyping',
  'own scanner',
  'ordinary use',
] as const

export const RuleFile = z
  .strictObject({
    title: text(120),
    id: z.uuid(),
    description: text(2000),
    status: z.enum(['stable', 'test', 'experimental']),
    author: text(200).optional(),
    date: z.iso.date().optional(),
    level: z.enum(LEVELS),
    class: z.enum(CLASSES.map(({ name }) => name)),
    /** What the traffic is instead of an attack; with class Normal only. */
    explains: z.enum(BENIGN_EXPLANATIONS).optional(),
    falsepositives: z.array(text(500)).min(1),
    references: z.array(z.url().max(500)).default([]),
    tags: z
      .array(
        z
          .string()
          .regex(
            /^(?:attack\.(?:t\d{4}(?:\.\d{3})?|[a-z-]+)|cve\.\d{4}-\d{4,7})$/,
            'expected attack.tNNNN, attack.tactic or cve.YYYY-NNNN',
          ),
      )
      .default([]),
    logsource: z
      .strictObject({ category: text(60).optional(), product: text(60).optional(), service: text(60).optional() })
      .optional(),
    detection: Detection.optional(),
    type: z.enum(['trigger', 'leaky', 'counter']).optional(),
    groupby: names.optional(),
    distinct: text(100).optional(),
    /** leaky: how many events the bucket holds; it overflows with the next. counter: how many are let pass. */
    capacity: z.number().int().min(-1).max(MOST).optional(),
    /** leaky: how long one event takes to leak out. */
    leakspeed: duration.optional(),
    /** counter: how long it counts, from the first event on. */
    duration: duration.optional(),
    correlation: Correlation.optional(),
    /** Selections or rules: where one matches for the same group within the time, the rule does not fire. */
    unless: names.optional(),
    /** Gaps between the counted events: their coefficient of variation is at most this. */
    jitter: z.number().min(0).max(2).optional(),
  })
  .superRefine((rule, context) => {
    const refuse = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    if ((rule.class === 'Normal') !== (rule.explains !== undefined)) {
      refuse('explains', 'belongs to rules of class Normal, and to all of them')
    }
    if (rule.type !== undefined && rule.correlation) refuse('correlation', `stands beside type: ${rule.type}; keep one`)
    const allowed: Record<string, string[]> = {
      trigger: ['groupby'],
      leaky: ['groupby', 'distinct', 'capacity', 'leakspeed'],
      counter: ['groupby', 'distinct', 'capacity', 'duration'],
      correlation: [],
    }
    const form = rule.correlation ? 'correlation' : (rule.type ?? 'trigger')
    for (const key of ['groupby', 'distinct', 'capacity', 'leakspeed', 'duration'] as const) {
      if (rule[key] !== undefined && !allowed[form]!.includes(key)) refuse(key, `does not belong to ${form}`)
    }
    if (form === 'leaky' && (rule.capacity === undefined || rule.leakspeed === undefined || rule.capacity < 0)) {
      refuse('type', 'leaky needs capacity (0 or more) and leakspeed')
    }
    if (form === 'counter' && rule.duration === undefined) refuse('type', 'counter needs duration')
    if (form !== 'correlation' && !rule.detection) refuse('detection', 'is missing')
    if (rule.jitter !== undefined && rule.correlation?.type !== 'event_count')
      refuse('jitter', 'belongs to event_count')
    if (rule.correlation) refuseCorrelation(rule.correlation, rule.detection !== undefined, refuse)
  })

function refuseCorrelation(
  { type, rules, condition }: z.infer<typeof Correlation>,
  hasDetection: boolean,
  refuse: (path: string, message: string) => void,
): void {
  const ordered = type === 'temporal' || type === 'temporal_ordered'
  if (ordered && (rules?.length ?? 0) < 2) refuse('correlation', `${type} needs two or more names in rules`)
  if (ordered && condition) refuse('correlation', `${type} has no condition`)
  if (!ordered && !condition) refuse('correlation', `${type} needs a condition such as gte: 5`)
  if (type === 'value_count' && condition?.field === undefined)
    refuse('correlation', 'value_count needs condition.field')
  if (type === 'event_count' && condition?.field !== undefined)
    refuse('correlation', 'event_count counts events; field belongs to value_count')
  if (!hasDetection && !rules) refuse('correlation', 'names no rules, and the rule has no detection')
}

export type RuleFile = z.infer<typeof RuleFile>
export type BenignExplanation = (typeof BENIGN_EXPLANATIONS)[number]
