import { err, ok, type Result } from '../../core/result.ts'
import { inTime } from '../in-time.ts'

/** A page does not wait longer for an object that does not answer. */
export const PATIENCE_MS = 2_000

/** What an object says within 2 s, or why that is not known. */
export async function answerInTime<Answer>(ask: () => Promise<Answer>): Promise<Result<Answer, string>> {
  try {
    return ok(await inTime(ask(), PATIENCE_MS))
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error))
  }
}
