import { C } from '../window/counters.ts'
import { featureGroup, ratio, when } from './feature.ts'

const COUNT: [number, number] = [0, Number.POSITIVE_INFINITY]

/** Web requests, names looked up, and what other detectors said. */
export const content = featureGroup('http, dns, alerts', {
  http_error_share: {
    definition: 'Share of web requests answered with status 400 and over.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no web request tells its status',
    of: ({ sum: { counters: n } }) => ratio(n[C.httpErrors]!, n[C.httpStatusKnown]!),
  },
  distinct_paths: {
    definition: 'Distinct paths (with query) requested.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no web request names its path',
    of: ({ sum }) => when(sum.paths !== null, sum.paths?.count() ?? 0),
  },
  attack_pattern_share: {
    definition:
      'Share of web requests with a token of SQL injection, XSS, traversal, remote code or template injection.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no web request was seen',
    of: ({ sum: { counters: n } }) => ratio(n[C.attackPatterns]!, n[C.httpRequests]!),
  },
  scanner_agent_share: {
    definition: 'Share of user agents that name a scanner or attack tool.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no web request names its user agent',
    of: ({ sum: { counters: n } }) => ratio(n[C.scannerAgents]!, n[C.agentKnown]!),
  },
  dns_suspicion: {
    definition: 'Mean entropy of the longest label looked up, over 5 bits, plus the share of NXDOMAIN answers.',
    unit: 'score',
    range: [0, 2.5],
    transform: 'none',
    absent: 'no name was looked up',
    of: ({ sum: { counters: n } }) =>
      ratio(n[C.dnsEntropy]!, n[C.dnsNamesKnown]!) / 5 +
      (n[C.dnsRcodeKnown]! > 0 ? n[C.dnsFailed]! / n[C.dnsRcodeKnown]! : 0),
  },
  alert_severity_sum: {
    definition: 'Alerts of an intrusion detection system, the least severe counting 1, the most severe 4.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no alert was seen',
    of: ({ sum: { counters: n } }) => when(n[C.alerts]!, n[C.alertSeverity]!),
  },
})
