import { C } from '../window/counters.ts'
import { type FeatureInput, featureGroup, ratio, when } from './feature.ts'

const COUNT: [number, number] = [0, Number.POSITIVE_INFINITY]
const NO_LOGIN = 'no event is part of a log-in'

/** Log-in behaviour of a source in its window, on any service. */
export const auth = featureGroup('auth', {
  failures: {
    definition: 'Failed log-ins.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: NO_LOGIN,
    of: ({ sum: { counters: n } }) => when(n[C.authSeen]!, n[C.failures]!),
  },
  successes: {
    definition: 'Successful log-ins.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: NO_LOGIN,
    of: ({ sum: { counters: n } }) => when(n[C.authSeen]!, n[C.successes]!),
  },
  failure_rate: {
    definition: 'Failed log-ins over all log-ins.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no log-in failed or succeeded',
    of: ({ sum: { counters: n } }) => ratio(n[C.failures]!, n[C.failures]! + n[C.successes]!),
  },
  distinct_usernames: {
    definition: 'Distinct user names tried.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no log-in names its user',
    of: ({ sum }) => when(sum.users !== null, sum.users?.count() ?? 0),
  },
  distinct_passwords: {
    definition: 'Distinct passwords tried.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event holds a password',
    of: ({ sum }) => when(sum.passwords !== null, sum.passwords?.count() ?? 0),
  },
  usernames_per_failure: {
    definition: 'Distinct user names that failed over failures that name one: 1/n for guessing, 1 for spraying.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no failed log-in names its user',
    of: ({ sum: { failedUsers } }) =>
      failedUsers ? Math.min(1, ratio(failedUsers.distinct(), failedUsers.total)) : Number.NaN,
  },
  max_tries_per_username: {
    definition: 'Failures of the user name that failed most.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no failed log-in names its user',
    of: ({ sum: { failedUsers } }) => failedUsers?.top() ?? Number.NaN,
  },
  default_pair_share: {
    definition: 'Share of tried pairs that devices ship with or that head the common lists.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no event holds user and password',
    of: ({ sum: { counters: n } }) => ratio(n[C.defaultPairs]!, n[C.pairKnown]!),
  },
  failures_before_success: {
    definition: 'Failures in the 10 s spans up to and with that of the first success.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no log-in succeeded',
    of: failuresBeforeSuccess,
  },
})

function failuresBeforeSuccess({ view, sum }: FeatureInput): number {
  if (sum.firstSuccessTs === Number.POSITIVE_INFINITY) return Number.NaN
  let failures = 0
  for (const pane of view.panes) {
    failures += pane.failures
    if (pane.firstSuccessTs < Number.POSITIVE_INFINITY) break
  }
  return failures
}
