import {
  type Ask,
  answered,
  type CouncilCase,
  concluded,
  entered,
  failed,
  newCase,
  openAsks,
  type Plan,
  planned,
} from '../../core/council/case.ts'
import type { EvidencePack, PackEvent } from '../../core/council/evidence-pack.ts'
import { ground } from '../../core/council/grounding.ts'
import { Masker } from '../../core/council/masking.ts'
import { type Prompt, writePrompt } from '../../core/council/prompt.ts'
import type { Opinion } from '../../core/council/verifier.ts'
import { DISCLOSED } from '../../core/council/verifiers.ts'

const MARKER = 'f00dfeedf00dfeed'
const PLAN: Plan = {
  candidates: {
    judge: [{ verifier: 'gemini', isRemote: true }],
    intel: [{ verifier: 'grok', isRemote: true }],
    remediation: [{ verifier: 'openai', isRemote: true }],
  },
  notRun: [],
}

/** Runs a case through core alone, as the object does, with scripted verifiers; null: it fails. */
export function runCase(
  pack: EvidencePack,
  evidence: readonly PackEvent[],
  answer: (ask: Ask, prompt: Prompt) => Opinion | null,
  plan: Plan = PLAN,
): CouncilCase {
  const masker = new Masker(pack, evidence, [], [])
  let one = entered(entered(newCase(pack.incidentKey, MARKER, 0), 'memory', 1), 'plan', 2)
  one = planned(one, plan, 3)
  for (let at = 4; openAsks(one).length > 0; at++) {
    for (const ask of openAsks(one)) {
      const prompt = writePrompt(
        { role: ask.role, pack, before: [], isLast: true },
        { marker: MARKER, masker, disclosure: ask.isBlind ? 'blind' : DISCLOSED[ask.role] },
      )
      const opinion = answer(ask, prompt)
      const usage = { inputTokens: prompt.tokens, outputTokens: 100, costUsd: 0.001 }
      one =
        opinion === null
          ? failed(one, ask.id, { tag: 'server-error', why: 'status 500', usage: null, calls: 3 }, at)
          : answered(
              one,
              ask.id,
              {
                reply: { model: 'scripted', usage, calls: 1 },
                opinion: ground(opinion, ask.isRemote ? pack.shown : evidence, pack, (text) => masker.restore(text)),
              },
              at,
            )
    }
    if (at > 50) throw new Error('the case does not end')
  }
  return one.state === 'aggregate' ? concluded(one, pack, 99) : one
}

export const opinion = (over: Partial<Opinion> = {}): Opinion => ({
  verdict: 'THREAT',
  threatClass: null,
  confidence: 0.8,
  reasoning: 'Names are tried in a row.',
  citations: [{ evidence: 1, says: 'a failed log-in', facts: [{ field: 'dst_port', value: '22' }] }],
  actions: [],
  more: null,
  ...over,
})
export const NO_OPINION: Opinion = opinion({ verdict: null, confidence: 0, citations: [], reasoning: 'Nothing.' })
