import type { Result } from '../result.ts'
import type { ClassId } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import type { EvidencePack, PackEvent } from './evidence-pack.ts'
import type { Prompt } from './prompt.ts'

/** The port of those who give a second opinion on a case: models outside, a model beside, and the rules that ship. */

export const VERDICTS = ['THREAT', 'FALSE_POSITIVE', 'INVESTIGATE'] as const
export type Verdict = (typeof VERDICTS)[number]

/** What is asked of a verifier: is it a threat, who is it, what should be done. */
export const ROLES_OF_VERIFIERS = ['judge', 'intel', 'remediation'] as const
export type VerifierRole = (typeof ROLES_OF_VERIFIERS)[number]

export const VERIFIERS = ['gemini', 'grok', 'openai', 'workers-ai', 'rules'] as const
export type VerifierName = (typeof VERIFIERS)[number]

/**
 * Something that a cited event is said to hold, in a form that can be checked. `field` is a dotted path of the
 * canonical event (`username`, `dst_port`, `http.path`, `ts` as ISO-8601 or ms), or `count`: how many events of the
 * cited event's type the case holds. `value` is its value as text.
 */
export interface StatedFact {
  field: string
  value: string
}

/** A pointer to one event of the evidence. */
export interface Citation {
  /** The n of En: the event's number in the incident's evidence. */
  evidence: number
  /** What the event shows, in the verifier's words. */
  says: string
  facts: StatedFact[]
}

/** A response that the remediation verifier proposes. Nothing is carried out by it. */
export interface ProposedAction {
  action: string
  why: string
  /** How it is taken back. */
  rollback: string
}

/** More events that the judge asks to see, once. */
export interface SliceRequest {
  /** Event type to see more of; null: any. */
  eventType: string | null
  /** Event times, inclusive; null: no bound. */
  from: EpochMs | null
  to: EpochMs | null
}

/** What a verifier says of a case. */
export interface Opinion {
  /** Null: it gives none (an intel verifier that knows nothing of the source, a remediation that only proposes). */
  verdict: Verdict | null
  /** The class that it thinks right; null: it leaves the ensemble's. */
  threatClass: ClassId | null
  /** 0..1, of its verdict; 0 without one. */
  confidence: number
  /** Plain text for the analyst. */
  reasoning: string
  citations: Citation[]
  /** By the remediation verifier; else none. */
  actions: ProposedAction[]
  /** Set when it would rather see more events first; then its verdict is provisional. */
  more: SliceRequest | null
}

/** What an answer took, by the provider's own count. */
export interface Usage {
  inputTokens: number
  outputTokens: number
  /** Dollars by the price table; 0 for what costs nothing. Null: the model has no row in the price table. */
  costUsd: number | null
}

/** What a verifier is asked. */
export interface VerifierQuestion {
  role: VerifierRole
  pack: EvidencePack
  /** All events that are kept of the incident (at most 500), for judges that run here; nothing of it leaves the machine. */
  evidence: readonly PackEvent[]
  /** The question written out for this verifier, masked by its policy; null for a judge that runs here. */
  prompt: Prompt | null
  /** Opinions given before, for the remediation verifier. */
  before: readonly { verifier: VerifierName; role: VerifierRole; opinion: Opinion }[]
  /** True when more events can no longer be asked for. */
  isLast: boolean
}

/** An answer as it came, for audit, and what was read from it. */
export interface VerifierReply {
  opinion: Opinion
  /** Model as the provider names it. */
  model: string
  usage: Usage
  /** As sent and as received; both empty for a judge that runs here. */
  prompt: string
  answer: string
  /** Calls made for it, retries counted. */
  calls: number
}

/** Why a verifier gave no opinion. `why` is a short sentence for the case's page; it holds no key. */
export interface VerifierFailure {
  tag:
    | 'timed-out'
    | 'not-reached'
    | 'server-error'
    | 'too-many-requests'
    | 'key-refused'
    | 'unexpected-status'
    | 'unreadable-answer'
    | 'wrong-form'
    | 'refused-to-answer'
  why: string
  /** How long to leave it alone, ms; null when it did not say. */
  retryAfterMs: number | null
  /** What failed calls took all the same, where the provider said so. */
  usage: Usage | null
  prompt: string
  answer: string
  calls: number
}

/** Gives opinions. Never throws for what the outside does: that is a `VerifierFailure`. */
export interface Verifier {
  name: VerifierName
  roles: readonly VerifierRole[]
  /** Whether its call leaves the machine, costs, and is limited: all but the rules. */
  isRemote: boolean
  ask(question: VerifierQuestion, now: EpochMs): Promise<Result<VerifierReply, VerifierFailure>>
}
