import type { FormatName } from './event.ts'

/** Who sends, and what it may send. */
export interface SensorIdentity {
  id: string
  /** Formats it may send; null is all. */
  formats: FormatName[] | null
  /** Networks (CIDR) whose addresses it may report as sources; null is all. */
  sourceRanges: string[] | null
}

/** A sensor that signs its requests, with the secret as it is stored (core/auth/sealed-secret.ts). */
export interface SigningSensor {
  identity: SensorIdentity
  sealedSecret: string
}

/** Finds the sensor that sends. */
export interface SensorKeys {
  /** `keyHash` is the SHA-256 of the key in lower-case hex. Null for a key that no sensor has, or no longer. */
  find(keyHash: string): Promise<SensorIdentity | null>
  /** Null for a sensor that is not known, is revoked, or has no secret to sign with. */
  findSigning(sensor: string): Promise<SigningSensor | null>
}
