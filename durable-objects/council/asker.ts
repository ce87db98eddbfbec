import { MOST_CALLS, MOST_OUTPUT_TOKENS } from '../../adapters/verifiers/model-verifier.ts'
import { withSlice } from '../../core/council/assemble-pack.ts'
import {
  type Ask,
  answered,
  begun,
  type CouncilCase,
  type EarlierCase,
  failed,
  openAsks,
  settled,
  unsettledAsks,
} from '../../core/council/case.ts'
import { sliceOf } from '../../core/council/choose-events.ts'
import type { EvidencePack, PackEvent } from '../../core/council/evidence-pack.ts'
import { ground } from '../../core/council/grounding.ts'
import { Masker } from '../../core/council/masking.ts'
import { type Disclosure, type Prompt, sentText, writePrompt } from '../../core/council/prompt.ts'
import { questionDigest } from '../../core/council/question-digest.ts'
import type {
  Verifier,
  VerifierFailure,
  VerifierName,
  VerifierQuestion,
  VerifierReply,
} from '../../core/council/verifier.ts'
import { costOfTokens, DISCLOSED, type VerifierSetup } from '../../core/council/verifiers.ts'
import type { Clock } from '../../core/time.ts'
import type { CallOutcome, CouncilBudgetPort, EarlierAnswer } from '../names.ts'
import type { CaseStore } from './case-store.ts'

/** What asking needs besides the case. */
export interface AskerParts {
  /** Id of the case's object: names its calls at the budget. */
  object: string
  verifiers: ReadonlyMap<VerifierName, Verifier>
  setups: Record<VerifierName, VerifierSetup>
  /** One's own networks (CIDR): masked for everybody outside. */
  ownRanges: readonly string[]
  budget: () => CouncilBudgetPort
  clock: Clock
}

/** Asks the verifiers of a case: with a permit of the budget, masked, each beginning and each answer stored before what follows. */
export class Asker {
  readonly #store: CaseStore
  readonly #parts: AskerParts

  constructor(store: CaseStore, parts: AskerParts) {
    this.#store = store
    this.#parts = parts
  }

  async ask(round: number, ask: Ask, evidence: readonly PackEvent[]): Promise<void> {
    const verifier = this.#parts.verifiers.get(ask.verifier)
    if (!verifier) {
      this.#failed(round, ask, notAsked('It is no longer set up.'))
      return
    }
    const pack = this.#store.packOf(round)
    const masker = new Masker(pack, [], this.#store.masks(round), this.#parts.ownRanges)
    const question = this.#question(round, ask, pack, evidence, masker)
    const digest = question.prompt && (await this.#digestOf(round, ask, question.prompt))
    this.#store.change(
      round,
      (one) => begun(one, ask.id, this.#parts.clock(), digest),
      () => this.#store.writeMasks(round, masker.masks),
    )
    if (!this.#isWanted(round, ask)) return
    const take = (reply: VerifierReply, from: EarlierCase | null) =>
      this.#take(round, ask, reply, from, { pack, evidence, masker })
    // Each beginning is a call of its own: the one that a crash cut off may have been paid.
    const callId = callIdOf(this.#parts.object, round, ask, ask.begun + 1)
    if (ask.isRemote) {
      const usd = mostUsd(this.#parts.setups[ask.verifier], question.prompt)
      const sameWillDo = digest !== null && this.#store.of(round).askedBy === null
      const permit = await this.#parts.budget().ask({
        id: callId,
        verifier: ask.verifier,
        usd,
        ...(sameWillDo ? { digest } : {}),
      })
      if (!permit.granted) {
        if ('earlier' in permit) take(replyOf(permit.earlier), permit.earlier.from)
        else this.#failed(round, ask, notAsked(permit.why), true)
        return
      }
      if (!this.#isWanted(round, ask)) {
        this.#failed(round, ask, notAsked('The case was stopped before it was asked.'))
        await this.settleEnded(round, this.#store.of(round))
        return
      }
    }
    const startedAt = this.#parts.clock()
    if (question.prompt !== null) this.#recordSent(round, ask, question.prompt)
    const reply = await verifier.ask(question, startedAt)
    if (reply.ok) take(reply.value, null)
    else this.#failed(round, ask, reply.error)
    await this.settleEnded(round, this.#store.of(round))
  }

  /** What leaves is kept before it does: whether an answer ever comes is another matter. */
  #recordSent(round: number, ask: Ask, prompt: Prompt): void {
    this.#store.change(
      round,
      (one) => one,
      () => this.#store.writeRecord(round, { askId: ask.id, prompt: sentText(prompt), answer: '' }),
    )
  }

  /** Nobody stopped the case since the ask was opened. */
  #isWanted(round: number, { id }: Ask): boolean {
    return openAsks(this.#store.of(round)).some((open) => open.id === id)
  }

  /** Holds an answer against the evidence, an earlier one as any other, and stores what it comes to. */
  #take(
    round: number,
    ask: Ask,
    reply: VerifierReply,
    from: EarlierCase | null,
    { pack, evidence, masker }: { pack: EvidencePack; evidence: readonly PackEvent[]; masker: Masker },
  ): void {
    const { opinion, prompt, answer } = reply
    const visible = ask.isRemote ? pack.shown : evidence
    const wasSliceGiven = this.#store.of(round).sliceGiven
    const grounded = ground(opinion, visible, pack, (text) => masker.restore(text))
    this.#store.change(
      round,
      (one) => answered(one, ask.id, { reply, opinion: grounded, from }, this.#parts.clock()),
      () => {
        if (prompt !== '') this.#store.writeRecord(round, { askId: ask.id, prompt, answer })
        if (opinion.more !== null && this.#store.of(round).sliceGiven && !wasSliceGiven)
          this.#store.writePack(round, withSlice(pack, sliceOf(evidence, pack.shown, opinion.more!)))
      },
    )
  }

  #digestOf(round: number, { verifier, role, isBlind }: Ask, prompt: Prompt): Promise<string> {
    const { model } = this.#parts.setups[verifier]
    const { marker } = this.#store.of(round)
    return questionDigest({ verifier, model, role, disclosure: disclosureOf(role, isBlind), prompt, marker })
  }

  #question(
    round: number,
    ask: Ask,
    pack: EvidencePack,
    evidence: readonly PackEvent[],
    masker: Masker,
  ): VerifierQuestion {
    const one = this.#store.of(round)
    const before =
      ask.role === 'remediation'
        ? one.asks.flatMap(({ verifier, role, opinion }) =>
            opinion === null ? [] : [{ verifier, role, opinion: { ...opinion, citations: [] } }],
          )
        : []
    const asked = { role: ask.role, pack, before, isLast: one.sliceGiven || ask.isBlind }
    const disclosure = disclosureOf(ask.role, ask.isBlind)
    const prompt = ask.isRemote ? writePrompt(asked, { marker: one.marker, masker, disclosure }) : null
    return { ...asked, evidence: ask.isRemote ? [] : evidence, prompt }
  }

  #failed(round: number, ask: Ask, failure: VerifierFailure, isSettled = false): void {
    const { prompt, answer } = failure
    this.#store.change(
      round,
      (one) => {
        const next = failed(one, ask.id, failure, this.#parts.clock())
        return isSettled ? settled(next, ask.id) : next
      },
      () => {
        if (prompt !== '') this.#store.writeRecord(round, { askId: ask.id, prompt, answer })
      },
    )
  }

  /** Tells the budget what ended calls took; told again after a crash it changes nothing there. */
  async settleEnded(round: number, one: CouncilCase): Promise<void> {
    for (const ask of unsettledAsks(one)) {
      const callId = callIdOf(this.#parts.object, round, ask, ask.begun)
      await this.#parts.budget().settle(outcomeOf(callId, ask), answerOf(one.incidentKey, round, ask))
      this.#store.change(round, (now) => settled(now, ask.id))
    }
  }
}

const callIdOf = (object: string, round: number, { id }: Ask, beginning: number): string =>
  `${object}/${round}/${id}/${beginning}`

/** The most that an ask can cost, with all its retries. */
function mostUsd({ price }: VerifierSetup, prompt: Prompt | null): number {
  return MOST_CALLS * (costOfTokens(price, prompt?.tokens ?? 0, MOST_OUTPUT_TOKENS) ?? 0)
}

const outcomeOf = (id: string, ask: Ask): CallOutcome => ({
  id,
  verifier: ask.verifier,
  usd: ask.usage?.costUsd ?? 0,
  inputTokens: ask.usage?.inputTokens ?? 0,
  outputTokens: ask.usage?.outputTokens ?? 0,
  calls: ask.calls,
  ms: (ask.endedAt ?? 0) - (ask.begunAt ?? 0),
  failure: ask.failure,
})

/** What an ask was told, for whoever asks the same; null when it was told nothing. */
function answerOf(
  incidentKey: string,
  round: number,
  { id, state, digest, model, opinion, endedAt }: Ask,
): { digest: string; answer: EarlierAnswer } | null {
  if (state !== 'answered' || digest === null || opinion === null) return null
  return { digest, answer: { model: model ?? '', opinion, from: { incidentKey, round, askId: id, at: endedAt ?? 0 } } }
}

/** An earlier answer as a reply: nothing was sent, nothing came, nothing is paid. */
const replyOf = ({ model, opinion }: EarlierAnswer): VerifierReply => ({
  opinion,
  model,
  usage: { inputTokens: 0, outputTokens: 0, costUsd: 0 },
  prompt: '',
  answer: '',
  calls: 0,
})

const disclosureOf = (role: Ask['role'], isBlind: boolean): Disclosure => (isBlind ? 'blind' : DISCLOSED[role])

const notAsked = (why: string): VerifierFailure => ({
  tag: 'not-reached',
  why,
  retryAfterMs: null,
  usage: null,
  prompt: '',
  answer: '',
  calls: 0,
})
