import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  leftToday,
  NOTHING_SPENT,
  renewedAt,
  type Spending,
  spend,
  spentToday,
} from '../../../../core/intel/live/budget.ts'

const DAY = 24 * 3_600_000
const NOON = Date.UTC(2026, 10, 24, 12)

it('begins anew at midnight UTC', () => {
  const spent = spend(spend(NOTHING_SPENT, NOON), NOON + 1)
  expect(leftToday(spent, 2, NOON + 2)).toBe(0)
  expect(renewedAt(spent, NOON + 2)).toBe(Date.UTC(2026, 10, 25))
  expect(leftToday(spent, 2, Date.UTC(2026, 10, 24, 23, 59, 59, 999))).toBe(0)
  expect(leftToday(spent, 2, Date.UTC(2026, 10, 25))).toBe(2)
})

it('gives no second budget to a clock that goes back', () => {
  const spent = spend(NOTHING_SPENT, NOON)
  expect(leftToday(spent, 1, NOON - DAY)).toBe(0)
  expect(spentToday(spend(spent, NOON - DAY), NOON)).toBe(2)
  expect(renewedAt(spent, NOON - DAY)).toBe(Date.UTC(2026, 10, 25))
})

it('never lets more calls begin in a day than the budget has', () =>
  fc.assert(
    fc.property(fc.nat(20), fc.array(fc.nat(8 * 3_600_000)), (budget, waits) => {
      let spending: Spending = NOTHING_SPENT
      let now = NOON
      const byDay = new Map<number, number>()
      for (const wait of waits) {
        now += wait
        if (leftToday(spending, budget, now) === 0) continue
        spending = spend(spending, now)
        const day = Math.floor(now / DAY)
        byDay.set(day, (byDay.get(day) ?? 0) + 1)
      }
      for (const calls of byDay.values()) expect(calls).toBeLessThanOrEqual(budget)
    }),
  ))
