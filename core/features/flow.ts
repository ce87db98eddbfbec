import { C } from '../window/counters.ts'
import { deviation, featureGroup, ratio, when } from './feature.ts'

const COUNT: [number, number] = [0, Number.POSITIVE_INFINITY]
const NO_BYTES = 'no event tells bytes'
const NO_PACKETS = 'no event tells packets'

/** Sizes, rates and fates of connections. Out is source to destination. */
export const flow = featureGroup('flow', {
  flows: {
    definition: 'Flow records in the window.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: null,
    of: ({ sum }) => sum.counters[C.flows]!,
  },
  bytes_out: {
    definition: 'Bytes sent by the source.',
    unit: 'bytes',
    range: COUNT,
    transform: 'log1p',
    absent: NO_BYTES,
    of: ({ sum: { counters: n } }) => when(n[C.bytesKnown]!, n[C.bytesOut]!),
  },
  bytes_in: {
    definition: 'Bytes sent back to the source.',
    unit: 'bytes',
    range: COUNT,
    transform: 'log1p',
    absent: NO_BYTES,
    of: ({ sum: { counters: n } }) => when(n[C.bytesKnown]!, n[C.bytesIn]!),
  },
  out_in_log_ratio: {
    definition: 'log2 of bytes out over bytes in, one added to each.',
    unit: 'log2 ratio',
    range: [-60, 60],
    transform: 'none',
    absent: NO_BYTES,
    of: ({ sum: { counters: n } }) => when(n[C.bytesKnown]!, Math.log2((n[C.bytesOut]! + 1) / (n[C.bytesIn]! + 1))),
  },
  bytes_out_mean: {
    definition: 'Mean bytes out of an event that tells bytes.',
    unit: 'bytes',
    range: COUNT,
    transform: 'log1p',
    absent: NO_BYTES,
    of: ({ sum: { counters: n } }) => ratio(n[C.bytesOut]!, n[C.bytesKnown]!),
  },
  bytes_out_std: {
    definition: 'Standard deviation of bytes out.',
    unit: 'bytes',
    range: COUNT,
    transform: 'log1p',
    absent: 'fewer than two events tell bytes',
    of: ({ sum: { counters: n } }) => deviation(n[C.bytesKnown]!, n[C.bytesOut]!, n[C.bytesOutSquared]!),
  },
  pkts_out: {
    definition: 'Packets sent by the source.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: NO_PACKETS,
    of: ({ sum: { counters: n } }) => when(n[C.pktsKnown]!, n[C.pktsOut]!),
  },
  pkts_in: {
    definition: 'Packets sent back to the source.',
    unit: 'count',
    range: COUNT,
    transform: 'log1p',
    absent: NO_PACKETS,
    of: ({ sum: { counters: n } }) => when(n[C.pktsKnown]!, n[C.pktsIn]!),
  },
  packet_size_mean: {
    definition: 'Mean bytes of a packet, both directions, of events that tell both.',
    unit: 'bytes',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event tells bytes and packets',
    of: ({ sum: { counters: n } }) => ratio(n[C.bytesWithPkts]!, n[C.pktsWithBytes]!),
  },
  packet_rate: {
    definition: 'Packets out per second of connection time (at least 1 s).',
    unit: 'per second',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event tells packets and duration',
    of: ({ sum: { counters: n } }) =>
      when(n[C.pktsKnown]! && n[C.durationKnown]!, n[C.pktsOut]! / Math.max(1, n[C.durationS]!)),
  },
  byte_rate: {
    definition: 'Bytes, both directions, per second of connection time (at least 1 s).',
    unit: 'per second',
    range: COUNT,
    transform: 'log1p',
    absent: 'no event tells bytes and duration',
    of: ({ sum: { counters: n } }) =>
      when(n[C.bytesKnown]! && n[C.durationKnown]!, (n[C.bytesOut]! + n[C.bytesIn]!) / Math.max(1, n[C.durationS]!)),
  },
  duration_mean: {
    definition: 'Mean duration of a flow.',
    unit: 'seconds',
    range: COUNT,
    transform: 'log1p',
    absent: 'no flow tells its duration',
    of: ({ sum: { counters: n } }) => ratio(n[C.durationS]!, n[C.durationKnown]!),
  },
  duration_std: {
    definition: 'Standard deviation of the durations.',
    unit: 'seconds',
    range: COUNT,
    transform: 'log1p',
    absent: 'fewer than two flows tell their duration',
    of: ({ sum: { counters: n } }) => deviation(n[C.durationKnown]!, n[C.durationS]!, n[C.durationSquared]!),
  },
  unanswered_share: {
    definition: 'Share of flows to which nothing came back.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no flow tells whether it was answered',
    of: ({ sum: { counters: n } }) => ratio(n[C.unanswered]!, n[C.answerKnown]!),
  },
  rejected_share: {
    definition: 'Share of connections that the target refused (REJ, RSTRH, RSTOS0).',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no connection tells its state',
    of: ({ sum: { counters: n } }) => ratio(n[C.rejected]!, n[C.stateKnown]!),
  },
  established_share: {
    definition: 'Share of connections that were established.',
    unit: 'ratio',
    range: [0, 1],
    transform: 'none',
    absent: 'no connection tells its state',
    of: ({ sum: { counters: n } }) => ratio(n[C.established]!, n[C.stateKnown]!),
  },
})
