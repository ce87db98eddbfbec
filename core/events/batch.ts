import type { EpochMs } from '../time.ts'
import { hash32 } from '../window/hash.ts'
import { paneOf } from '../window/pane-times.ts'
import type { ReadEvent } from './event.ts'
import { sourceOf } from './source.ts'

/**
 * One accepted request of a sensor, packed for its way: the Sensor object forwards each share unopened,
 * so that events are decoded once, in the partition that keeps them.
 */
export interface SensorBatch {
  /** The sensor's own name for the batch (Idempotency-Key), or the digest of its body. */
  id: string
  /** The file or feed the events come from, as the sender names it (X-Picket-Stream); '' when it does not. */
  stream: string
  receivedAt: EpochMs
  shares: BatchShare[]
  /** Flat [ts, hash of source, hash of target] for every event that names a target, for the target-side sketches. */
  contacts: Float64Array
  /** Newest and oldest event time. */
  newestTs: EpochMs
  oldestTs: EpochMs
  accepted: number
  rejected: number
  /** Reasons of the first rejected lines, at most 20. */
  rejections: string[]
}

export interface BatchShare {
  partition: number
  count: number
  /** Distinct 10 s panes of event time that its events lie in. */
  panes: number[]
  /** JSON array of ReadEvent. */
  events: string
}

export type BatchAnswer =
  | { tag: 'accepted'; accepted: number; duplicates: number }
  | { tag: 'rate-limited'; retryAfterS: number }

/** Which partition keeps a source: 0..partitions-1. */
export const partitionOf = (source: string, partitions: number): number => hash32(source, 0x7a11) % partitions

/** Groups a request's events by partition. `partitions` is 1 or more. */
export function packBatch(
  reads: ReadEvent[],
  named: { id: string; stream: string; receivedAt: EpochMs; rejected: number; rejections: string[] },
  partitions: number,
): SensorBatch {
  const groups = new Map<number, ReadEvent[]>()
  const contacts = new Float64Array(reads.length * 3)
  let used = 0
  let newestTs = Number.NEGATIVE_INFINITY
  let oldestTs = Number.POSITIVE_INFINITY
  for (const read of reads) {
    const { event } = read
    const source = sourceOf(event)
    const partition = partitionOf(source, partitions)
    const group = groups.get(partition)
    if (group) group.push(read)
    else groups.set(partition, [read])
    if (event.ts > newestTs) newestTs = event.ts
    if (event.ts < oldestTs) oldestTs = event.ts
    if (event.dst_ip !== undefined) {
      contacts[used] = event.ts
      contacts[used + 1] = hash32(source)
      contacts[used + 2] = hash32(event.dst_ip)
      used += 3
    }
  }
  return {
    ...named,
    rejections: named.rejections.slice(0, 20),
    accepted: reads.length,
    contacts: contacts.slice(0, used),
    newestTs,
    oldestTs,
    shares: [...groups].map(([partition, group]) => ({
      partition,
      count: group.length,
      panes: [...new Set(group.map(({ event }) => paneOf(event.ts)))],
      events: JSON.stringify(group),
    })),
  }
}
