import type { IntelDeskHealth, ProviderHealth } from '../core/intel/live/health.ts'
import type { ProviderState } from '../core/intel/live/provider-record.ts'
import type { Metric } from './prometheus.ts'

const STATES = [
  'off',
  'ready',
  'budget-spent',
  'told-to-wait',
  'breaker-open',
  'key-refused',
] as const satisfies readonly ProviderState['tag'][]

/** What `/metrics` tells of live look-ups. */
export function liveLookUpMetrics({ providers, counters, untold }: IntelDeskHealth): Metric[] {
  const each = (value: (one: ProviderHealth) => number) =>
    providers.map((one) => ({ labels: { provider: one.provider }, value: value(one) }))
  return [
    {
      name: 'picket_intel_calls_total',
      help: 'Calls to services outside about an address; begun calls are paid.',
      type: 'counter',
      samples: each((one) => one.counters.calls),
    },
    {
      name: 'picket_intel_answers_total',
      help: 'Answers of services outside, by what came.',
      type: 'counter',
      samples: providers.flatMap(({ provider, counters: { seen, notSeen, failures } }) =>
        Object.entries({ seen, 'not-seen': notSeen, ...failures }).map(([result, value]) => ({
          labels: { provider, result },
          value,
        })),
      ),
    },
    {
      name: 'picket_intel_questions_unasked_total',
      help: 'Questions that were not asked: no budget, too many waited, they waited too long, or the service kept failing.',
      type: 'counter',
      samples: providers.flatMap(({ provider, counters: { notTaken, dropped, expired, givenUp } }) =>
        Object.entries({ 'not-taken': notTaken, dropped, expired, 'given-up': givenUp }).map(([why, value]) => ({
          labels: { provider, why },
          value,
        })),
      ),
    },
    {
      name: 'picket_intel_cached_answers_total',
      help: 'Answers that were at hand when a window asked.',
      type: 'counter',
      samples: [{ labels: {}, value: counters.answersFromCache }],
    },
    {
      name: 'picket_intel_addresses_held_back_total',
      help: 'Addresses that must not be sent out.',
      type: 'counter',
      samples: Object.entries({
        'not-public': counters.notPublic,
        own: counters.own,
        'no-address': counters.noAddress,
      }).map(([why, value]) => ({ labels: { why }, value })),
    },
    {
      name: 'picket_intel_questions_waiting',
      help: 'Questions that wait for their turn.',
      type: 'gauge',
      samples: each((one) => one.waiting),
    },
    {
      name: 'picket_intel_budget_left',
      help: 'Calls left of the day’s budget (UTC).',
      type: 'gauge',
      samples: each((one) => Math.max(0, one.dailyBudget - one.callsToday)),
    },
    {
      name: 'picket_intel_provider_state',
      help: '1 for the state that the service is in.',
      type: 'gauge',
      samples: providers.flatMap(({ provider, state }) =>
        STATES.map((tag) => ({ labels: { provider, state: tag }, value: Number(tag === state.tag) })),
      ),
    },
    {
      name: 'picket_intel_untold',
      help: 'Addresses whose answers a partition has not heard yet.',
      type: 'gauge',
      samples: [{ labels: {}, value: untold }],
    },
  ]
}
