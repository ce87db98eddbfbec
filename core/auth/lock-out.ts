import type { EpochMs } from '../time.ts'

/** Wrong passwords in a row that cost nothing but a count. */
const FREE_FAILURES = 5
const FIRST_PAUSE_MS = 30_000
/** An attacker can keep an account paused; the cap bounds what that costs its owner. */
const LONGEST_PAUSE_MS = 15 * 60_000

export interface LoginState {
  /** Wrong passwords since the last right one. */
  failures: number
  /** No password is looked at before this. */
  lockedUntil: EpochMs | null
}

export const isLocked = (state: LoginState, now: EpochMs): boolean =>
  state.lockedUntil !== null && now < state.lockedUntil

/** One wrong password more. From the fifth on, a pause that doubles each time: 30 s, 1 min, … 15 min. */
export function afterFailure(state: LoginState, now: EpochMs): LoginState {
  const failures = state.failures + 1
  if (failures < FREE_FAILURES) return { failures, lockedUntil: null }
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - FREE_FAILURES))
  return { failures, lockedUntil: now + pause }
}
