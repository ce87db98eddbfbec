import { NOT_VERIFIED } from '../incidents/record.ts'
import { classOf } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import { type AbsentAnswers, type AnswerColumn, absentAnswers } from './absent-answers.ts'
import type { Conclusion } from './aggregate.ts'
import { type Ask, type CouncilCase, costOf, type NotRun, pathOf } from './case.ts'
import type { CheckedCitation, GroundedOpinion } from './grounding.ts'
import { isPassword, type Mask, restoreMasks } from './masking.ts'
import type { ProposedAction, Verdict, VerifierName, VerifierRole } from './verifier.ts'
import { VERIFIER_FACTS } from './verifiers.ts'

/** What a verifier said, as an incident keeps it. Passwords stay masked: viewers read it too. */
export interface StoredOpinion {
  verifier: VerifierName
  role: VerifierRole
  model: string | null
  verdict: Verdict | null
  threat_class: number | null
  confidence: number
  reasoning: string
  citations: { evidence: number; says: string; struck: string | null }[]
  actions: ProposedAction[]
  cost_usd: number | null
}

/** What an incident keeps of its case, in `triage_note.council`. */
export interface CouncilNote {
  state: 'done' | 'failed'
  round: number
  verdict: Verdict | null
  /** Class that the council thinks right, by name and id; null where it leaves the ensemble's. */
  corrected_class: { id: number; name: string } | null
  remarks: string[]
  disputed: boolean
  /** Dismissed, and a person is to look at it all the same. */
  sampled_for_review: boolean
  not_run: NotRun[]
  /** Why the incident has no answer of a verifier; absent in what an older version wrote. */
  absent?: AbsentAnswers
  failure: string | null
  cost_usd: number | null
  processing_time_ms: number
  at: EpochMs
}

/** All that is written of a case when it is over. */
export interface VerdictRecord {
  incidentKey: string
  round: number
  verdict: Verdict | null
  confidence: number | null
  reasoning: string | null
  /** What the ensemble's path goes on with. */
  path: string[]
  apiCalls: string[]
  columns: Record<AnswerColumn, StoredOpinion | null>
  note: CouncilNote
  /** Sentences on the incident that no longer hold, and those that now do. */
  missing: { removed: string[]; added: string[] }
  isDismissed: boolean
  /** Name of the class that the verdict teaches; null where it decides nothing. */
  label: string | null
}

/** Begins every sentence of ours among what is missing, so that a later case takes them back. */
export const MISSING_PREFIX = 'Council: '

export function verdictRecord(one: CouncilCase, round: number, masks: readonly Mask[], now: EpochMs): VerdictRecord {
  const restore = (text: string) => restoreMasks(text, masks, isPassword)
  const { conclusion, failure } = one
  const opinionIn = (column: AnswerColumn): StoredOpinion | null => {
    const ask = one.asks.findLast(
      ({ verifier, opinion, isBlind }) => VERIFIER_FACTS[verifier].column === column && opinion !== null && !isBlind,
    )
    return ask?.opinion ? storedOpinion(ask, ask.opinion, restore) : null
  }
  const missing = [
    ...(failure === null ? [] : [`the case failed: ${restore(failure)}`]),
    ...one.asks
      .filter(({ state }) => state === 'failed')
      .map(({ role, verifier, why }) => `${role} by ${VERIFIER_FACTS[verifier].title} failed: ${why ?? 'no reason'}`),
  ]
  return {
    incidentKey: one.incidentKey,
    round,
    verdict: conclusion?.verdict ?? null,
    confidence: conclusion?.confidence ?? null,
    reasoning: conclusion === null ? null : restore([conclusion.reasoning, ...conclusion.remarks].join('\n')),
    path: pathOf(one),
    apiCalls: one.asks.flatMap(({ isRemote, verifier, calls }) =>
      isRemote && calls > 0 ? Array(calls).fill(verifier) : [],
    ),
    columns: {
      gemini_analysis: opinionIn('gemini_analysis'),
      grok_intel: opinionIn('grok_intel'),
      openai_remediation: opinionIn('openai_remediation'),
    },
    note: {
      state: conclusion === null ? 'failed' : 'done',
      round,
      verdict: conclusion?.verdict ?? null,
      corrected_class: conclusion?.isCorrected
        ? { id: conclusion.threatClass, name: classOf(conclusion.threatClass).name }
        : null,
      remarks: (conclusion?.remarks ?? []).map(restore),
      disputed: conclusion?.isDisputed ?? false,
      sampled_for_review: conclusion?.isSampled ?? false,
      not_run: one.notRun,
      absent: restoredEach(absentAnswers(one), restore),
      failure: failure === null ? null : restore(failure),
      cost_usd: costOf(one),
      processing_time_ms: now - one.steps[0]!.at,
      at: now,
    },
    missing: {
      removed: conclusion === null ? [] : [NOT_VERIFIED],
      added: missing.map((sentence) => MISSING_PREFIX + sentence),
    },
    isDismissed: conclusion?.verdict === 'FALSE_POSITIVE' && !conclusion.isSampled,
    label: conclusion && labelOf(conclusion),
  }
}

/** A verdict that decides nothing gives no class: never the model's own answer, never Normal. */
function labelOf({ verdict, threatClass }: Conclusion): string | null {
  if (verdict === 'INVESTIGATE') return null
  return classOf(verdict === 'THREAT' ? threatClass : 0).name
}

const restoredEach = (absent: AbsentAnswers, restore: (text: string) => string): AbsentAnswers =>
  Object.fromEntries(
    Object.entries(absent).map(([column, why]) => [column, why === null ? null : restore(why)]),
  ) as AbsentAnswers

/** An opinion by the names that the incident and the API use. */
export function storedOpinion(
  { verifier, role, model, usage }: Ask,
  opinion: GroundedOpinion,
  restore: (text: string) => string,
): StoredOpinion {
  const { verdict, threatClass, confidence, reasoning, citations, actions } = opinion
  return {
    verifier,
    role,
    model,
    verdict,
    threat_class: threatClass,
    confidence,
    reasoning: restore(reasoning),
    citations: citations.map(({ evidence, says, struck }: CheckedCitation) => ({
      evidence,
      says: restore(says),
      struck: struck === null ? null : restore(struck),
    })),
    actions: actions.map(({ action, why, rollback }) => ({
      action: restore(action),
      why: restore(why),
      rollback: restore(rollback),
    })),
    cost_usd: usage?.costUsd ?? null,
  }
}
