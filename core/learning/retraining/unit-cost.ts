import type { EpochMs } from '../../time.ts'
import type { Made, Unit } from '../members-in-training.ts'

/**
 * CPU of one unit, µs a row of 100 features: measured with 15,215 rows on a 2-core machine. Only their proportions and
 * rough size matter: they say how many units fit a step, and how much of a run is behind it.
 */
const US_PER_ROW: Record<Made['member'], number> = { forest: 4, boosting: 9, network: 35, isolation: 1 }

/** A step aims at this much: whatever else runs in the process waits no longer. */
const STEP_US = 400_000

/** Units of a member in one step, 1 or more. */
export const unitsInStep = (member: Made['member'], rows: number): number =>
  Math.max(1, Math.floor(STEP_US / (US_PER_ROW[member] * Math.max(1, rows))))

/** Share of the work that the first `done` units are, 0..1. */
export function shareDone(units: readonly Pick<Unit, 'member'>[], done: number): number {
  let behind = 0
  let all = 0
  units.forEach(({ member }, i) => {
    all += US_PER_ROW[member]
    if (i < done) behind += US_PER_ROW[member]
  })
  return all === 0 ? 1 : behind / all
}

/** When training will end if it goes on as since `since`; null while too little is done to tell. */
export const expectedEnd = (since: EpochMs, now: EpochMs, share: number): EpochMs | null =>
  share < 0.02 ? null : Math.round(now + ((now - since) * (1 - share)) / share)
