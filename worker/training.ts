import type { Database } from '../adapters/d1/database.ts'
import { type CountedState, learningState } from '../adapters/d1/learning-state.ts'
import { type TrainingRunRow, TrainingRuns } from '../adapters/d1/training-runs.ts'
import { askTrainer, type TrainerBindings } from '../adapters/durable-objects/trainer-caller.ts'
import { dueReason, heldUntil, nextCheck } from '../core/learning/retraining/due.ts'
import { isGoingOn, type TrainerView, type TrainingRun } from '../core/learning/retraining/run.ts'
import { type Trigger, triggersOf } from '../core/learning/retraining/triggers.ts'
import type { Result } from '../core/result.ts'
import type { EpochMs } from '../core/time.ts'

const MOST_RUNS = 30

/** How the learning loop stands. */
export interface Training {
  state: CountedState
  triggers: Trigger[]
  /** Until when triggers begin nothing; null when they may. */
  heldUntil: EpochMs | null
  nextCheck: EpochMs
  /** Or why it is not known. */
  trainer: Result<TrainerView, string>
  /** The one that goes on; null when none does, or that is not known. */
  going: TrainingRun | null
  /** All but the one that goes on, newest first. */
  runs: TrainingRunRow[]
}

/** What decides whether a model is to be trained. */
interface Judged {
  schemaHash: string
  /** Version of the model that serves. */
  serving: string | null
}

export async function readTraining(
  bindings: TrainerBindings,
  db: Database,
  { schemaHash, serving }: Judged,
  now: EpochMs,
): Promise<Training> {
  const [state, runs, trainer] = await Promise.all([
    learningState(db, schemaHash, serving, now),
    new TrainingRuns(db).newest(MOST_RUNS),
    askTrainer(bindings, (one) => one.view()),
  ])
  const run = trainer.ok ? trainer.value.run : null
  const going = isGoingOn(run) ? run : null
  return {
    state,
    triggers: triggersOf(state, now),
    heldUntil: heldUntil(runs[0] ?? null, now),
    nextCheck: nextCheck(now),
    trainer,
    going,
    runs: runs.filter(({ id }) => id !== going?.id),
  }
}

/** Begins a run when a trigger is met. Gives its reason; null when none is due, or one goes on. */
export async function beginIfDue(
  bindings: TrainerBindings,
  db: Database,
  judged: Judged,
  now: EpochMs,
): Promise<string | null> {
  const { triggers, going, runs } = await readTraining(bindings, db, judged, now)
  const reason = going === null ? dueReason(triggers, runs[0] ?? null, now) : null
  if (reason === null) return null
  const begun = await askTrainer(bindings, (trainer) => trainer.start(reason, 'picket'))
  if (!begun.ok) throw new Error(`a run is due and cannot begin: ${begun.error}`)
  return begun.value.started ? reason : null
}
