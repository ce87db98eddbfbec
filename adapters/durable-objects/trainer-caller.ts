import type { TrainerView } from '../../core/learning/retraining/run.ts'
import { err, type Result } from '../../core/result.ts'
import { answerInTime } from './answer-in-time.ts'

/** What the one trainer of the deployment offers; see TrainerPort in durable-objects/names.ts. */
export interface TrainerCalls {
  start(reason: string, by: string): Promise<{ started: boolean; id: string }>
  stop(by: string): Promise<string | null>
  view(): Promise<TrainerView>
}

export interface TrainerBindings {
  /** Absent where no trainer is deployed. */
  TRAINER?: { getByName(name: string): TrainerCalls }
}

const NAME = 'trainer'

/** The trainer's answer within 2 s, or why there is none. */
export const askTrainer = async <Answer>(
  { TRAINER }: TrainerBindings,
  ask: (trainer: TrainerCalls) => Promise<Answer>,
): Promise<Result<Answer, string>> =>
  TRAINER === undefined ? err('no trainer is deployed') : answerInTime(() => ask(TRAINER.getByName(NAME)))
