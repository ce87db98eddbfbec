import { DurableObject } from 'cloudflare:workers'
import { databaseOf } from '../adapters/d1/database.ts'
import { TrainingRuns } from '../adapters/d1/training-runs.ts'
import type { Classifier, ModelRefusal } from '../core/ensemble/prediction.ts'
import {
  attempted,
  ended,
  failedAttempt,
  isGoingOn,
  newRun,
  retryAfterMs,
  type TrainerView,
  type TrainingRun,
} from '../core/learning/retraining/run.ts'
import { expectedEnd, shareDone, unitsInStep } from '../core/learning/retraining/unit-cost.ts'
import { shippedOptions } from '../core/learning/shipped-options.ts'
import type { TrainOptions } from '../core/learning/train.ts'
import type { Result } from '../core/result.ts'
import type { Clock } from '../core/time.ts'
import { shippedModel } from './model.ts'
import type { StartAnswer, TrainerPort } from './names.ts'
import { MembersInMemory } from './trainer/members-in-memory.ts'
import { RunStore } from './trainer/run-store.ts'
import { SHIPPED_SETS, type ShippedSets } from './trainer/sets.ts'
import { doStep, type StepWorld } from './trainer/steps.ts'

/** An alarm that a dying process left behind: the run goes on then, whoever wakes the object. */
const WATCHDOG_MS = 60_000
/**
 * So many times as long as a step took it rests: on one machine all objects share a thread, and at most a seventh of it is
 * the trainer's. On Cloudflare clocks stand still while a step computes, so that it does not rest there.
 */
const REST = 6
const LONGEST_REST_MS = 10_000
const LONGEST_ERROR = 300

export interface TrainerEnv {
  DB: D1Database
  MODELS: R2Bucket
}

/** What a run needs of the world; a test hands in its own. */
export interface TrainerParts extends ShippedSets {
  clock: Clock
  serving: () => Promise<Result<Classifier, ModelRefusal>>
  options: (seed: number) => TrainOptions
  unitsInStep: typeof unitsInStep
}

const DEFAULTS: TrainerParts = {
  clock: () => Date.now(),
  serving: shippedModel,
  options: shippedOptions,
  unitsInStep,
  ...SHIPPED_SETS,
}

/**
 * Trains models, one run at a time. An alarm drives it; what each step made is stored before the next begins, so that a
 * crash at any point resumes there and ends in the same bytes. Nothing that it does changes the model that serves.
 */
export class Trainer extends DurableObject<TrainerEnv> implements TrainerPort {
  readonly #parts: TrainerParts
  readonly #store = new RunStore(this.ctx.storage.sql)
  readonly #members = new MembersInMemory(this.#store)
  #running: Promise<number | null> | null = null

  constructor(ctx: DurableObjectState, env: TrainerEnv, parts: Partial<TrainerParts> = {}) {
    super(ctx, env)
    this.#parts = { ...DEFAULTS, ...parts }
    // Where an alarm was lost with the process, whoever asks the object wakes the run.
    if (isGoingOn(this.#store.run()))
      ctx.blockConcurrencyWhile(async () => {
        if ((await ctx.storage.getAlarm()) === null) await ctx.storage.setAlarm(this.#parts.clock())
      })
  }

  async start(reason: string, by: string): Promise<StartAnswer> {
    const known = this.#store.run()
    if (isGoingOn(known)) return { started: false, id: known.id }
    const run = newRun(reason, by, this.#parts.clock())
    this.ctx.storage.transactionSync(() => {
      this.#store.dropAll()
      this.#store.writeRun(run)
    })
    await this.ctx.storage.setAlarm(run.startedAt)
    return { started: true, id: run.id }
  }

  async stop(by: string): Promise<string | null> {
    const run = this.#store.run()
    if (!isGoingOn(run) || run.outcome !== null) return null
    const at = this.#parts.clock()
    // A step that is under way finds another step when it comes to write, and writes nothing.
    this.#store.writeRun(ended(run, 'stopped', `stopped by ${by}`, at))
    await this.ctx.storage.setAlarm(at)
    await this.#noted(() => this.#runs.noteStop(run, { actor: by, at }))
    return run.id
  }

  async view(): Promise<TrainerView> {
    const run = this.#store.run()
    const at = this.#parts.clock()
    const unit = run && run.step === 'train' ? this.#members.unitOf(run.id) : null
    const share = run && unit ? shareDone(unit.units, run.done) : null
    return {
      run,
      unit: unit?.next ?? null,
      trainedAt: share === null || run?.trainingSince == null ? null : expectedEnd(run.trainingSince, at, share),
      at,
    }
  }

  override async alarm(): Promise<void> {
    if (!isGoingOn(this.#store.run())) return
    await this.ctx.storage.setAlarm(this.#parts.clock() + WATCHDOG_MS)
    const wait = await this.step()
    if (wait === null) await this.ctx.storage.deleteAlarm()
    else await this.ctx.storage.setAlarm(this.#parts.clock() + wait)
  }

  /** Does one step of the run that goes on; gives the ms to wait before the next, null when there is none. */
  step(): Promise<number | null> {
    this.#running ??= this.#step().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #step(): Promise<number | null> {
    const known = this.#store.run()
    if (!isGoingOn(known)) return null
    const begun = attempted(known)
    this.#store.writeRun(begun)
    const from = this.#parts.clock()
    try {
      const { write, next } = await doStep(this.#world, begun, from)
      this.ctx.storage.transactionSync(() => {
        const run = this.#store.run()
        if (run?.id !== begun.id || run.step !== begun.step) return
        write()
        this.#store.writeRun(next(run))
      })
    } catch (error) {
      return this.#failed(begun, error)
    }
    const run = this.#store.run()
    if (!isGoingOn(run)) return null
    const to = this.#parts.clock()
    const isNews = run.step !== begun.step || begun.samplesRead === 0
    // Its end is written with all that belongs to it.
    if (isNews && run.outcome === null) await this.#noted(() => this.#runs.note(run, to))
    return Math.min(LONGEST_REST_MS, REST * (to - from))
  }

  #failed(begun: TrainingRun, error: unknown): number {
    this.#members.letGo()
    const why = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_ERROR)
    console.error(JSON.stringify({ object: 'trainer', run: begun.id, step: begun.step, error: why }))
    const run = this.#store.run()
    if (run?.id === begun.id && run.step === begun.step)
      this.#store.writeRun(failedAttempt(run, why, this.#parts.clock()))
    return retryAfterMs(begun.attempts)
  }

  get #runs(): TrainingRuns {
    return new TrainingRuns(databaseOf(this.env.DB))
  }

  /** What the database shows of a run that goes on may be behind; its end is written until it is. */
  async #noted(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      console.error(JSON.stringify({ object: 'trainer', error: String(error) }))
    }
  }

  get #world(): StepWorld {
    return {
      ...this.#parts,
      store: this.#store,
      db: databaseOf(this.env.DB),
      models: this.env.MODELS,
      members: this.#members,
    }
  }
}
