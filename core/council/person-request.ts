import { z } from 'zod'
import type { EpochMs } from '../time.ts'

/** What a person asked of a case (another one, or its end) and why. Stored with the case and shown; no prompt holds it. */
export interface PersonRequest {
  /** As the audit log names them: `user:NAME`, `token:NAME`. */
  actor: string
  /** In their own words, 1 to 500 characters. */
  reason: string
  at: EpochMs
}

/** Why a request changes nothing: a case runs, none does, there is none, or a newer one than the person saw. */
export type CaseRefusal = 'case-runs' | 'case-over' | 'no-case' | 'newer-case'

export const MOST_REASON = 500

/**
 * The same as it is sent. `round` is the case that the sender saw last, 0 for none: a request that was made in sight of an
 * older case, as a form that is sent twice is, changes nothing.
 */
export const PersonRequestBody = z.strictObject({
  reason: z.string().trim().min(1).max(MOST_REASON),
  round: z.number().int().min(0).max(1e9).optional(),
})

/** For sentences: a user by name alone. */
export const nameOfActor = (actor: string): string => actor.replace(/^user:/, '')
