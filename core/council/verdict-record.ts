import { NOT_VERIFIED } from '../incidents/record.ts'
import { classOf } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import type { Conclusion } from './aggregate.ts'
import { type Ask, type CouncilCase, costOf, type NotRun, pathOf } from './case.ts'
import type { EvidencePack } from './evidence-pack.ts'
import type { CheckedCitation } from './grounding.ts'
import { isPassword, type Mask, restoreMasks } from './masking.ts'
import { caseNumbers } from './memory/reused-conclusion.ts'
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
  /** Ids of the incidents whose cases gave the verdict; empty when verifiers did. */
  reused_from: number[]
  not_run: NotRun[]
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
  columns: Record<'gemini_analysis' | 'grok_intel' | 'openai_remediation', StoredOpinion | null>
  note: CouncilNote
  /** Sentences on the incident that no longer hold, and those that now do. */
  missing: { removed: string[]; added: string[] }
  isDismissed: boolean
  sample: TrainingLabel | null
}

/** What a verdict teaches. */
export interface TrainingLabel {
  prediction: string
  label: string
  wasOverride: boolean
}

/** Begins every sentence of ours among what is missing, so that a later case takes them back. */
export const MISSING_PREFIX = 'Council: '
/** The label of a window that the council could not decide: a trainer must not take it for any class. */
export const UNDECIDED = 'undecided'

export function verdictRecord(
  one: CouncilCase,
  round: number,
  pack: EvidencePack | null,
  masks: readonly Mask[],
  now: EpochMs,
): VerdictRecord {
  const restore = (text: string) => restoreMasks(text, masks, isPassword)
  const { conclusion, failure, memory } = one
  const reuse = memory?.reuse ?? null
  const opinionIn = (column: keyof VerdictRecord['columns']): StoredOpinion | null => {
    const ask = one.asks.findLast(
      ({ verifier, opinion, isBlind }) => VERIFIER_FACTS[verifier].column === column && opinion !== null && !isBlind,
    )
    return ask ? stored(ask, restore) : null
  }
  const missing = [
    ...(reuse === null ? [] : [`nobody was asked: the verdict is reused from ${caseNumbers(reuse)}`]),
    ...(memory?.isMissing ? [`past cases were not compared: ${memory.why}`] : []),
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
      reused_from: reuse?.cases.map(({ incidentId }) => incidentId) ?? [],
      not_run: one.notRun,
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
    // A verdict that was reused teaches nothing: the cases that it rests on have, and it must not count their label again.
    sample: conclusion && pack && reuse === null ? labelOf(conclusion, pack) : null,
  }
}

/** A verdict that decides nothing gives no class: never the model's own answer, never Normal. */
function labelOf({ verdict, threatClass }: Conclusion, pack: EvidencePack): TrainingLabel {
  const prediction = classOf(pack.prediction.threatClass).name
  const label =
    verdict === 'THREAT' ? classOf(threatClass).name : verdict === 'FALSE_POSITIVE' ? classOf(0).name : UNDECIDED
  return { prediction, label, wasOverride: label !== UNDECIDED && label !== prediction }
}

function stored({ verifier, role, model, opinion, usage }: Ask, restore: (text: string) => string): StoredOpinion {
  const { verdict, threatClass, confidence, reasoning, citations, actions } = opinion!
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
