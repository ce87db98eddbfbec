import type { EpochMs } from '../time.ts'

const DAY_MS = 24 * 3_600_000

/** Dollars spent on one day, UTC. */
export interface DailySpending {
  /** Days since 1970-01-01. */
  day: number
  usd: number
}

export const dayOf = (now: EpochMs): number => Math.floor(now / DAY_MS)
/** A clock that went back stays on the later day, so that no day's budget is spent twice. */
export const spentOn = ({ day, usd }: DailySpending, now: EpochMs): number => (day >= dayOf(now) ? usd : 0)
export const spendMore = (spending: DailySpending, usd: number, now: EpochMs): DailySpending => ({
  day: Math.max(spending.day, dayOf(now)),
  usd: spentOn(spending, now) + usd,
})

/** Whether a call that may cost `usd` fits into the budget beside what is spent and what is set aside for others. */
export const fits = (spending: DailySpending, setAside: number, usd: number, budget: number, now: EpochMs): boolean =>
  // Sums of cents in binary: a budget that is met to the cent is met.
  spentOn(spending, now) + setAside + usd <= budget + 1e-9
