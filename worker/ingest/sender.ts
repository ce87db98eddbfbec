import type { Context } from 'hono'
import { isTimely, signatureHolds } from '../../core/auth/request-signature.ts'
import { unseal } from '../../core/auth/sealed-secret.ts'
import { sha256Hex } from '../../core/auth/token.ts'
import type { SensorIdentity, SensorKeys } from '../../core/events/sensor.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { EpochMs } from '../../core/time.ts'
import type { Refusal } from '../problem.ts'
import { sha256HexOf } from './digest.ts'

/** What a sender must prove beyond its headers, once the body is there. */
export interface Sender {
  sensor: SensorIdentity
  /** Refuses a body that was not signed, or was signed before. */
  confirm(wire: Uint8Array): Promise<Result<null, Refusal>>
}

export interface SenderParts {
  keys: SensorKeys
  /** Under which HMAC secrets are sealed; without it no sensor can sign. */
  sessionSecret: string | undefined
  /** True the first time that the sensor uses the nonce. */
  useNonce(sensor: string, nonce: string, now: EpochMs): Promise<boolean>
}

/**
 * Who sends (contract, "Ingest"): `Authorization: Bearer KEY`, or a signature in the X-Picket headers. Strangers learn
 * nothing of why they are refused; the log does.
 */
export async function senderOf(c: Context, parts: SenderParts, now: EpochMs): Promise<Result<Sender, Refusal>> {
  if (c.req.header('X-Picket-Signature') !== undefined) return signerOf(c, parts, now)
  const key = /^Bearer +([^\s]{1,500})$/i.exec(c.req.header('Authorization') ?? '')?.[1]
  const sensor = key === undefined ? null : await parts.keys.find(await sha256Hex(key))
  return sensor === null ? err({ tag: 'unknown-sensor-key' }) : ok({ sensor, confirm: async () => ok(null) })
}

async function signerOf(c: Context, parts: SenderParts, now: EpochMs): Promise<Result<Sender, Refusal>> {
  const id = c.req.header('X-Picket-Sensor') ?? ''
  const signature = c.req.header('X-Picket-Signature') ?? ''
  const timestamp = c.req.header('X-Picket-Timestamp') ?? ''
  const nonce = c.req.header('X-Picket-Nonce') ?? ''
  if (!isTimely({ timestamp, nonce }, now))
    return refused(id, 'its time is not within 300 s, or its nonce has no right form')
  const signing = id === '' ? null : await parts.keys.findSigning(id)
  if (signing === null) return refused(id, 'no such sensor signs')
  const { sessionSecret } = parts
  const secret = sessionSecret === undefined ? null : await unseal(signing.sealedSecret, id, sessionSecret)
  if (secret === null) return refused(id, 'its secret cannot be opened with this SESSION_SECRET')
  const { pathname, search } = new URL(c.req.url)
  return ok({
    sensor: signing.identity,
    async confirm(wire) {
      const bodyHash = await sha256HexOf(wire)
      const request = { method: c.req.method, target: pathname + search, timestamp, nonce, bodyHash }
      if (!(await signatureHolds(request, secret, signature))) return refused(id, 'its signature does not hold')
      // Last, so that only the sensor itself can use up a nonce.
      return (await parts.useNonce(id, nonce, now)) ? ok(null) : refused(id, 'its nonce was used before')
    },
  })
}

function refused(sensor: string, why: string): { ok: false; error: Refusal } {
  console.warn(JSON.stringify({ refused: 'signed request', sensor: sensor.slice(0, 100), why }))
  return err({ tag: 'bad-signature' })
}
