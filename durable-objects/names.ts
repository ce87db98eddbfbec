import type { BatchAnswer, SensorBatch } from '../core/events/batch.ts'
import type { ReadEvent } from '../core/events/event.ts'
import type { PartitionHealth, SensorHealth } from '../core/health.ts'
import type { ThinReport } from '../core/incidents/campaign.ts'

/** Object names: one Sensor a sensor id, SourcePartitions p0, p1, … */
export const partitionName = (partition: number): string => `p${partition}`

/** A partition's part of a sensor's batch, or (with no events) the news that time has gone on in a feed. */
export interface PartitionShare {
  /** Names the batch among all sensors' batches; '' when there are no events. */
  batch: string
  sensor: string
  stream: string
  /** Time line whose watermark closes panes, unique among sensors. */
  feed: string
  /** Judge within a second rather than at pane boundaries. */
  live: boolean
  /** Windows of the events' sources are kept under this scope, those of site-local sources under the other. */
  scope: string
  siteScope: string
  /** Newest event time of the feed, all partitions. */
  newestTs: number
  receivedAt: number
  /** JSON array of ReadEvent. */
  events: string
}

/** What the partition offers to sensors and pages. */
export interface PartitionPort {
  add(share: PartitionShare): Promise<{ accepted: number; duplicates: number }>
  health(): Promise<PartitionHealth>
}

/** A thin window with one of its events, for the campaign's evidence. */
export interface ThinWindow extends ThinReport {
  example: (ReadEvent & { stream: string }) | null
}

/** Thin windows told together; `id` names the message. */
export interface ThinMessage {
  id: string
  windows: ThinWindow[]
}

/** What the sensor offers to the ingest route, partitions and pages. */
export interface SensorPort {
  ingest(batch: SensorBatch): Promise<BatchAnswer>
  /** packQuestions in, packContexts out. */
  contexts(feed: string, questions: Float64Array): Promise<Float64Array>
  /** Takes thin windows of a feed; a message that is told twice counts once. */
  takeThin(feed: string, messages: ThinMessage[]): Promise<void>
  health(): Promise<SensorHealth>
}
