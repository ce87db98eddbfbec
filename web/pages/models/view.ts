import type { ModelManifest } from '../../../core/ensemble/prediction.ts'
import type { RunOutcome, TrainingRun } from '../../../core/learning/retraining/run.ts'
import type { Trigger, TriggerName } from '../../../core/learning/retraining/triggers.ts'
import type { modelVersions, trainingRuns } from '../../../core/store/schema.ts'
import type { EpochMs } from '../../../core/time.ts'
import { count, percent } from '../../format.ts'

export interface ModelsView {
  now: EpochMs
  samples: { total: number; unused: number }
  triggers: Trigger[]
  /** Until when triggers begin nothing; null when they may. */
  heldUntil: EpochMs | null
  nextCheck: EpochMs
  /** Why the trainer does not answer; null when it does. */
  error: string | null
  going: TrainingRun | null
  unit: { member: string; index: number; total: number } | null
  /** When the members are expected to be trained. */
  trainedAt: EpochMs | null
  /** All but the one that goes on, newest first. */
  runs: (typeof trainingRuns.$inferSelect)[]
  /** That the trainer made, newest first. */
  models: (typeof modelVersions.$inferSelect)[]
  /** The one that serves; null where this worker was built without one. */
  shipped: ModelManifest | null
}

export const TRIGGER_TITLES: Record<TriggerName, string> = {
  samples: 'New samples',
  time: 'Days since the last run',
  overrides: 'Decisions overruled',
  drift: 'Drift',
}

/** A trigger's value or limit, in its unit. */
export function triggerValue(name: TriggerName, value: number): string {
  switch (name) {
    case 'samples':
      return count(value)
    case 'time':
      return value.toFixed(1)
    case 'overrides':
      return percent(value)
    case 'drift':
      return value.toFixed(2)
  }
}

export const OUTCOME_TITLES: Record<'running' | RunOutcome, string> = {
  running: 'goes on',
  passed: 'passed',
  rejected: 'rejected',
  stopped: 'stopped',
  failed: 'failed',
}

export const UNIT_TITLES: Record<string, string> = {
  forest: 'Forest, tree',
  boosting: 'Boosting, round',
  network: 'Network, epoch',
  isolation: 'Isolation forest, tree',
}
