import { DurableObject } from 'cloudflare:workers'
import { CouncilIncidents } from '../adapters/d1/council-incidents.ts'
import { databaseOf } from '../adapters/d1/database.ts'
import { TrainingSamples } from '../adapters/d1/training-samples.ts'
import { MOST_CALLS, MOST_OUTPUT_TOKENS } from '../adapters/verifiers/model-verifier.ts'
import { remoteVerifiers, type VerifierWorld } from '../adapters/verifiers/verifiers.ts'
import type { AiBinding } from '../adapters/verifiers/workers-ai.ts'
import { assemblePack, withSlice } from '../core/council/assemble-pack.ts'
import {
  type Ask,
  answered,
  begun,
  type CouncilCase,
  concluded,
  type EarlierCase,
  entered,
  failed,
  gaveUp,
  isOver,
  isStoppable,
  newCase,
  openAsks,
  planned,
  published,
  recalled,
  remembered,
  settled,
  stopped,
  unsettledAsks,
} from '../core/council/case.ts'
import { sliceOf } from '../core/council/choose-events.ts'
import type { EvidencePack, PackEvent } from '../core/council/evidence-pack.ts'
import { ground } from '../core/council/grounding.ts'
import { Masker } from '../core/council/masking.ts'
import type { CaseRefusal, PersonRequest } from '../core/council/person-request.ts'
import { type Disclosure, type Prompt, sentText, writePrompt } from '../core/council/prompt.ts'
import { questionDigest } from '../core/council/question-digest.ts'
import { verdictRecord } from '../core/council/verdict-record.ts'
import type {
  Verifier,
  VerifierFailure,
  VerifierName,
  VerifierQuestion,
  VerifierReply,
} from '../core/council/verifier.ts'
import { costOfTokens, DISCLOSED, planOf, setupsOf, type VerifierSetup } from '../core/council/verifiers.ts'
import type { CouncilCaseView } from '../core/council/view.ts'
import { sendableUnless } from '../core/intel/live/sendable.ts'
import { err, ok, type Result } from '../core/result.ts'
import { readSettings, type Settings } from '../core/settings.ts'
import type { Clock } from '../core/time.ts'
import { CaseStore } from './council/case-store.ts'
import { LOCAL_JUDGES, type LocalJudges } from './council/local-judges.ts'
import { pastCaseOf, recall } from './council/recall.ts'
import {
  CASE_MEMORY,
  type CallOutcome,
  type CaseMemoryPort,
  COUNCIL_BUDGET,
  type CouncilBudgetPort,
  type CouncilPort,
  type EarlierAnswer,
} from './names.ts'

/** After an error (D1 or the budget does not answer) the step is tried again. */
const RETRY_MS = 2_000
/** A step that fails so often will fail again: the case ends with what it has. */
const MOST_ATTEMPTS = 20
/** An incident that has grown so many times since its last case is looked at again. */
const GROWN = 10

export interface CouncilEnv {
  DB: D1Database
  COUNCIL_BUDGET: { getByName(name: string): CouncilBudgetPort }
  /** Absent where no memory is set up: then nothing is compared and nothing remembered. */
  CASE_MEMORY?: { getByName(name: string): CaseMemoryPort }
  AI?: AiBinding
}

/** What a case needs of the world; a test hands in its own. */
export interface CouncilParts extends Omit<VerifierWorld, 'ai'>, LocalJudges {
  clock: Clock
  /** Random text that fences evidence. */
  marker: () => string
}

const DEFAULTS: CouncilParts = {
  clock: () => Date.now(),
  fetch: (...request) => fetch(...request),
  random: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
  sleep: (ms) => scheduler.wait(ms),
  marker: () => crypto.randomUUID().replaceAll('-', ''),
  ...LOCAL_JUDGES,
}

/**
 * The case of one incident. An alarm drives it; each transition is stored before the next begins, so that a crash at any
 * point resumes the step, and a call that ended is not paid for again. Core decides; this object keeps and carries.
 */
export class Council extends DurableObject<CouncilEnv> implements CouncilPort {
  readonly #parts: CouncilParts
  readonly #store = new CaseStore(this.ctx.storage.sql)
  readonly #settings: Settings
  readonly #setups: Record<VerifierName, VerifierSetup>
  readonly #verifiers: ReadonlyMap<VerifierName, Verifier>
  #evidence: { round: number; events: readonly PackEvent[] } | null = null
  #attempts = 0
  #running: { done: Promise<boolean>; letGo: () => void } | null = null

  constructor(ctx: DurableObjectState, env: CouncilEnv, parts: Partial<CouncilParts> = {}) {
    super(ctx, env)
    this.#parts = { ...DEFAULTS, ...parts }
    this.#settings = readSettings(env as unknown as Record<string, unknown>).values
    this.#setups = setupsOf(this.#settings, {
      ai: env.AI !== undefined,
      rules: this.#parts.verifiers.has('rules'),
    })
    const { fetch, random, sleep } = this.#parts
    const remote = remoteVerifiers(this.#settings, this.#setups, { fetch, random, sleep, ai: env.AI ?? null })
    this.#verifiers = new Map([...remote, ...this.#parts.verifiers])
  }

  async open(incidentKey: string, events: number): Promise<void> {
    const known = this.#store.newest()
    const seen = known && this.#store.pack(known.round)?.counts.seen
    if (known && isOver(known.one) && events < GROWN * (seen ?? 1)) return
    // One that runs is only woken: whoever opened it may have died before the alarm was set.
    if (!known || isOver(known.one))
      this.ctx.storage.transactionSync(() =>
        this.#store.write((known?.round ?? 0) + 1, newCase(incidentKey, this.#parts.marker(), this.#parts.clock())),
      )
    await this.ctx.storage.setAlarm(this.#parts.clock())
  }

  async askAgain(
    incidentKey: string,
    request: PersonRequest,
    seen: number | null,
  ): Promise<Result<{ round: number }, CaseRefusal>> {
    const known = this.#store.newest()
    if (known && !isOver(known.one)) return err('case-runs')
    if (seen !== null && seen !== (known?.round ?? 0)) return err('newer-case')
    const now = this.#parts.clock()
    const round = (known?.round ?? 0) + 1
    this.ctx.storage.transactionSync(() =>
      this.#store.write(round, newCase(incidentKey, this.#parts.marker(), now, request)),
    )
    await this.ctx.storage.setAlarm(now)
    return ok({ round })
  }

  async stop(request: PersonRequest, seen: number | null): Promise<Result<{ round: number }, CaseRefusal>> {
    const known = this.#store.newest()
    if (!known) return err('no-case')
    const { round, one } = known
    if (seen !== null && seen !== round) return err('newer-case')
    if (!isStoppable(one)) return err('case-over')
    this.ctx.storage.transactionSync(() => this.#store.write(round, stopped(one, request, this.#parts.clock())))
    // Whoever drives the case need not wait for the calls under way: what is left is to write that it ended.
    this.#running?.letGo()
    await this.ctx.storage.setAlarm(this.#parts.clock())
    return ok({ round })
  }

  async view(): Promise<CouncilCaseView | null> {
    const known = this.#store.newest()
    if (!known) return null
    const pack = this.#store.pack(known.round)
    const records = this.#store.records(known.round)
    return {
      case: known.one,
      round: known.round,
      pack: pack && {
        counts: pack.counts,
        addressed: pack.addressed,
        scenarioHits: pack.scenarioHits,
        similar: pack.similar,
        prediction: pack.prediction,
      },
      promptTokens:
        records.length === 0 ? null : Math.max(...records.map(({ prompt }) => Math.ceil(prompt.length / 4))),
      masks: this.#store.masks(known.round),
      records,
    }
  }

  override async alarm(): Promise<void> {
    try {
      while (await this.step());
      this.#attempts = 0
    } catch (error) {
      this.#attempts++
      this.#log(error)
      if (this.#attempts >= MOST_ATTEMPTS) this.#giveUp(String(error).slice(0, 200))
      await this.ctx.storage.setAlarm(this.#parts.clock() + RETRY_MS)
    }
  }

  /** Does what the case's state asks for and stores the next; true while there is more to do. What the alarm repeats. */
  step(): Promise<boolean> {
    if (this.#running) return this.#running.done
    const stopped = Promise.withResolvers<true>()
    const work = this.#step()
    const done = Promise.race([work, stopped.promise]).finally(() => {
      this.#running = null
    })
    const letGo = () => {
      // Its calls still end and are accounted, with nobody waiting.
      work.catch((error) => this.#log(error))
      stopped.resolve(true)
    }
    this.#running = { done, letGo }
    return done
  }

  async #step(): Promise<boolean> {
    const known = this.#store.newest()
    if (!known) return false
    const { round, one } = known
    await this.#settleEnded(round, one)
    switch (one.state) {
      case 'created':
        return this.#gather(round, one)
      case 'memory':
        await this.#recall(round, one)
        return true
      case 'plan': {
        const isPublic = sendableUnless(this.#settings.OWN_RANGES)(this.#packOf(round).source).ok
        this.#put(round, planned(one, planOf(this.#setups, isPublic), this.#parts.clock()))
        return true
      }
      case 'judge-and-intel':
      case 'remediation': {
        const evidence = await this.#evidenceOf(round, one)
        await Promise.all(openAsks(one).map((ask) => this.#ask(round, ask, evidence)))
        return true
      }
      case 'aggregate': {
        if (one.conclusion === null) {
          this.#put(round, concluded(one, this.#packOf(round), this.#parts.clock()))
          return true
        }
        await this.#publish(round, one)
        return false
      }
      case 'failed':
        if (!one.isPublished) await this.#publish(round, one)
        return false
      case 'done':
        await this.#remember(round, one)
        return false
    }
  }

  get #incidents(): CouncilIncidents {
    return new CouncilIncidents(databaseOf(this.env.DB))
  }

  /** Stores what follows, unless a person stopped the case while it was worked out. */
  #put(round: number, one: CouncilCase, also: () => void = () => {}): void {
    this.ctx.storage.transactionSync(() => {
      if (this.#store.of(round).stoppedBy !== null) return
      this.#store.write(round, one)
      also()
    })
  }

  /** Changes the case as it is stored now: asks that run side by side each add their own. */
  #change(round: number, change: (one: CouncilCase) => CouncilCase, also: () => void = () => {}): void {
    this.ctx.storage.transactionSync(() => {
      this.#store.write(round, change(this.#store.of(round)))
      also()
    })
  }

  #packOf(round: number): EvidencePack {
    const pack = this.#store.pack(round)
    if (!pack) throw new Error('a case past its first step has no pack')
    return pack
  }

  /** Read once a round: all that a case says of its evidence is of the same events. */
  async #evidenceOf(round: number, { incidentKey }: CouncilCase): Promise<readonly PackEvent[]> {
    if (this.#evidence?.round !== round) this.#evidence = { round, events: await this.#incidents.evidence(incidentKey) }
    return this.#evidence.events
  }

  async #gather(round: number, one: CouncilCase): Promise<boolean> {
    const [incident, evidence] = await Promise.all([
      this.#incidents.byKey(one.incidentKey),
      this.#evidenceOf(round, one),
    ])
    if (incident === null) throw new Error('the incident is not in the database')
    const pack = assemblePack(incident, evidence, {
      scenarioHits: this.#parts.scenarios(evidence),
      similar: [],
      intel: incident.intel === null || incident.intel.asked.length === 0 ? null : incident.intel.findings,
    })
    const masker = new Masker(pack, evidence, [], this.#settings.OWN_RANGES)
    await this.#incidents.noteRequests(one, round)
    this.#put(round, entered(one, 'memory', this.#parts.clock()), () => {
      this.#store.writePack(round, pack)
      this.#store.writeMasks(round, masker.masks)
    })
    return true
  }

  async #ask(round: number, ask: Ask, evidence: readonly PackEvent[]): Promise<void> {
    const verifier = this.#verifiers.get(ask.verifier)
    if (!verifier) {
      this.#failed(round, ask, notAsked('It is no longer set up.'))
      return
    }
    const pack = this.#packOf(round)
    const masker = new Masker(pack, [], this.#store.masks(round), this.#settings.OWN_RANGES)
    const question = this.#question(round, ask, pack, evidence, masker)
    const digest = question.prompt && (await this.#digestOf(round, ask, question.prompt))
    this.#change(
      round,
      (one) => begun(one, ask.id, this.#parts.clock(), digest),
      () => this.#store.writeMasks(round, masker.masks),
    )
    if (!this.#isWanted(round, ask)) return
    const take = (reply: VerifierReply, from: EarlierCase | null) =>
      this.#take(round, ask, reply, from, { pack, evidence, masker })
    // Each beginning is a call of its own: the one that a crash cut off may have been paid.
    const callId = callIdOf(this.ctx.id.toString(), round, ask, ask.begun + 1)
    if (ask.isRemote) {
      const usd = mostUsd(this.#setups[ask.verifier], question.prompt)
      const sameWillDo = digest !== null && this.#store.of(round).askedBy === null
      const permit = await this.#budget.ask({
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
        await this.#settleEnded(round, this.#store.of(round))
        return
      }
    }
    const startedAt = this.#parts.clock()
    if (question.prompt !== null) this.#recordSent(round, ask, question.prompt)
    const reply = await verifier.ask(question, startedAt)
    if (reply.ok) take(reply.value, null)
    else this.#failed(round, ask, reply.error)
    await this.#settleEnded(round, this.#store.of(round))
  }

  /** What leaves is kept before it does: whether an answer ever comes is another matter. */
  #recordSent(round: number, ask: Ask, prompt: Prompt): void {
    this.ctx.storage.transactionSync(() =>
      this.#store.writeRecord(round, { askId: ask.id, prompt: sentText(prompt), answer: '' }),
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
    this.#change(
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
    const { model } = this.#setups[verifier]
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
    this.#change(
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

  get #memory(): CaseMemoryPort | null {
    return this.env.CASE_MEMORY?.getByName(CASE_MEMORY) ?? null
  }

  get #budget(): CouncilBudgetPort {
    return this.env.COUNCIL_BUDGET.getByName(COUNCIL_BUDGET)
  }

  /** Tells the budget what ended calls took; told again after a crash it changes nothing there. */
  async #settleEnded(round: number, one: CouncilCase): Promise<void> {
    for (const ask of unsettledAsks(one)) {
      const callId = callIdOf(this.ctx.id.toString(), round, ask, ask.begun)
      await this.#budget.settle(outcomeOf(callId, ask), answerOf(one.incidentKey, round, ask))
      this.#change(round, (now) => settled(now, ask.id))
    }
  }

  async #publish(round: number, one: CouncilCase): Promise<void> {
    const now = this.#parts.clock()
    await this.#incidents.noteRequests(one, round)
    await this.#incidents.writeVerdict(verdictRecord(one, round, this.#store.masks(round), now), now)
    // What is not collected now is collected by the hour.
    const collected = await new TrainingSamples(databaseOf(this.env.DB)).collect(one.incidentKey, now)
    if (!collected.ok) console.error(JSON.stringify({ what: 'training sample', ...collected.error }))
    this.#change(round, (now) => published(now, this.#parts.clock()))
    this.#evidence = null
    await this.#remember(round, this.#store.of(round))
  }

  /** Asks memory once; without an answer the case goes on. */
  async #recall(round: number, one: CouncilCase): Promise<void> {
    const pack = this.#packOf(round)
    const { memory, similar } = await recall(this.#memory, pack, {
      round,
      // Who asks again wants to hear it anew.
      isOff: this.#settings.COUNCIL_REUSE === 'off' || one.askedBy !== null,
      isJudgeFree: !planOf(this.#setups, false).candidates.judge.some(({ isRemote }) => isRemote),
    })
    this.#put(round, recalled(one, memory, this.#parts.clock()), () =>
      this.#store.writePack(round, { ...pack, similar }),
    )
  }

  /** After the verdict is written: told again after a crash it changes nothing. Rejects, and is tried again, when it fails. */
  async #remember(round: number, one: CouncilCase): Promise<void> {
    if (one.isRemembered) return
    const pack = this.#store.pack(round)
    const past = pack && pastCaseOf(one, pack, round)
    if (past) await this.#memory?.remember(past)
    this.#change(round, remembered)
  }

  #log(error: unknown): void {
    console.error(JSON.stringify({ object: 'council', incident: this.ctx.id.name, error: String(error) }))
  }

  #giveUp(why: string): void {
    const known = this.#store.newest()
    this.#attempts = 0
    // The verdict stands; that memory does not hear of it costs a later case its reuse, and nothing else.
    if (known && isOver(known.one)) this.#change(known.round, remembered)
    if (!known || isOver(known.one) || known.one.state === 'failed') return
    this.#put(known.round, gaveUp(known.one, `It could not go on: ${why}`, this.#parts.clock()))
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
