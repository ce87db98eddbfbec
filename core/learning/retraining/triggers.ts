import type { EpochMs } from '../../time.ts'

const DAY = 86_400_000

/** What the triggers are told by. */
export interface LearningState {
  /** Samples that no run has used, and those of the last seven days. */
  unused: number
  unusedInWeek: number
  /** End of the last run; null before the first. */
  lastRunAt: EpochMs | null
  /** When learning could begin: the first sample's time; null without one. */
  firstSampleAt: EpochMs | null
  /** Verdicts since the serving model became active, and those that changed its class. */
  verdicts: number
  overrides: number
  /** Population stability; null where it is not measured. The worst features first. */
  drift: { worst: { feature: string; index: number }[]; features: number; classes: number } | null
}

export type TriggerName = 'samples' | 'time' | 'overrides' | 'drift'

/** One trigger as it stands. */
export interface Trigger {
  name: TriggerName
  isMet: boolean
  /** Null where it cannot be told yet. */
  value: number | null
  limit: number
  /** When it will be met if things go on as in the last seven days; null when that cannot be told, or it is met. */
  projectedAt: EpochMs | null
  why: string
}

export const SAMPLES_LIMIT = 1_000
export const DAYS_LIMIT = 7
export const SAMPLES_FOR_TIME = 100
export const OVERRIDE_LIMIT = 0.15
export const VERDICTS_FOR_OVERRIDES = 100
export const DRIFT_LIMIT = 0.25
/** So many features must have drifted: one that does is a sensor that was set up anew. */
export const DRIFTED_FEATURES = 10

/** All triggers in their order; a run is due when one is met. */
export function triggersOf(state: LearningState, now: EpochMs): Trigger[] {
  return [samplesTrigger(state, now), timeTrigger(state, now), overrideTrigger(state), driftTrigger(state)]
}

function samplesTrigger({ unused, unusedInWeek }: LearningState, now: EpochMs): Trigger {
  const isMet = unused >= SAMPLES_LIMIT
  const perMs = unusedInWeek / (7 * DAY)
  return {
    name: 'samples',
    isMet,
    value: unused,
    limit: SAMPLES_LIMIT,
    projectedAt: isMet || perMs === 0 ? null : now + Math.round((SAMPLES_LIMIT - unused) / perMs),
    why: `${unused} samples that no run has used; a run begins at ${SAMPLES_LIMIT}`,
  }
}

function timeTrigger({ unused, unusedInWeek, lastRunAt, firstSampleAt }: LearningState, now: EpochMs): Trigger {
  const since = lastRunAt ?? firstSampleAt
  const days = since === null ? null : (now - since) / DAY
  const isMet = days !== null && days >= DAYS_LIMIT && unused >= SAMPLES_FOR_TIME
  const perMs = unusedInWeek / (7 * DAY)
  const enoughAt = unused >= SAMPLES_FOR_TIME ? now : perMs > 0 ? now + (SAMPLES_FOR_TIME - unused) / perMs : null
  return {
    name: 'time',
    isMet,
    value: days,
    limit: DAYS_LIMIT,
    projectedAt:
      isMet || since === null || enoughAt === null ? null : Math.round(Math.max(since + DAYS_LIMIT * DAY, enoughAt)),
    why:
      days === null
        ? 'no run and no sample yet'
        : `${days.toFixed(1)} days since ${lastRunAt === null ? 'the first sample' : 'the last run'}, ${unused} new samples; a run begins after ${DAYS_LIMIT} days with ${SAMPLES_FOR_TIME}`,
  }
}

function overrideTrigger({ verdicts, overrides }: LearningState): Trigger {
  const isTold = verdicts >= VERDICTS_FOR_OVERRIDES
  const rate = verdicts === 0 ? null : overrides / verdicts
  return {
    name: 'overrides',
    isMet: isTold && rate !== null && rate > OVERRIDE_LIMIT,
    value: rate,
    limit: OVERRIDE_LIMIT,
    projectedAt: null,
    why: isTold
      ? `${overrides} of ${verdicts} verdicts changed the class; a run begins over ${100 * OVERRIDE_LIMIT} %`
      : `${overrides} of ${verdicts} verdicts changed the class; it takes ${VERDICTS_FOR_OVERRIDES} verdicts to tell`,
  }
}

function driftTrigger({ drift }: LearningState): Trigger {
  const value = drift && Math.max(drift.features, drift.classes)
  const names = drift?.worst.map(({ feature, index }) => `${feature} ${index.toFixed(2)}`).join(', ')
  return {
    name: 'drift',
    isMet: value !== null && value > DRIFT_LIMIT,
    value,
    limit: DRIFT_LIMIT,
    projectedAt: null,
    why:
      drift === null
        ? 'not measured yet'
        : `population stability ${drift.features.toFixed(2)} of the features, ${drift.classes.toFixed(2)} of the classes; a run begins over ${DRIFT_LIMIT}. Furthest: ${names}`,
  }
}
