import type { EpochMs } from './time.ts'

/** What a Sensor object tells of itself. Counts since it first ran. */
export interface SensorHealth {
  sensor: string
  accepted: number
  duplicates: number
  rejected: number
  /** Refused because the sensor's own rate limit was reached. */
  dropped: number
  lastBatchAt: EpochMs | null
  lastEventTs: EpochMs | null
  /** Events accepted in the last 60 s of arrival time. */
  eventsLastMinute: number
  /** The newest rejected lines' reasons, at most 20. */
  recentRejections: { at: EpochMs; reason: string }[]
}

/** What a SourcePartition object tells of itself. Counts since it first ran, but for `liveSources`. */
export interface PartitionHealth {
  partition: number
  liveSources: number
  eventsAccepted: number
  eventsDuplicate: number
  /** Accepted, and their window not judged since. */
  eventsUnjudged: number
  /** Older than the lateness bound allows; stored and counted, not in any judged window. */
  eventsLate: number
  windowsJudged: number
  /** Of those, windows that opened nothing because an allow-list holds their source. */
  windowsAllowed: number
  sourcesEvicted: number
  /** By route, of judged windows. */
  routes: { TRUST: number; VERIFY: number; INVESTIGATE: number }
  /** Judged windows by class id, length 7. */
  classes: number[]
  /** Incident and background rows written locally and not yet in D1. */
  outboxPending: number
  modelVersion: string | null
  /** Why the model was refused, if it was. */
  modelError: string | null
  /** Event accepted to window judged, live only: count per upper bound in seconds, Prometheus style (cumulative). */
  decisionSeconds: { buckets: { le: number; count: number }[]; sum: number; count: number }
}
