import type { ClassId } from '../../taxonomy.ts'
import type { EpochMs } from '../../time.ts'
import type { Verdict } from '../verifier.ts'

/** The window that a case is compared by. */
export interface CaseWindow {
  schemaHash: string
  /** Raw, by column; null where absent. */
  features: (number | null)[]
  /** Calibrated, by class id, length 7. */
  probabilities: number[]
  /** What the ensemble called it. */
  predictedClass: ClassId
}

/** A case that is over, as memory takes it. */
export interface PastCase extends CaseWindow {
  incidentKey: string
  incidentId: number
  /** Counts the incident's cases from 1. */
  round: number
  verdict: Verdict
  /** The class that stands by the verdict; a false positive's is the ensemble's. */
  threatClass: ClassId
  /** 0..1, of the verdict. */
  confidence: number
  by: 'council' | 'analyst'
  /** Who said so: the judge's name, or the analyst's. */
  who: string
  at: EpochMs
  /** The verdict was itself taken from memory: it is shown, and never counts as agreement. */
  isReused: boolean
}

/** What an analyst says of an incident, in place of what verifiers said. */
export interface AnalystWord {
  verdict: Verdict
  threatClass: ClassId
  who: string
  at: EpochMs
}

/** A past case that is like this one, as it is shown. */
export interface SimilarCase {
  key: string
  incidentId: number
  /** Cosine, -1..1. */
  similarity: number
  /** The class that stands by its verdict. */
  threatClass: ClassId
  verdict: Verdict
  /** 0..1, of the verdict. */
  confidence: number
  by: 'council' | 'analyst'
  who: string
  at: EpochMs
  isReused: boolean
}

/** A verdict that past cases give without anybody being asked. */
export interface Reuse {
  verdict: 'THREAT' | 'FALSE_POSITIVE'
  threatClass: ClassId
  /** The least of the cases that it rests on. */
  confidence: number
  /** The most similar of those that agree, 3 to 5. */
  cases: SimilarCase[]
  /** How many agree. */
  agreeing: number
}

export interface CaseQuestion extends CaseWindow {
  /** Cases of this incident itself are left out. */
  incidentKey: string
}

/** What memory says of a window. */
export interface Recollection {
  /** Most similar first. */
  similar: SimilarCase[]
  reuse: Reuse | null
  /** Why nothing is reused although cases are that similar; null where none is, or where one is reused. */
  whyNot: string | null
  /** Cases that it was compared with: all others, or those that an index proposed. */
  compared: number
}
