import { DurableObject } from 'cloudflare:workers'
import { begun, breakerState, callsAllowed, failed, succeeded } from '../core/breaker.ts'
import { fits, spendMore, spentOn } from '../core/council/spending.ts'
import type { VerifierName } from '../core/council/verifier.ts'
import type { CouncilBudgetHealth, VerifierFigures } from '../core/council/view.ts'
import { readSettings } from '../core/settings.ts'
import type { Clock } from '../core/time.ts'
import { BudgetRecords } from './council/budget-records.ts'
import { EarlierAnswers } from './council/earlier-answers.ts'
import type { CallOutcome, CallPermit, CallRequest, CouncilBudgetPort, EarlierAnswer } from './names.ts'

/** A call that has not ended by then never will: its case died. What was set aside for it counts as spent. */
const LEASE_MS = 4 * 60_000
const MOST_WAITING = 10_000
/** Nobody waits longer for a place: the case goes on without this verifier. */
const PATIENCE_MS = 10 * 60_000

interface Waiting {
  request: CallRequest
  since: number
  answer: (permit: CallPermit) => void
}

/**
 * Money and places for calls of verifiers, for all cases. One a deployment, so that limits hold for the whole of it. What a
 * call may cost is set aside before it is made and stays so over a crash: the daily budget is not passed. A question that was
 * answered on this day is not paid for again.
 */
export class CouncilBudget extends DurableObject<Record<string, unknown>> implements CouncilBudgetPort {
  readonly #clock: Clock
  readonly #records = new BudgetRecords(this.ctx.storage.sql)
  readonly #answers = new EarlierAnswers(this.ctx.storage.sql)
  readonly #budgetUsd: number
  readonly #callsAtOnce: number
  readonly #waiting = new Map<VerifierName, Waiting[]>()
  #tidying: ReturnType<typeof setTimeout> | null = null

  constructor(ctx: DurableObjectState, env: Record<string, unknown>, parts?: { clock: Clock }) {
    super(ctx, env)
    this.#clock = parts?.clock ?? Date.now
    const { values } = readSettings(env)
    this.#budgetUsd = values.COUNCIL_DAILY_BUDGET_USD
    this.#callsAtOnce = values.COUNCIL_CALLS_AT_ONCE
  }

  async ask(request: CallRequest): Promise<CallPermit> {
    const permit = this.ctx.storage.transactionSync(() => this.#permit(request))
    if (permit !== 'wait') return permit
    const queue = this.#waiting.get(request.verifier) ?? []
    if (queue.length >= MOST_WAITING) return { granted: false, why: 'Too many cases wait for it.' }
    this.#waiting.set(request.verifier, queue)
    this.#tidyLater()
    return new Promise((answer) => queue.push({ request, since: this.#clock(), answer }))
  }

  async settle(outcome: CallOutcome, said: { digest: string; answer: EarlierAnswer } | null = null): Promise<void> {
    const now = this.#clock()
    this.ctx.storage.transactionSync(() => {
      // Settled before: a second time changes nothing.
      if (!this.#records.release(outcome.id)) return
      const record = this.#records.of(outcome.verifier)
      record.running = Math.max(0, record.running - 1)
      // The case was stopped while it waited: that says nothing of the verifier.
      if (outcome.calls === 0) {
        this.#records.write(outcome.verifier, record)
        return
      }
      if (said) this.#answers.keep(said.digest, said.answer)
      record.calls += outcome.calls
      record.inputTokens += outcome.inputTokens
      record.outputTokens += outcome.outputTokens
      record.usd += outcome.usd
      if (outcome.failure === null) {
        record.answered++
        record.msTotal += outcome.ms
        record.msLongest = Math.max(record.msLongest, outcome.ms)
        record.breaker = succeeded()
      } else {
        record.failures[outcome.failure] = (record.failures[outcome.failure] ?? 0) + 1
        // An answer that makes no sense is no sign that the service is down.
        const isDown = !['unreadable-answer', 'wrong-form', 'refused-to-answer'].includes(outcome.failure)
        const wasTrial = breakerState(record.breaker, now) !== 'closed'
        if (isDown) record.breaker = failed(record.breaker, now, wasTrial)
      }
      this.#records.write(outcome.verifier, record)
      this.#records.spending = spendMore(this.#records.spending, outcome.usd, now)
    })
    this.#serve()
  }

  async health(): Promise<CouncilBudgetHealth> {
    const now = this.#clock()
    this.ctx.storage.transactionSync(() => this.#expire(now))
    return {
      dailyBudgetUsd: this.#budgetUsd,
      spentTodayUsd: spentOn(this.#records.spending, now),
      setAsideUsd: this.#records.setAside,
      verifiers: this.#records.all().map(
        ([verifier, { breaker, ...figures }]): VerifierFigures => ({
          verifier,
          ...figures,
          waiting: this.#waiting.get(verifier)?.length ?? 0,
          breaker: breakerState(breaker, now),
        }),
      ),
      at: now,
    }
  }

  /** Within a transaction: sets aside what the call may cost, or says why not. */
  #permit({ id, verifier, usd, digest }: CallRequest): CallPermit | 'wait' {
    const now = this.#clock()
    this.#expire(now)
    if (this.#records.holds(id)) return { granted: true }
    const record = this.#records.of(verifier)
    const earlier = digest === undefined ? null : this.#answers.find(digest, now)
    if (earlier) {
      record.fromEarlier++
      this.#records.write(verifier, record)
      return { granted: false, earlier }
    }
    const refused = (why: string): CallPermit => {
      record.refused++
      this.#records.write(verifier, record)
      return { granted: false, why }
    }
    if (!fits(this.#records.spending, this.#records.setAside, usd, this.#budgetUsd, now))
      return refused(`The budget of this day, ${this.#budgetUsd} dollars, has no room for it.`)
    const allowed = callsAllowed(record.breaker, now)
    if (allowed === 0) return refused('It failed again and again, and is left alone for a while.')
    if (record.running >= this.#callsAtOnce) return 'wait'
    record.breaker = begun(record.breaker, now)
    record.running++
    record.asked++
    this.#records.write(verifier, record)
    this.#records.hold({ id, verifier, usd, until: now + LEASE_MS })
    return { granted: true }
  }

  /** Gives free places to those that wait, oldest first. */
  #serve(): void {
    const now = this.#clock()
    for (const queue of this.#waiting.values()) {
      while (queue.length > 0) {
        const [first] = queue
        const permit: CallPermit | 'wait' =
          now - first!.since > PATIENCE_MS
            ? { granted: false, why: 'No place became free for it.' }
            : this.ctx.storage.transactionSync(() => this.#permit(first!.request))
        if (permit === 'wait') break
        queue.shift()
        first!.answer(permit)
      }
    }
    this.#tidyLater()
  }

  #expire(now: number): void {
    for (const { verifier, usd } of this.#records.expire(now)) {
      const record = this.#records.of(verifier)
      record.running = Math.max(0, record.running - 1)
      record.usd += usd
      record.failures['timed-out'] = (record.failures['timed-out'] ?? 0) + 1
      this.#records.write(verifier, record)
      this.#records.spending = spendMore(this.#records.spending, usd, now)
    }
  }

  /** While somebody waits, places of cases that died become free without anybody's call. */
  #tidyLater(): void {
    const isAnyWaiting = [...this.#waiting.values()].some((queue) => queue.length > 0)
    if (!isAnyWaiting || this.#tidying !== null) return
    this.#tidying = setTimeout(() => {
      this.#tidying = null
      this.#serve()
    }, 5_000)
  }
}
