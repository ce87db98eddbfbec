/**
 * What a pane adds up. Every entry is a plain sum, so panes merge by adding and the order of events does not matter.
 * `…Known` counts the events that carry the input at all: nothing known means the feature is absent, not zero.
 */
export const COUNTERS = [
  'events',
  // flow records
  'flows',
  'bytesOut',
  'bytesOutSquared',
  'bytesIn',
  'bytesKnown',
  'pktsOut',
  'pktsIn',
  'pktsKnown',
  'bytesWithPkts',
  'pktsWithBytes',
  'durationS',
  'durationSquared',
  'durationKnown',
  'unanswered',
  'answerKnown',
  'rejected',
  'established',
  'stateKnown',
  // protocols and services
  'tcp',
  'udp',
  'icmp',
  'protoKnown',
  'http',
  'ssh',
  'dns',
  'tls',
  'lateral',
  'serviceKnown',
  // ports and hosts
  'wellKnownPorts',
  'ephemeralPorts',
  'portKnown',
  'internalTargets',
  'hostKnown',
  'lateralInternal',
  'bytesOutExternal',
  'bytesInExternal',
  'externalBytesKnown',
  // log-ins
  'failures',
  'successes',
  'authSeen',
  'defaultPairs',
  'pairKnown',
  // commands and files
  'commands',
  'reconCommands',
  'downloadExecute',
  'persistence',
  'fileTransfers',
  'shellSeen',
  // web, names, alerts
  'httpRequests',
  'httpStatusKnown',
  'httpErrors',
  'attackPatterns',
  'agentKnown',
  'scannerAgents',
  'dnsQueries',
  'dnsEntropy',
  'dnsNamesKnown',
  'dnsFailed',
  'dnsRcodeKnown',
  'alerts',
  'alertSeverity',
  // closed sessions
  'sessionsClosed',
  'sessionDurationS',
  'sessionDurationSquared',
] as const

export type CounterName = (typeof COUNTERS)[number]

/** Index of each counter in a pane's array. */
export const C = Object.fromEntries(COUNTERS.map((name, index) => [name, index])) as Record<CounterName, number>
