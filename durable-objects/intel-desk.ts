import { DurableObject } from 'cloudflare:workers'
import { inTime } from '../adapters/in-time.ts'
import { liveProviders } from '../adapters/intel/live/providers.ts'
import type { IntelAnswer } from '../core/intel/finding.ts'
import type { Waiting } from '../core/intel/live/admission.ts'
import { answerFrom } from '../core/intel/live/findings.ts'
import type { IntelDeskHealth } from '../core/intel/live/health.ts'
import type { LiveProvider, LookUpFailure, ProviderReport } from '../core/intel/live/look-up.ts'
import {
  callBegun,
  callFailed,
  callSucceeded,
  callsNow,
  callsToday,
  isOn,
  type ProviderSetup,
  type ProviderState,
  stateOf,
  takesQuestions,
} from '../core/intel/live/provider-record.ts'
import { PROVIDER_FACTS, PROVIDERS, type ProviderName } from '../core/intel/live/providers.ts'
import { sendableUnless } from '../core/intel/live/sendable.ts'
import { err, type Result } from '../core/result.ts'
import { readSettings } from '../core/settings.ts'
import type { Clock } from '../core/time.ts'
import { AnswerStore, type KeptAnswer } from './intel-desk/answers.ts'
import { type Question, QuestionQueue } from './intel-desk/questions.ts'
import { DeskRecords, setupsOf } from './intel-desk/records.ts'
import type { IntelDeskPort, IntelListener, IntelQuestion, IntelReply } from './names.ts'
import { Outbox } from './outbox.ts'

/** Calls at once: an object has six connections outwards at most. */
const CALLS_AT_ONCE = 6
/** Rounds of calls in one alarm; then the next alarm goes on. */
const ROUNDS = 10
const ATTEMPTS = 3
const RETRY_MS = 30_000
/** How long an address is not asked about again after a service failed on it. */
const FAILURE_TTL_MS = 15 * 60_000
const PRUNE_EVERY_MS = 3_600_000
const TELL_AGAIN_MS = 5_000
const TELL_PATIENCE_MS = 5_000
/** Nobody waits for news that is older. */
const NEWS_TTL_MS = 3_600_000
const NEWS = 100

export interface IntelDeskEnv {
  SOURCE_PARTITION: { getByName(name: string): IntelListener }
}

interface News {
  address: string
  at: number
}

/** What a desk needs of the world; a test hands in its own. */
export interface DeskParts {
  clock: Clock
  fetch: typeof fetch
}

/**
 * Asks services outside about addresses, for all partitions: nobody waits for it. One a deployment, so that budgets hold
 * for the whole of it. What a service answered is stored before anybody hears of it; a call that ended is not paid again.
 */
export class IntelDesk extends DurableObject<IntelDeskEnv> implements IntelDeskPort {
  readonly #clock: Clock
  readonly #sql = this.ctx.storage.sql
  readonly #answers = new AnswerStore(this.#sql)
  readonly #questions = new QuestionQueue(this.#sql)
  readonly #records = new DeskRecords(this.#sql)
  readonly #news = new Outbox<News>(this.#sql, 'intel-desk')
  readonly #setups: Map<ProviderName, ProviderSetup>
  readonly #providers: Map<ProviderName, LiveProvider>
  readonly #sendable: ReturnType<typeof sendableUnless>
  #alarmAt = Number.POSITIVE_INFINITY
  #prunedAt = 0

  constructor(ctx: DurableObjectState, env: IntelDeskEnv, parts?: DeskParts) {
    super(ctx, env)
    this.#clock = parts?.clock ?? Date.now
    const { values, faults } = readSettings(env as unknown as Record<string, unknown>)
    this.#setups = setupsOf(values, faults)
    this.#providers = liveProviders(values, parts?.fetch ?? ((...request) => fetch(...request)))
    this.#sendable = sendableUnless(values.OWN_RANGES)
    const hasWork = this.ctx.storage.transactionSync(() => {
      for (const name of PROVIDERS) if (!isOn(this.#state(name, this.#clock()))) this.#giveUpAll(name)
      return !this.#news.isEmpty || this.#questions.nextExpiryAt() !== null
    })
    if (hasWork) this.ctx.blockConcurrencyWhile(() => this.#wakeAt(this.#clock()))
  }

  /**
   * Gives what is known and fresh, and sees to it that the rest is asked; the partition hears of it by `intelArrived`.
   * Nothing is awaited: whoever asks goes on. An address that must not be sent out, and every one while no service is
   * on, is not waited for.
   */
  ask(questions: readonly IntelQuestion[]): Promise<IntelReply[]> {
    const now = this.#clock()
    const counters = this.#records.desk
    counters.questions += questions.length
    const known = this.#answers.of(
      questions.map(({ address }) => address),
      now,
    )
    const states = new Map(PROVIDERS.map((name) => [name, this.#state(name, now)]))
    const takers = new Set(PROVIDERS.filter((name) => takesQuestions(states.get(name)!, now)))
    const open = new Map<ProviderName, Waiting[]>()
    const askers: [string, string][] = []
    for (const question of questions) {
      const sendable = this.#sendable(question.address)
      if (!sendable.ok) {
        counters[sendable.why === 'own' ? 'own' : sendable.why === 'no-address' ? 'noAddress' : 'notPublic']++
        continue
      }
      const answered = new Set(known.get(question.address)?.map(({ provider }) => provider))
      let isOpen = false
      for (const name of PROVIDERS) {
        if (!PROVIDER_FACTS[name].families.includes(sendable.family)) continue
        if (answered.has(name)) counters.answersFromCache++
        else if (!takers.has(name)) {
          if (isOn(states.get(name)!)) this.#records.of(name).counters.notTaken++
        } else {
          const one = { address: question.address, suspicion: Math.min(1, Math.max(0, question.suspicion || 0)) }
          const others = open.get(name)
          if (others) others.push(one)
          else open.set(name, [one])
          isOpen = true
        }
      }
      if (isOpen) askers.push([question.address, question.partition])
    }
    const waiting = open.size === 0 ? new Set<string>() : this.#queue(open, askers, now)
    const replies = questions.map(({ address }) => ({
      address,
      answer: answerIn(known.get(address)),
      isWaiting: waiting.has(address),
    }))
    return waiting.size === 0 ? Promise.resolve(replies) : this.#wakeAt(now).then(() => replies)
  }

  async health(): Promise<IntelDeskHealth> {
    const now = this.#clock()
    return {
      providers: PROVIDERS.map((provider) => {
        const { record, counters } = this.#records.of(provider)
        return {
          provider,
          title: PROVIDER_FACTS[provider].title,
          state: this.#state(provider, now),
          dailyBudget: this.#setups.get(provider)!.dailyBudget,
          callsToday: callsToday(record, now),
          waiting: this.#questions.waiting(provider),
          lastFailure: record.lastFailure,
          lastSuccessAt: record.lastSuccessAt,
          counters,
        }
      }),
      counters: this.#records.desk,
      answersKept: this.#answers.size,
      untold: this.#news.pending,
    }
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = Number.POSITIVE_INFINITY
    let isTold = true
    try {
      this.ctx.storage.transactionSync(() => this.#tidy(this.#clock()))
      for (let round = 0; round < ROUNDS; round++) {
        const questions = this.#begin(this.#clock())
        if (questions.length === 0) break
        await Promise.all(questions.map(({ question, isTrial }) => this.#lookUp(question, isTrial)))
        isTold = await this.#tell()
      }
      // What a restart found untold.
      if (isTold && !this.#news.isEmpty) isTold = await this.#tell()
    } catch (error) {
      isTold = false
      console.error(JSON.stringify({ object: 'intel-desk', what: 'alarm', error: String(error) }))
    }
    const now = this.#clock()
    const next = Math.min(this.#nextCallAt(now), isTold ? Number.POSITIVE_INFINITY : now + TELL_AGAIN_MS)
    if (next < Number.POSITIVE_INFINITY) await this.#wakeAt(next)
  }

  #state(name: ProviderName, now: number): ProviderState {
    return stateOf(this.#records.of(name).record, this.#setups.get(name)!, now)
  }

  /** Has questions wait; which addresses do now. */
  #queue(open: Map<ProviderName, Waiting[]>, askers: [string, string][], now: number): Set<string> {
    return this.ctx.storage.transactionSync(() => {
      const waiting = new Set<string>()
      for (const [name, asked] of open) {
        const taken = this.#questions.take(name, asked, now)
        for (const address of taken.waiting) waiting.add(address)
        if (taken.dropped === 0) continue
        const { record, counters } = this.#records.of(name)
        counters.dropped += taken.dropped
        this.#records.write(name, record)
      }
      this.#questions.noteAskers(askers.filter(([address]) => waiting.has(address)))
      this.#records.writeDesk()
      return waiting
    })
  }

  /** Begins the most suspicious questions that may be asked now: what they cost is written down before they leave. */
  #begin(now: number): { question: Question; isTrial: boolean }[] {
    return this.ctx.storage.transactionSync(() => {
      const due = PROVIDERS.flatMap((name) => {
        const most = Math.min(CALLS_AT_ONCE, callsNow(this.#records.of(name).record, this.#setups.get(name)!, now))
        return most > 0 ? this.#questions.due(name, most, now) : []
      })
      // An address's questions to all services together: its partition then hears once.
      due.sort((a, b) => b.suspicion - a.suspicion || (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
      return due.slice(0, CALLS_AT_ONCE).flatMap((question) => {
        const { provider, address } = question
        if (!this.#sendable(address).ok) {
          // The settings were others when it was asked.
          this.#questions.remove(provider, address)
          return []
        }
        const { record, counters } = this.#records.of(provider)
        const begun = callBegun(record, now)
        counters.calls++
        this.#records.write(provider, begun.record)
        return [{ question, isTrial: begun.isTrial }]
      })
    })
  }

  async #lookUp(question: Question, isTrial: boolean): Promise<void> {
    const { provider, address } = question
    const looked = await this.#providers
      .get(provider)!
      .lookUp(address, this.#clock())
      // A bug, for a provider does not throw: told as its failure, so that the call is not paid again and again.
      .catch((error: unknown) => err({ tag: 'unreadable-answer' as const, why: String(error).slice(0, 200) }))
    this.ctx.storage.transactionSync(() => this.#settle(question, looked, isTrial))
  }

  /** Stores what came of a call, and that the askers are to hear. */
  #settle(question: Question, looked: Result<ProviderReport, LookUpFailure>, isTrial: boolean): void {
    const { provider, address } = question
    const now = this.#clock()
    const { record, counters } = this.#records.of(provider)
    if (!looked.ok) {
      counters.failures[looked.error.tag]++
      const { digest } = this.#setups.get(provider)!
      this.#records.write(provider, callFailed(record, looked.error, { digest, isTrial, now }))
      this.#afterFailure(question, looked.error, now)
      return
    }
    const report = looked.value
    const isSeen = report.kind !== 'not-seen'
    counters[isSeen ? 'seen' : 'notSeen']++
    this.#records.write(provider, callSucceeded(record, now))
    const { seenTtlMs, notSeenTtlMs } = PROVIDER_FACTS[provider]
    this.#answers.keep({ provider, address, report, freshUntil: now + (isSeen ? seenTtlMs : notSeenTtlMs) })
    this.#news.put(
      this.#questions.askersOf(address).map((asker) => ({
        topic: asker,
        message: { address, at: now },
        replaces: `${asker} ${address}`,
      })),
    )
    this.#questions.remove(provider, address)
  }

  #afterFailure({ provider, address, attempts }: Question, { tag }: LookUpFailure, now: number): void {
    if (tag === 'too-many-requests') return
    if (tag === 'key-refused') {
      this.#giveUpAll(provider)
      return
    }
    const mayPass = tag === 'timed-out' || tag === 'not-reached' || tag === 'server-error'
    if (mayPass && attempts + 1 < ATTEMPTS) {
      this.#questions.postpone(provider, address, now + RETRY_MS * 2 ** attempts)
      return
    }
    this.#records.of(provider).counters.givenUp++
    this.#answers.keep({ provider, address, report: null, freshUntil: now + FAILURE_TTL_MS })
    this.#questions.remove(provider, address)
  }

  #giveUpAll(provider: ProviderName): void {
    const gone = this.#questions.clear(provider)
    if (gone === 0) return
    const { record, counters } = this.#records.of(provider)
    counters.givenUp += gone
    this.#records.write(provider, record)
  }

  /** Tells partitions what came, each with all that is fresh by now; false when one could not be told. */
  async #tell(): Promise<boolean> {
    const told = await Promise.all(
      this.#news.topics().map(async (partition) => {
        for (;;) {
          const entries = this.#news.next(partition, NEWS)
          if (entries.length === 0) return true
          const now = this.#clock()
          const fresh = entries.filter(({ message }) => now - message.at < NEWS_TTL_MS)
          const known = this.#answers.of(
            fresh.map(({ message }) => message.address),
            now,
          )
          try {
            const listener = this.env.SOURCE_PARTITION.getByName(partition)
            await inTime(
              Promise.all([...known].map(([address, kept]) => listener.intelArrived(address, answerIn(kept)))),
              TELL_PATIENCE_MS,
            )
          } catch (error) {
            console.error(JSON.stringify({ object: 'intel-desk', what: 'tell', partition, error: String(error) }))
            return false
          }
          this.ctx.storage.transactionSync(() => this.#news.told(entries))
        }
      }),
    )
    return told.every(Boolean)
  }

  #tidy(now: number): void {
    for (const [provider, count] of this.#questions.expire(now)) {
      const { record, counters } = this.#records.of(provider)
      counters.expired += count
      this.#records.write(provider, record)
    }
    this.#records.writeDesk()
    if (now - this.#prunedAt < PRUNE_EVERY_MS) return
    this.#answers.prune(now)
    this.#prunedAt = now
  }

  /** When something can be done next; infinity when nothing waits. */
  #nextCallAt(now: number): number {
    const expiry = this.#questions.nextExpiryAt()
    if (expiry === null) return Number.POSITIVE_INFINITY
    const calls = PROVIDERS.flatMap((name) => {
      const due = this.#questions.nextDueAt(name)
      if (due === null) return []
      const state = this.#state(name, now)
      if (!isOn(state)) return []
      return 'until' in state ? [Math.max(due, state.until)] : [due]
    })
    return Math.max(now + 1, Math.min(expiry, ...calls))
  }

  async #wakeAt(at: number): Promise<void> {
    if (at >= this.#alarmAt) return
    const earlier = this.#alarmAt
    this.#alarmAt = at
    try {
      await this.ctx.storage.setAlarm(at)
    } catch (error) {
      // Else nobody would try again.
      this.#alarmAt = earlier
      throw error
    }
  }
}

const answerIn = (kept: readonly KeptAnswer[] = []): IntelAnswer =>
  answerFrom(kept.flatMap(({ report, freshUntil }) => (report === null ? [] : [{ report, freshUntil }])))
