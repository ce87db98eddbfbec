import type { EpochMs } from '../../time.ts'
import type { RunOutcome } from './run.ts'
import type { Trigger } from './triggers.ts'

/** After a run that was stopped or failed no trigger begins another for so long: it would be the same run again. */
const HELD_MS = 86_400_000
const HOUR_MS = 3_600_000

/** The newest run, as far as it says whether triggers may begin another. */
export interface NewestRun {
  state: 'running' | RunOutcome
  ended_at: EpochMs | null
}

/** Until when triggers begin nothing; null when they may. */
export function heldUntil(newest: NewestRun | null, now: EpochMs): EpochMs | null {
  if (newest?.ended_at == null || (newest.state !== 'stopped' && newest.state !== 'failed')) return null
  const until = newest.ended_at + HELD_MS
  return until > now ? until : null
}

/** Why a run is to begin now; null when none is. */
export function dueReason(triggers: readonly Trigger[], newest: NewestRun | null, now: EpochMs): string | null {
  const met = triggers.filter(({ isMet }) => isMet)
  return met.length === 0 || heldUntil(newest, now) !== null
    ? null
    : met.map(({ name, why }) => `${name}: ${why}`).join('. ')
}

/** When triggers are looked at next: cron does it at every full hour. */
export const nextCheck = (now: EpochMs): EpochMs => (Math.floor(now / HOUR_MS) + 1) * HOUR_MS
