import type { EarlierCase } from '../core/council/case.ts'
import type { GroundedOpinion } from '../core/council/grounding.ts'
import type { AnalystWord, CaseQuestion, PastCase, Recollection } from '../core/council/memory/past-case.ts'
import type { CaseRefusal, PersonRequest } from '../core/council/person-request.ts'
import type { VerifierFailure, VerifierName } from '../core/council/verifier.ts'
import type { CouncilBudgetHealth, CouncilCaseView } from '../core/council/view.ts'
import type { BatchAnswer, SensorBatch } from '../core/events/batch.ts'
import type { ReadEvent } from '../core/events/event.ts'
import type { Windows } from '../core/features/store/features-of.ts'
import type { PartitionHealth, SensorHealth } from '../core/health.ts'
import type { ThinReport } from '../core/incidents/campaign.ts'
import type { IntelAnswer } from '../core/intel/finding.ts'
import type { IntelDeskHealth } from '../core/intel/live/health.ts'
import type { TrainerView } from '../core/learning/retraining/run.ts'
import type { Result } from '../core/result.ts'

/** Object names: one Sensor a sensor id, SourcePartitions p0, p1, …, one IntelDesk, one CouncilBudget, one CaseMemory, one Trainer. */
export const partitionName = (partition: number): string => `p${partition}`
export const INTEL_DESK = 'desk'
export const COUNCIL_BUDGET = 'budget'
export const CASE_MEMORY = 'memory'
export const TRAINER = 'trainer'
/** One Council object an incident. */
export const councilName = (incidentKey: string): string => incidentKey

/** A partition's part of a sensor's batch, or (with no events) the news that time has gone on in a feed. */
export interface PartitionShare {
  /** Names the batch among all sensors' batches; '' when there are no events. */
  batch: string
  sensor: string
  stream: string
  /** Time line whose watermark closes panes, unique among sensors. */
  feed: string
  /** Judge within a second rather than at pane boundaries. */
  live: boolean
  /** Windows of the events' sources are kept under this scope, those of site-local sources under the other. */
  scope: string
  siteScope: string
  /** Newest event time of the feed, all partitions. */
  newestTs: number
  receivedAt: number
  /** JSON array of ReadEvent. */
  events: string
}

/** What the partition offers to sensors, pages and whoever needs a vector. */
export interface PartitionPort extends Windows {
  add(share: PartitionShare): Promise<{ accepted: number; duplicates: number }>
  health(): Promise<PartitionHealth>
}

/** A thin window with one of its events, for the campaign's evidence. */
export interface ThinWindow extends ThinReport {
  example: (ReadEvent & { stream: string }) | null
}

/** Thin windows told together; `id` names the message. */
export interface ThinMessage {
  id: string
  windows: ThinWindow[]
}

/** What the sensor offers to the ingest route, partitions and pages. */
export interface SensorPort {
  ingest(batch: SensorBatch): Promise<BatchAnswer>
  /** packQuestions in, packContexts out. */
  contexts(feed: string, questions: Float64Array): Promise<Float64Array>
  /** Takes thin windows of a feed; a message that is told twice counts once. */
  takeThin(feed: string, messages: ThinMessage[]): Promise<void>
  health(): Promise<SensorHealth>
}

/** A partition asks what others know of an address. */
export interface IntelQuestion {
  /** Canonical text of one address; never a network. */
  address: string
  /** 0..1, of the window that asks: the most suspicious address is asked about first. */
  suspicion: number
  /** Name of the SourcePartition that wants to hear. */
  partition: string
}

export interface IntelReply {
  address: string
  /** What is known and fresh; also who was asked and knew nothing. */
  answer: IntelAnswer
  /** More may come, by `intelArrived`; it also may not. */
  isWaiting: boolean
}

/** What the desk for live look-ups offers to partitions and pages. */
export interface IntelDeskPort {
  /** Answers at once, in the order of the questions. */
  ask(questions: readonly IntelQuestion[]): Promise<IntelReply[]>
  health(): Promise<IntelDeskHealth>
}

/** Who is told when a look-up was answered: a SourcePartition, which then judges the address's windows again. */
export interface IntelListener {
  /**
   * `answer` is all that live look-ups know and is fresh, and takes the place of what they told before. May come twice, may
   * come late, and may be of an address whose window is gone: then nothing is done.
   */
  intelArrived(address: string, answer: IntelAnswer): Promise<void>
}

/** What the council offers to partitions and pages. */
export interface CouncilPort {
  /**
   * Opens the case of an incident, which must be in D1 by then. Told twice it changes nothing. An incident that has grown
   * tenfold since its last case was closed is looked at again.
   * @param events of the incident by now
   */
  open(incidentKey: string, events: number): Promise<void>
  /**
   * Opens a new case of an incident because a person wants it, also where none was ever opened. Nothing that was said before
   * is used in it. Refused while a case runs.
   * @param seen the newest case that the person knew, 0 for none; null: whichever it is
   */
  askAgain(
    incidentKey: string,
    request: PersonRequest,
    seen: number | null,
  ): Promise<Result<{ round: number }, CaseRefusal>>
  /** Ends the case that runs, as failed with what it has. */
  stop(request: PersonRequest, seen: number | null): Promise<Result<{ round: number }, CaseRefusal>>
  /** Null when there is no case. */
  view(): Promise<CouncilCaseView | null>
}

/** A call that is to be made: money and a place are set aside for it. */
export interface CallRequest {
  /** Names the call; asked again with the same name it is the same call. */
  id: string
  verifier: VerifierName
  /** The most it can cost, dollars. */
  usd: number
  /** Names the question, where an earlier answer to it will do. */
  digest?: string
}

/** What a verifier said, and in which case. Masked, as it came. */
export interface EarlierAnswer {
  model: string
  opinion: GroundedOpinion
  from: EarlierCase
}

export type CallPermit =
  | { granted: true }
  | { granted: false; why: string }
  /** Nobody need be asked. */
  | { granted: false; earlier: EarlierAnswer }

/** How a call ended. */
export interface CallOutcome {
  id: string
  verifier: VerifierName
  usd: number
  inputTokens: number
  outputTokens: number
  /** 0: it was not made after all. */
  calls: number
  ms: number
  /** Null: it was answered. */
  failure: VerifierFailure['tag'] | null
}

/** The one object that holds the budget and the limits of all verifiers. */
export interface CouncilBudgetPort {
  /** Answers when the call may be made, or why it may not. Waits while too many calls of the verifier run. */
  ask(request: CallRequest): Promise<CallPermit>
  /** @param answer what was said, by the question's digest, for whoever asks the same */
  settle(outcome: CallOutcome, answer?: { digest: string; answer: EarlierAnswer } | null): Promise<void>
  health(): Promise<CouncilBudgetHealth>
}

export interface CaseMemorySize {
  cases: number
  most: number
  /** A Vectorize index is bound. */
  isIndexed: boolean
}

/** What the council's memory of past cases offers. */
export interface CaseMemoryPort {
  /**
   * Keeps a case that is over. Told twice it changes nothing; a later case of the incident takes the earlier one's place,
   * but never an analyst's.
   * @returns false when it was not kept: it is older than what is known, or of another feature schema
   */
  remember(one: PastCase): Promise<boolean>
  /** The most similar cases, and the verdict that they give, if they do. */
  similar(question: CaseQuestion, most: number): Promise<Result<Recollection, string>>
  /** An analyst's word takes the place of the verdict of an incident's case; false when there is none, or a newer word. */
  override(incidentKey: string, word: AnalystWord): Promise<boolean>
  size(): Promise<CaseMemorySize>
}

/** Whether a run was begun; `id` is of the one that goes on, also when it is another. */
export interface StartAnswer {
  started: boolean
  id: string
}

/** The one object that trains models. */
export interface TrainerPort {
  /** Begins a run, unless one goes on: runs never overlap. */
  start(reason: string, by: string): Promise<StartAnswer>
  /** Asks the run that goes on to end; null when none does. What it made is let go, its samples stay unused. */
  stop(by: string): Promise<string | null>
  view(): Promise<TrainerView>
}
