import { C } from '../window/counters.ts'
import { featureGroup, ratio, when } from './feature.ts'

const COUNT: [number, number] = [0, Number.POSITIVE_INFINITY]
const NO_PORT = 'no event names a destination port'

/** Which ports of its targets the source touched. ICMP types are not ports. */
export const ports = featureGroup('ports', {
  distinct_dst_ports: {
    definition: 'Distinct destination ports.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: NO_PORT,
    of: ({ sum }) => when(sum.ports !== null, sum.ports?.distinct() ?? 0),
  },
  dst_port_entropy: {
    definition: 'Entropy of the destination ports.',
    unit: 'bits',
    range: [0, 16],
    transform: 'none',
    absent: NO_PORT,
    of: ({ sum }) => sum.ports?.entropy() ?? Number.NaN,
  },
  ports_per_s: {
    definition: 'Distinct destination ports beyond the first, per second from first to last event.',
    unit: 'per second',
    range: COUNT,
    transform: 'log1p',
    absent: 'no port named, or all events at one moment',
    of: ({ sum, spanS }) => when(sum.ports !== null && spanS > 0, ((sum.ports?.distinct() ?? 1) - 1) / spanS),
  },
  top_port_share: {
    definition: 'Share of the most frequent destination port.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_PORT,
    of: ({ sum }) => (sum.ports ? ratio(sum.ports.top(), sum.ports.total) : Number.NaN),
  },
  well_known_port_share: {
    definition: 'Share of events to ports under 1024.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_PORT,
    of: ({ sum }) => ratio(sum.counters[C.wellKnownPorts]!, sum.counters[C.portKnown]!),
  },
  ephemeral_port_share: {
    definition: 'Share of events to ports of 32768 and over, where clients answer from.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: NO_PORT,
    of: ({ sum }) => ratio(sum.counters[C.ephemeralPorts]!, sum.counters[C.portKnown]!),
  },
  sequential_port_ratio: {
    definition: 'How densely the ports fill their range: (distinct ports − 1) over (highest − lowest).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'fewer than two distinct ports',
    of: ({ sum }) =>
      when(
        sum.highestPort > sum.lowestPort,
        Math.min(1, ((sum.ports?.distinct() ?? 1) - 1) / (sum.highestPort - sum.lowestPort)),
      ),
  },
  max_ports_per_host: {
    definition: 'Most distinct ports on one host (vertical scan).',
    unit: 'count',
    range: [0, 621],
    transform: 'log1p',
    absent: 'no event names a destination host',
    of: ({ sum }) => sum.contacts?.maxPortsPerHost() ?? Number.NaN,
  },
})
