import type { FormatName } from './event.ts'

/** Who sends, and what it may send. */
export interface SensorIdentity {
  id: string
  /** Formats it may send; null is all. */
  formats: FormatName[] | null
  /** Networks (CIDR) whose addresses it may report as sources; null is all. */
  sourceRanges: string[] | null
}

/** Finds the sensor that a key belongs to. */
export interface SensorKeys {
  /** `keyHash` is the SHA-256 of the key in lower-case hex. Null for a key that no sensor has, or no longer. */
  find(keyHash: string): Promise<SensorIdentity | null>
}
