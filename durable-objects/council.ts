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
  entered,
  failed,
  gaveUp,
  isOver,
  newCase,
  openAsks,
  planned,
  published,
  settled,
  unsettledAsks,
} from '../core/council/case.ts'
import { sliceOf } from '../core/council/choose-events.ts'
import type { EvidencePack, PackEvent } from '../core/council/evidence-pack.ts'
import { ground } from '../core/council/grounding.ts'
import { Masker } from '../core/council/masking.ts'
import { type Prompt, writePrompt } from '../core/council/prompt.ts'
import { verdictRecord } from '../core/council/verdict-record.ts'
import type { Verifier, VerifierFailure, VerifierName, VerifierQuestion } from '../core/council/verifier.ts'
import { costOfTokens, DISCLOSED, planOf, setupsOf, type VerifierSetup } from '../core/council/verifiers.ts'
import type { CouncilCaseView } from '../core/council/view.ts'
import { sendableUnless } from '../core/intel/live/sendable.ts'
import { readSettings, type Settings } from '../core/settings.ts'
import type { Clock } from '../core/time.ts'
import { CaseStore } from './council/case-store.ts'
import { LOCAL_JUDGES, type LocalJudges } from './council/local-judges.ts'
import { type CallOutcome, COUNCIL_BUDGET, type CouncilBudgetPort, type CouncilPort } from './names.ts'

/** After an error (D1 or the budget does not answer) the step is tried again. */
const RETRY_MS = 2_000
/** A step that fails so often will fail again: the case ends with what it has. */
const MOST_ATTEMPTS = 20
/** An incident that has grown so many times since its last case is looked at again. */
const GROWN = 10

export interface CouncilEnv {
  DB: D1Database
  COUNCIL_BUDGET: { getByName(name: string): CouncilBudgetPort }
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
  #running: Promise<boolean> | null = null

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
      console.error(JSON.stringify({ object: 'council', incident: this.ctx.id.name, error: String(error) }))
      if (this.#attempts >= MOST_ATTEMPTS) this.#giveUp(String(error).slice(0, 200))
      await this.ctx.storage.setAlarm(this.#parts.clock() + RETRY_MS)
    }
  }

  /** Does what the case's state asks for and stores the next; true while there is more to do. What the alarm repeats. */
  step(): Promise<boolean> {
    this.#running ??= this.#step().finally(() => {
      this.#running = null
    })
    return this.#running
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
        this.#put(round, entered(one, 'plan', this.#parts.clock()))
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
        return false
    }
  }

  get #incidents(): CouncilIncidents {
    return new CouncilIncidents(databaseOf(this.env.DB))
  }

  #put(round: number, one: CouncilCase): void {
    this.ctx.storage.transactionSync(() => this.#store.write(round, one))
  }

  /** Changes the case as it is stored now: asks that run side by side each add their own. */
  #change(round: number, change: (one: CouncilCase) => CouncilCase, also: () => void = () => {}): void {
    this.ctx.storage.transactionSync(() => {
      this.#store.write(round, change(this.#store.newest()!.one))
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
    this.ctx.storage.transactionSync(() => {
      this.#store.writePack(round, pack)
      this.#store.writeMasks(round, masker.masks)
      this.#store.write(round, entered(one, 'memory', this.#parts.clock()))
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
    const question = this.#question(ask, pack, evidence, masker)
    this.#change(
      round,
      (one) => begun(one, ask.id, this.#parts.clock()),
      () => this.#store.writeMasks(round, masker.masks),
    )
    // Each beginning is a call of its own: the one that a crash cut off may have been paid.
    const callId = callIdOf(this.ctx.id.toString(), round, ask, ask.begun + 1)
    if (ask.isRemote) {
      const usd = mostUsd(this.#setups[ask.verifier], question.prompt)
      const permit = await this.#budget.ask({ id: callId, verifier: ask.verifier, usd })
      if (!permit.granted) {
        this.#failed(round, ask, notAsked(permit.why), true)
        return
      }
    }
    const startedAt = this.#parts.clock()
    const reply = await verifier.ask(question, startedAt)
    if (reply.ok) {
      const { opinion, prompt, answer } = reply.value
      const visible = ask.isRemote ? pack.shown : evidence
      const wasSliceGiven = this.#store.newest()!.one.sliceGiven
      const grounded = ground(opinion, visible, pack, (text) => masker.restore(text))
      this.#change(
        round,
        (one) => answered(one, ask.id, { reply: reply.value, opinion: grounded }, this.#parts.clock()),
        () => {
          if (prompt !== '') this.#store.writeRecord(round, { askId: ask.id, prompt, answer })
          if (opinion.more !== null && this.#store.newest()!.one.sliceGiven && !wasSliceGiven)
            this.#store.writePack(round, withSlice(pack, sliceOf(evidence, pack.shown, opinion.more!)))
        },
      )
    } else this.#failed(round, ask, reply.error)
    await this.#settleEnded(round, this.#store.newest()!.one)
  }

  #question(ask: Ask, pack: EvidencePack, evidence: readonly PackEvent[], masker: Masker): VerifierQuestion {
    const { one } = this.#store.newest()!
    const before =
      ask.role === 'remediation'
        ? one.asks.flatMap(({ verifier, role, opinion }) =>
            opinion === null ? [] : [{ verifier, role, opinion: { ...opinion, citations: [] } }],
          )
        : []
    const asked = { role: ask.role, pack, before, isLast: one.sliceGiven || ask.isBlind }
    const disclosure = ask.isBlind ? 'blind' : DISCLOSED[ask.role]
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

  get #budget(): CouncilBudgetPort {
    return this.env.COUNCIL_BUDGET.getByName(COUNCIL_BUDGET)
  }

  /** Tells the budget what ended calls took; told again after a crash it changes nothing there. */
  async #settleEnded(round: number, one: CouncilCase): Promise<void> {
    for (const ask of unsettledAsks(one)) {
      await this.#budget.settle(outcomeOf(callIdOf(this.ctx.id.toString(), round, ask, ask.begun), ask))
      this.#change(round, (now) => settled(now, ask.id))
    }
  }

  async #publish(round: number, one: CouncilCase): Promise<void> {
    const now = this.#parts.clock()
    await this.#incidents.writeVerdict(verdictRecord(one, round, this.#store.masks(round), now), now)
    // What is not collected now is collected by the hour.
    const collected = await new TrainingSamples(databaseOf(this.env.DB)).collect(one.incidentKey, now)
    if (!collected.ok) console.error(JSON.stringify({ what: 'training sample', ...collected.error }))
    this.#change(round, (now) => published(now, this.#parts.clock()))
    this.#evidence = null
  }

  #giveUp(why: string): void {
    const known = this.#store.newest()
    if (!known || isOver(known.one)) return
    this.#attempts = 0
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
  failure: ask.state === 'answered' ? null : (ask.failure ?? 'not-reached'),
})

const notAsked = (why: string): VerifierFailure => ({
  tag: 'not-reached',
  why,
  retryAfterMs: null,
  usage: null,
  prompt: '',
  answer: '',
  calls: 0,
})
