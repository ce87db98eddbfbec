import type { EpochMs } from '../../time.ts'
import type { BalanceReport } from '../balance/balance.ts'
import type { Unit } from '../members-in-training.ts'
import type { GateCheck } from './gate.ts'
import type { DataReport } from './training-data.ts'

/** What a run does, in order. Each step can be done again, and gives the same. */
export const RUN_STEPS = ['collect', 'prepare', 'balance', 'train', 'calibrate', 'judge', 'store', 'record'] as const
export type RunStep = (typeof RUN_STEPS)[number]

/** `passed`: the gate let the model pass; it does not serve by that. */
export type RunOutcome = 'passed' | 'rejected' | 'stopped' | 'failed'

/** One run of the trainer, as it is kept between its steps. */
export interface TrainingRun {
  /** When it began, ISO-8601: runs never overlap. */
  id: string
  seed: number
  reason: string
  /** `user:NAME`, `token:NAME`, or `picket` where a trigger was met. */
  startedBy: string
  startedAt: EpochMs
  step: RunStep
  /** Of the step; `total` null while nobody can tell. */
  done: number
  total: number | null
  /** Samples below this id are still to be read; null before the first. */
  cursor: number | null
  samplesRead: number
  /** Samples that are no samples: features or label of another form. */
  samplesSkipped: number
  data: DataReport | null
  balance: BalanceReport | null
  /** When its first unit was trained. */
  trainingSince: EpochMs | null
  /** Mean loss of the network's epochs. */
  losses: number[]
  /** Of the model it made. */
  version: string | null
  checks: GateCheck[] | null
  /** Beginnings of the present step that did not come to their end. */
  attempts: number
  lastError: string | null
  /** How it ended, and why; null while it goes on. */
  outcome: { kind: RunOutcome; why: string; at: EpochMs } | null
  /** The database knows how it ended, and nothing is left to do. */
  isRecorded: boolean
}

/** What the trainer tells of itself. */
export interface TrainerView {
  /** The newest run; null before the first. */
  run: TrainingRun | null
  /** What is trained next. */
  unit: Unit | null
  /** Of the training of members; null while that cannot be told. */
  trainedAt: EpochMs | null
  at: EpochMs
}

/** A step that fails so often will fail again. */
export const MOST_ATTEMPTS = 8
const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 60_000

export const newRun = (reason: string, startedBy: string, at: EpochMs): TrainingRun => ({
  id: new Date(at).toISOString(),
  seed: at % 2 ** 31,
  reason,
  startedBy,
  startedAt: at,
  step: 'collect',
  done: 0,
  total: null,
  cursor: null,
  samplesRead: 0,
  samplesSkipped: 0,
  data: null,
  balance: null,
  trainingSince: null,
  losses: [],
  version: null,
  checks: null,
  attempts: 0,
  lastError: null,
  outcome: null,
  isRecorded: false,
})

export const isGoingOn = (run: TrainingRun | null): run is TrainingRun => run !== null && !run.isRecorded

/** Noted before a step is begun, so that one that takes the process down with it is counted too. */
export const attempted = (run: TrainingRun): TrainingRun => ({ ...run, attempts: run.attempts + 1 })

/** A part of the present step is done. */
export const advanced = (run: TrainingRun, done: number, total: number | null): TrainingRun => ({
  ...run,
  done,
  total,
  attempts: 0,
  lastError: null,
})

export const entered = (run: TrainingRun, step: RunStep, total: number | null = null): TrainingRun => ({
  ...advanced(run, 0, total),
  step,
})

/** How it ended is known and is to be recorded. The first end counts: a run that was stopped does not pass. */
export const ended = (run: TrainingRun, kind: RunOutcome, why: string, at: EpochMs): TrainingRun =>
  run.outcome === null
    ? {
        ...entered(run, 'record'),
        version: kind === 'passed' || kind === 'rejected' ? run.version : null,
        lastError: run.lastError,
        outcome: { kind, why, at },
      }
    : run

/** After an error: it is tried again, and given up after too many times. What is left is to record the end, for ever. */
export function failedAttempt(run: TrainingRun, error: string, at: EpochMs): TrainingRun {
  const noted = { ...run, lastError: error }
  return run.attempts < MOST_ATTEMPTS || run.step === 'record'
    ? noted
    : ended(noted, 'failed', `${STEP_TITLES[run.step]} failed ${run.attempts} times: ${error}`, at)
}

/** @param attempts of the step so far, 1 or more */
export const retryAfterMs = (attempts: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(10, attempts - 1))

export const STEP_TITLES: Record<RunStep, string> = {
  collect: 'Reading samples',
  prepare: 'Splitting the data',
  balance: 'Balancing the classes',
  train: 'Training the members',
  calibrate: 'Finding temperature and thresholds',
  judge: 'Holding it against the serving model',
  store: 'Storing the model',
  record: 'Recording the end',
}
