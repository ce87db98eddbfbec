import type { Indicator, MemberVotes, ModelManifest } from '../ensemble/prediction.ts'
import type { incidents } from '../store/schema.ts'
import { CLASSES } from '../taxonomy.ts'

export type IncidentRow = typeof incidents.$inferSelect
/** An incident without the long vectors that only its own page shows. */
export type IncidentSummary = Omit<IncidentRow, 'features' | 'contributions' | 'probabilities'>

/** What is known of a feature beside its value. */
export interface FeatureInfo {
  name: string
  group: string
  unit: string
  definition: string
  /** When it is absent; null when it always has a value. */
  absent: string | null
}

/** What this worker knows to explain an incident with. */
export interface ModelFacts {
  manifest: ModelManifest | null
  features: readonly FeatureInfo[]
  schemaHash: string
}

/** One of the 100 features of the window that decided. */
export interface FeatureLine {
  /** Its place in the vector, from 1. */
  n: number
  /** Null where the incident was computed with a schema that this worker does not have. */
  name: string | null
  group: string | null
  unit: string | null
  definition: string | null
  value: number | null
  /** Median over normal training windows; null where always absent, or the model is not the one at hand. */
  usual: number | null
  /** 5th to 95th percentile of the same windows. */
  usualRange: [number, number] | null
  /** The usual values at hand are those of the model that judged. */
  isUsualKnown: boolean
  /** The value lies outside the usual range. */
  isUnusual: boolean
  /** Why there is no value; null where there is one or the reason is not known. */
  absent: string | null
  contribution: number | null
}

/** The features of one group. */
export interface FeatureGroup {
  name: string
  lines: FeatureLine[]
  present: number
  /** Sum of the contributions, and of their sizes. */
  contribution: number
  weight: number
}

/** One of the seven classes as the model saw it. */
export interface ClassLine {
  id: number
  name: string
  probability: number
  /** Null where the incident's model is not the one at hand. */
  threshold: number | null
  forest: number | null
  boosting: number | null
  network: number | null
  decided: boolean
}

/** True where thresholds and usual values at hand are those of the model that judged the incident. */
export const modelIsAtHand = (row: { model_version: string }, facts: ModelFacts): boolean =>
  facts.manifest !== null && facts.manifest.version === row.model_version

/** In vector order. */
export function featureLines(row: IncidentRow, facts: ModelFacts): FeatureLine[] {
  const known = row.schema_hash === facts.schemaHash
  const isUsualKnown = known && modelIsAtHand(row, facts)
  const { usual, usual_range: ranges } = isUsualKnown ? facts.manifest! : { usual: [], usual_range: [] }
  return row.features.map((value, i) => {
    const info = known ? facts.features[i] : undefined
    const usualRange = ranges[i] ?? null
    return {
      n: i + 1,
      name: info?.name ?? null,
      group: info?.group ?? null,
      unit: info?.unit ?? null,
      definition: info?.definition ?? null,
      value,
      usual: usual[i] ?? null,
      usualRange,
      isUsualKnown,
      isUnusual: value !== null && usualRange !== null && (value < usualRange[0] || value > usualRange[1]),
      absent: value === null ? (info?.absent ?? null) : null,
      contribution: row.contributions[i] ?? null,
    }
  })
}

/** In the order of the vector; features of an unknown schema are one group. */
export function featureGroups(lines: readonly FeatureLine[]): FeatureGroup[] {
  const groups = new Map<string, FeatureGroup>()
  for (const line of lines) {
    const name = line.group ?? 'of another schema'
    const group = groups.get(name) ?? { name, lines: [], present: 0, contribution: 0, weight: 0 }
    groups.set(name, group)
    group.lines.push(line)
    if (line.value !== null) group.present++
    group.contribution += line.contribution ?? 0
    group.weight += Math.abs(line.contribution ?? 0)
  }
  return [...groups.values()]
}

/** By class id. */
export function classLines(row: IncidentRow, facts: ModelFacts): ClassLine[] {
  const thresholds = modelIsAtHand(row, facts) ? facts.manifest!.thresholds : []
  const votes: MemberVotes = row.triage_note.votes
  return CLASSES.map(({ id, name }) => ({
    id,
    name,
    probability: row.probabilities[id] ?? 0,
    threshold: thresholds[id] ?? null,
    forest: votes.forest[id] ?? null,
    boosting: votes.boosting[id] ?? null,
    network: votes.network[id] ?? null,
    decided: id === row.threat_class,
  }))
}

/** Strongest first, by size of contribution; at most ten. */
export const strongestIndicators = (row: { triage_note: { indicators: Indicator[] } }): Indicator[] =>
  [...row.triage_note.indicators].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, 10)

/** Whether somebody beside the model has looked. */
export type Verification = 'model-trusted' | 'verified' | 'not-yet-verified'

export function verificationOf(row: Pick<IncidentRow, 'route' | 'council_verdict' | 'analyst_verdict'>): Verification {
  if (row.council_verdict !== null || row.analyst_verdict !== null) return 'verified'
  return row.route === 'TRUST' ? 'model-trusted' : 'not-yet-verified'
}
