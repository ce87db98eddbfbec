import { featureGroup } from './feature.ts'

const UNKNOWN = 'no feed or look-up has told it'

/** What others know of the source, through the threat-intelligence port. Absent intelligence is absent, not good repute. */
export const intel = featureGroup('threat intelligence', {
  abuse_score: {
    definition: 'Confidence that the address is abusive, by the most certain list.',
    unit: 'score',
    range: [0, 1],
    transform: 'none',
    absent: UNKNOWN,
    of: ({ intel }) => intel.abuseScore,
  },
  is_tor_exit: {
    definition: 'Whether the address is a Tor exit.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: UNKNOWN,
    of: ({ intel }) => intel.isTorExit,
  },
  asn_reputation: {
    definition: 'Share of the network’s addresses that lists hold, on a log scale.',
    unit: 'score',
    range: [0, 1],
    transform: 'none',
    absent: UNKNOWN,
    of: ({ intel }) => intel.asnReputation,
  },
  youngest_domain_age_days: {
    definition: 'Age of the youngest domain contacted.',
    unit: 'days',
    range: [0, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: UNKNOWN,
    of: ({ intel }) => intel.youngestDomainAgeDays,
  },
  feed_matches: {
    definition: 'Feeds that list the address.',
    unit: 'count',
    range: [0, Number.POSITIVE_INFINITY],
    transform: 'log1p',
    absent: UNKNOWN,
    of: ({ intel }) => intel.feedMatches,
  },
  known_c2: {
    definition: 'Whether a contacted host is a known command-and-control server.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: UNKNOWN,
    of: ({ intel }) => intel.knownC2,
  },
})
