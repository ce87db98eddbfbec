import { err, ok, type Result } from '../result.ts'
import type { IncidentStatus, incidentVerdicts } from '../store/schema.ts'
import { type ClassId, classOf } from '../taxonomy.ts'
import type { IncidentRow } from './view.ts'

/** What an analyst says of an incident. It counts for more than the council and the ensemble, in triage and in training. */

export const ANALYST_VERDICTS = ['true_positive', 'benign_true_positive', 'false_positive'] as const
export type AnalystVerdict = (typeof ANALYST_VERDICTS)[number]

/** What the council or an analyst said, as it is kept. */
export type VerdictRow = typeof incidentVerdicts.$inferSelect

/** For the one who chooses it. */
export const VERDICT_TITLES: Record<AnalystVerdict, string> = {
  true_positive: 'True positive',
  benign_true_positive: 'Benign true positive',
  false_positive: 'False positive',
}
export const VERDICT_MEANING: Record<AnalystVerdict, string> = {
  true_positive: 'an attack, as found',
  benign_true_positive: 'it did what was found, and was allowed to: a test, a scanner of your own',
  false_positive: 'ordinary: it was taken for what it is not',
}

export interface GivenVerdict {
  verdict: AnalystVerdict
  /** The class that is right; null leaves the one that stands. */
  correctClass: ClassId | null
  comment: string | null
}

/** Normal is no attack, and a false positive nothing else. */
export type VerdictRefusal = 'class-contradicts-verdict'

/** The class that stands without an analyst: the council's, where it corrected the ensemble's. */
export const standingClass = (row: Pick<IncidentRow, 'threat_class' | 'triage_note'>): ClassId =>
  row.triage_note.council?.corrected_class?.id === undefined
    ? (row.threat_class as ClassId)
    : (row.triage_note.council.corrected_class.id as ClassId)

/**
 * The class that the verdict teaches. What was allowed keeps the class of what it did: a model that learned a scan of one's
 * own as Normal would miss everybody's.
 */
export function taughtClass(
  { verdict, correctClass }: GivenVerdict,
  row: Pick<IncidentRow, 'threat_class' | 'triage_note'>,
): Result<ClassId, VerdictRefusal> {
  const taught = verdict === 'false_positive' ? (correctClass ?? 0) : (correctClass ?? standingClass(row))
  return (verdict === 'false_positive') === (taught === 0) ? ok(taught) : err('class-contradicts-verdict')
}

/** The status that follows from a verdict, by the one before; where none stands here it stays. */
export const STATUS_AFTER: Record<AnalystVerdict, Partial<Record<IncidentStatus, IncidentStatus>>> = {
  true_positive: { new: 'investigating', dismissed: 'investigating' },
  benign_true_positive: {
    new: 'dismissed',
    investigating: 'dismissed',
    contained: 'dismissed',
    resolved: 'dismissed',
  },
  false_positive: { new: 'dismissed', investigating: 'dismissed', contained: 'dismissed', resolved: 'dismissed' },
}

/** The analysts' verdict that stands; null where they gave none or took it back. */
export function standingVerdict(newestFirst: readonly VerdictRow[]): (VerdictRow & { verdict: AnalystVerdict }) | null {
  const newest = newestFirst.find(({ trust }) => trust === 'analyst')
  return newest && newest.verdict !== null ? (newest as VerdictRow & { verdict: AnalystVerdict }) : null
}

/** What the next model learns from it, in a sentence. */
export const whatItTeaches = (label: string | null): string =>
  label === null
    ? 'Teaches nothing.'
    : label === classOf(0).name
      ? 'Teaches the next model that this is ordinary.'
      : `Teaches the next model that this is ${label}.`
