import type { Indicator, MemberVotes } from '../ensemble/prediction.ts'
import type { CanonicalEvent, FormatName } from '../events/event.ts'
import type { Finding } from '../intel/finding.ts'
import type { Route, TargetCount } from '../store/schema.ts'
import type { ClassId } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import type { CaseWindow, SimilarCase } from './memory/past-case.ts'

/** One event of the incident's evidence. `n` is its number there and is what a citation names (En). */
export interface PackEvent {
  n: number
  ts: EpochMs
  sensor: string
  format: FormatName
  event: CanonicalEvent
  /** The line as it arrived, unaltered. Attacker's text: never put into a prompt as it is. */
  original: string
  /** Names of its fields that the strongest indicators rest on. */
  matched: string[]
}

/** Text in an event that speaks to a model rather than to a server: itself an indicator. */
export interface AddressedText {
  n: number
  /** Dotted path of the field. */
  field: string
  /** The words that gave it away, at most 80 characters, as they stand. */
  words: string
}

/** A scenario rule that matched the evidence. */
export interface ScenarioHit {
  rule: string
  title: string
  /** Null for a rule that explains the traffic as harmless. */
  threatClass: ClassId | null
  techniques: string[]
  /** Evidence numbers that it rests on. */
  evidence: number[]
}

/** What the ensemble said of the window that opened the incident. */
export interface PackPrediction {
  threatClass: ClassId
  confidence: number
  uncertain: boolean
  anomaly: number
  route: Route
  /** Calibrated, by class id, length 7. */
  probabilities: number[]
  votes: MemberVotes
  modelVersion: string
}

/** All that a verifier may know of a case, from overview to detail. Nothing in it is masked: masking is done for each verifier when it is written out. */
export interface EvidencePack {
  incidentKey: string
  incidentId: number
  kind: 'source' | 'campaign'
  source: string
  sourcesCount: number
  /** Event times. */
  firstSeen: EpochMs
  lastSeen: EpochMs
  /** Events: of the incident, kept as evidence, and shown here. */
  counts: { seen: number; kept: number; shown: number }
  targets: TargetCount[]
  prediction: PackPrediction
  /** What past cases are compared by; no verifier sees it. */
  window: CaseWindow
  /** Strongest first, with usual values. */
  indicators: Indicator[]
  /** Kept events by type, most first. */
  byType: { eventType: string; events: number }[]
  scenarioHits: ScenarioHit[]
  similar: SimilarCase[]
  /** What intelligence knows of the source, each with its age; null: nobody was asked. */
  intel: Finding[] | null
  addressed: AddressedText[]
  /** In order of event time; at most 40, and once more as many when the judge asks. */
  shown: PackEvent[]
}
