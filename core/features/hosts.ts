import { C } from '../window/counters.ts'
import { type FeatureInput, featureGroup, ratio, when } from './feature.ts'

const COUNT: [number, number] = [0, Number.POSITIVE_INFINITY]
const NO_HOST = 'no event names a destination host'

/** Which hosts the source reached, and from how many of its own ports. */
export const hosts = featureGroup('hosts', {
  distinct_dst_hosts_24h: {
    definition:
      'Distinct destination hosts of the last day, each weighted by how long ago it was reached (1/e after a day).',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: NO_HOST,
    of: hosts24h,
  },
  hosts_per_s: {
    definition: 'Distinct destination hosts beyond the first, per second from first to last event.',
    unit: 'per second',
    range: COUNT,
    transform: 'log1p',
    absent: 'no host named, or all events at one moment',
    of: ({ sum, spanS }) => when(sum.hosts !== null && spanS > 0, ((sum.hosts?.distinct() ?? 1) - 1) / spanS),
  },
  max_hosts_per_port: {
    definition: 'Most distinct hosts on one port (horizontal scan).',
    unit: 'count',
    range: [0, 621],
    transform: 'log1p',
    absent: NO_HOST,
    of: ({ sum }) => sum.contacts?.maxHostsPerPort() ?? Number.NaN,
  },
  top_host_share: {
    definition: 'Share of the most frequent destination host.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_HOST,
    of: ({ sum }) => (sum.hosts ? ratio(sum.hosts.top(), sum.hosts.total) : Number.NaN),
  },
  internal_dst_share: {
    definition: 'Share of events to site-local addresses (RFC 1918, RFC 4193, link-local).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_HOST,
    of: ({ sum }) => ratio(sum.counters[C.internalTargets]!, sum.counters[C.hostKnown]!),
  },
  distinct_src_ports: {
    definition: 'Distinct source ports.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event names a source port',
    of: ({ sum }) => when(sum.sourcePorts !== null, sum.sourcePorts?.count() ?? 0),
  },
})

function hosts24h({ sum, view }: FeatureInput): number {
  if (sum.hosts === null) return Number.NaN
  let largestPane = 0
  for (const pane of view.panes) largestPane = Math.max(largestPane, pane.distinctHosts)
  return view.history.hosts24h(view.last, sum.hosts, largestPane)
}
