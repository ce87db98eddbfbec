import { evictDurableObject, runDurableObjectAlarm } from 'cloudflare:test'
import { env as workerEnv } from 'cloudflare:workers'
import { packBatch } from '../../core/events/batch.ts'
import type { ReadEvent } from '../../core/events/event.ts'
import type { PartitionHealth } from '../../core/health.ts'
import type { Sensor } from '../../durable-objects/sensor.ts'
import type { SourcePartition } from '../../durable-objects/source-partition.ts'

interface ObjectEnv {
  DB: D1Database
  SENSOR: DurableObjectNamespace<Sensor>
  SOURCE_PARTITION: DurableObjectNamespace<SourcePartition>
}
export const { DB, SENSOR, SOURCE_PARTITION } = workerEnv as unknown as ObjectEnv

export const PARTITIONS = 4
export const sensor = (name: string) => SENSOR.getByName(name)
export const partitions = () => Array.from({ length: PARTITIONS }, (_, i) => SOURCE_PARTITION.getByName(`p${i}`))

let batches = 0
/** Posts a batch as the ingest route does, received now. */
export const post = (name: string, events: ReadEvent[], { id = `batch-${batches++}`, stream = '' } = {}) =>
  sensor(name).ingest(
    packBatch(events, { id, stream, receivedAt: Date.now(), rejected: 0, rejections: [] }, PARTITIONS),
  )

/** The partitions' health, added up. */
export async function health(): Promise<Record<'accepted' | 'unjudged' | 'late' | 'judged' | 'outbox', number>> {
  const each = await Promise.all(partitions().map((partition) => partition.health()))
  const sum = (figure: (one: PartitionHealth) => number) => each.reduce((total, one) => total + figure(one), 0)
  return {
    accepted: sum((one) => one.eventsAccepted),
    unjudged: sum((one) => one.eventsUnjudged),
    late: sum((one) => one.eventsLate),
    judged: sum((one) => one.windowsJudged),
    outbox: sum((one) => one.outboxPending),
  }
}

/** One alarm of every partition: what waits is judged and told to D1 and the sensors. */
export async function wakePartitions(): Promise<void> {
  for (const partition of partitions()) await runDurableObjectAlarm(partition)
}

/** As a crash stops them: nothing is written down on the way. Only a running object can be evicted. */
export async function stopPartitions(): Promise<void> {
  await health()
  for (const partition of partitions()) await evictDurableObject(partition)
}

export interface StoredIncident {
  incident_key: string
  kind: string
  src_ip: string
  status: string
  severity: string
  threat_class: number
  sources_count: number
  events_count: number
  revision: number
  first_seen: number
  last_seen: number
  previous_key: string | null
  reopened_count: number
  model_version: string
  targets: string
  triage_note: string
  sensors: string
}

/** Rows of D1's incidents under an SQL condition, by source and time. */
export const incidentsWhere = async (condition: string): Promise<StoredIncident[]> =>
  (await DB.prepare(`SELECT * FROM incidents WHERE ${condition} ORDER BY src_ip, first_seen`).all<StoredIncident>())
    .results
