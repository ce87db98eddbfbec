import { DurableObject } from 'cloudflare:workers'
import { CouncilIncidents } from '../adapters/d1/council-incidents.ts'
import { databaseOf } from '../adapters/d1/database.ts'
import { TrainingSamples } from '../adapters/d1/training-samples.ts'
import { remoteVerifiers, type VerifierWorld } from '../adapters/verifiers/verifiers.ts'
import type { AiBinding } from '../adapters/verifiers/workers-ai.ts'
import { assemblePack } from '../core/council/assemble-pack.ts'
import {
  type CouncilCase,
  concluded,
  entered,
  gaveUp,
  isOver,
  isStoppable,
  newCase,
  openAsks,
  planned,
  published,
  recalled,
  remembered,
  stopped,
} from '../core/council/case.ts'
import type { PackEvent } from '../core/council/evidence-pack.ts'
import { Masker } from '../core/council/masking.ts'
import type { CaseRefusal, PersonRequest } from '../core/council/person-request.ts'
import { verdictRecord } from '../core/council/verdict-record.ts'
import type { VerifierName } from '../core/council/verifier.ts'
import { planOf, setupsOf, type VerifierSetup } from '../core/council/verifiers.ts'
import type { CouncilCaseView } from '../core/council/view.ts'
import { sendableUnless } from '../core/intel/live/sendable.ts'
import { err, ok, type Result } from '../core/result.ts'
import { readSettings, type Settings } from '../core/settings.ts'
import type { Clock } from '../core/time.ts'
import { Asker } from './council/asker.ts'
import { CaseStore } from './council/case-store.ts'
import { LOCAL_JUDGES, type LocalJudges } from './council/local-judges.ts'
import { pastCaseOf, recall } from './council/recall.ts'
import { CASE_MEMORY, type CaseMemoryPort, COUNCIL_BUDGET, type CouncilBudgetPort, type CouncilPort } from './names.ts'

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
  readonly #store = new CaseStore(this.ctx.storage)
  readonly #settings: Settings
  readonly #setups: Record<VerifierName, VerifierSetup>
  readonly #asker: Asker
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
    this.#asker = new Asker(this.#store, {
      object: ctx.id.toString(),
      verifiers: new Map([...remote, ...this.#parts.verifiers]),
      setups: this.#setups,
      ownRanges: this.#settings.OWN_RANGES,
      budget: () => env.COUNCIL_BUDGET.getByName(COUNCIL_BUDGET),
      clock: this.#parts.clock,
    })
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
    await this.#asker.settleEnded(round, one)
    switch (one.state) {
      case 'created':
        return this.#gather(round, one)
      case 'memory':
        await this.#recall(round, one)
        return true
      case 'plan': {
        const isPublic = sendableUnless(this.#settings.OWN_RANGES)(this.#store.packOf(round).source).ok
        this.#store.put(round, planned(one, planOf(this.#setups, isPublic), this.#parts.clock()))
        return true
      }
      case 'judge-and-intel':
      case 'remediation': {
        const evidence = await this.#evidenceOf(round, one)
        await Promise.all(openAsks(one).map((ask) => this.#asker.ask(round, ask, evidence)))
        return true
      }
      case 'aggregate': {
        if (one.conclusion === null) {
          this.#store.put(round, concluded(one, this.#store.packOf(round), this.#parts.clock()))
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
    this.#store.put(round, entered(one, 'memory', this.#parts.clock()), () => {
      this.#store.writePack(round, pack)
      this.#store.writeMasks(round, masker.masks)
    })
    return true
  }

  get #memory(): CaseMemoryPort | null {
    return this.env.CASE_MEMORY?.getByName(CASE_MEMORY) ?? null
  }

  async #publish(round: number, one: CouncilCase): Promise<void> {
    const now = this.#parts.clock()
    await this.#incidents.noteRequests(one, round)
    await this.#incidents.writeVerdict(verdictRecord(one, round, this.#store.masks(round), now), now)
    // What is not collected now is collected by the hour.
    const collected = await new TrainingSamples(databaseOf(this.env.DB)).collect(one.incidentKey, now)
    if (!collected.ok) console.error(JSON.stringify({ what: 'training sample', ...collected.error }))
    this.#store.change(round, (now) => published(now, this.#parts.clock()))
    this.#evidence = null
    await this.#remember(round, this.#store.of(round))
  }

  /** Asks memory once; without an answer the case goes on. */
  async #recall(round: number, one: CouncilCase): Promise<void> {
    const pack = this.#store.packOf(round)
    const { memory, similar } = await recall(this.#memory, pack, {
      round,
      // Who asks again wants to hear it anew.
      isOff: this.#settings.COUNCIL_REUSE === 'off' || one.askedBy !== null,
      isJudgeFree: !planOf(this.#setups, false).candidates.judge.some(({ isRemote }) => isRemote),
    })
    this.#store.put(round, recalled(one, memory, this.#parts.clock()), () =>
      this.#store.writePack(round, { ...pack, similar }),
    )
  }

  /** After the verdict is written: told again after a crash it changes nothing. Rejects, and is tried again, when it fails. */
  async #remember(round: number, one: CouncilCase): Promise<void> {
    if (one.isRemembered) return
    const pack = this.#store.pack(round)
    const past = pack && pastCaseOf(one, pack, round)
    if (past) await this.#memory?.remember(past)
    this.#store.change(round, remembered)
  }

  #log(error: unknown): void {
    console.error(JSON.stringify({ object: 'council', incident: this.ctx.id.name, error: String(error) }))
  }

  #giveUp(why: string): void {
    const known = this.#store.newest()
    this.#attempts = 0
    // The verdict stands; that memory does not hear of it costs a later case its reuse, and nothing else.
    if (known && isOver(known.one)) this.#store.change(known.round, remembered)
    if (!known || isOver(known.one) || known.one.state === 'failed') return
    this.#store.put(known.round, gaveUp(known.one, `It could not go on: ${why}`, this.#parts.clock()))
  }
}
