import type { EpochMs } from '../time.ts'
import type { CouncilCase } from './case.ts'
import type { EvidencePack } from './evidence-pack.ts'
import type { Mask } from './masking.ts'
import type { VerifierFailure, VerifierName } from './verifier.ts'

/** A prompt and its answer, kept for audit as they went out and came in. */
export interface AskRecord {
  askId: string
  prompt: string
  answer: string
}

/** A case with all that its page shows. Texts of verifiers are masked; `masks` puts them back. */
export interface CouncilCaseView {
  case: CouncilCase
  /** Cases of this incident so far, this one included. */
  round: number
  pack: Pick<EvidencePack, 'counts' | 'addressed' | 'scenarioHits' | 'similar' | 'prediction'> | null
  /** Estimated tokens of the pack as it was written out; null while nobody was asked outside. */
  promptTokens: number | null
  masks: Mask[]
  records: AskRecord[]
}

/** What one verifier did since the object exists. */
export interface VerifierFigures {
  verifier: VerifierName
  asked: number
  answered: number
  failures: Partial<Record<VerifierFailure['tag'], number>>
  /** Refused for budget, breaker or queue. */
  refused: number
  /** Not asked, because an earlier answer to the same question was there. */
  fromEarlier: number
  calls: number
  inputTokens: number
  outputTokens: number
  usd: number
  /** Sum of the time that answers took, ms, and the longest. */
  msTotal: number
  msLongest: number
  running: number
  waiting: number
  breaker: 'closed' | 'open' | 'half-open'
}

export interface CouncilBudgetHealth {
  dailyBudgetUsd: number
  spentTodayUsd: number
  /** For calls that run. */
  setAsideUsd: number
  verifiers: VerifierFigures[]
  at: EpochMs
}
