import type { EpochMs } from '../../time.ts'

const DAY_MS = 24 * 3_600_000

/** Calls begun on one day, UTC. Whoever dies in the middle of a call has spent it: the service counts it too. */
export interface Spending {
  /** Days since 1970-01-01. */
  day: number
  calls: number
}

export const NOTHING_SPENT: Spending = { day: 0, calls: 0 }

const dayOf = (now: EpochMs): number => Math.floor(now / DAY_MS)

/** Calls begun today. A clock that went back stays on the later day, so that no day's budget is spent twice. */
export const spentToday = ({ day, calls }: Spending, now: EpochMs): number => (day >= dayOf(now) ? calls : 0)

export const leftToday = (spending: Spending, budget: number, now: EpochMs): number =>
  Math.max(0, budget - spentToday(spending, now))

/** When the next day's budget begins. */
export const renewedAt = ({ day }: Spending, now: EpochMs): EpochMs => (Math.max(day, dayOf(now)) + 1) * DAY_MS

export const spend = (spending: Spending, now: EpochMs): Spending => ({
  day: Math.max(spending.day, dayOf(now)),
  calls: spentToday(spending, now) + 1,
})
