import type { Verdict } from '../core/council/verifier.ts'
import type { CouncilBudgetHealth, VerifierFigures } from '../core/council/view.ts'
import type { Metric } from './prometheus.ts'

/** What `/metrics` tells of the council. What nobody answers is left out. */
export function councilMetrics(
  verdicts: Record<Verdict | 'failed', number>,
  budget: CouncilBudgetHealth | null,
): Metric[] {
  const each = (value: (one: VerifierFigures) => number) =>
    (budget?.verifiers ?? []).map((one) => ({ labels: { verifier: one.verifier }, value: value(one) }))
  return [
    {
      name: 'picket_council_cases_total',
      help: 'Incidents that the council looked at, by its verdict; failed: no judge gave one.',
      type: 'counter',
      samples: Object.entries(verdicts).map(([verdict, value]) => ({ labels: { verdict }, value })),
    },
    {
      name: 'picket_council_calls_total',
      help: 'Calls to verifiers outside, retries counted.',
      type: 'counter',
      samples: each(({ calls }) => calls),
    },
    {
      name: 'picket_council_earlier_answers_total',
      help: 'Questions that were answered by an earlier answer to the same, without a call.',
      type: 'counter',
      samples: each(({ fromEarlier }) => fromEarlier),
    },
    {
      name: 'picket_council_usd_total',
      help: 'Dollars that verifiers cost, by their own count of tokens and the price table.',
      type: 'counter',
      samples: each(({ usd }) => usd),
    },
    {
      name: 'picket_council_budget_usd',
      help: 'Dollars of this day (UTC): the budget, what is spent, and what is set aside for calls that run.',
      type: 'gauge',
      samples: budget
        ? [
            { labels: { part: 'budget' }, value: budget.dailyBudgetUsd },
            { labels: { part: 'spent' }, value: budget.spentTodayUsd },
            { labels: { part: 'set-aside' }, value: budget.setAsideUsd },
          ]
        : [],
    },
  ]
}
