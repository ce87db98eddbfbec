import type { EpochMs } from '../time.ts'

/** A request as its sender signs it (contract, "Ingest"). */
export interface SignedRequest {
  method: string
  /** Path with the query, as sent: `/v1/events?format=sshd`. */
  target: string
  /** Unix seconds, as text. */
  timestamp: string
  nonce: string
  /** SHA-256 of the body as sent (before decompression), lower-case hex. */
  bodyHash: string
}

/** How far a sender's clock may be off, either way. */
export const SIGNATURE_WINDOW_MS = 300_000
/** Twice the window: as long as a signed request could be sent again, its nonce is remembered. */
export const NONCE_REMEMBERED_MS = 600_000

const TIMESTAMP = /^\d{9,11}$/
const NONCE = /^[\w.~+/=-]{8,128}$/
const SIGNATURE = /^[0-9a-f]{64}$/i

/** True when the headers have the form of a signature and the time is within the window of `now`. */
export function isTimely({ timestamp, nonce }: Pick<SignedRequest, 'timestamp' | 'nonce'>, now: EpochMs): boolean {
  return (
    TIMESTAMP.test(timestamp) && NONCE.test(nonce) && Math.abs(now - Number(timestamp) * 1000) <= SIGNATURE_WINDOW_MS
  )
}

export const signedText = ({ method, target, timestamp, nonce, bodyHash }: SignedRequest): string =>
  [method, target, timestamp, nonce, bodyHash].join('\n')

/** Hex HMAC-SHA256 of the request under the sensor's secret. */
export async function sign(request: SignedRequest, secret: string): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', await keyOf(secret, 'sign'), encode(signedText(request)))
  return [...new Uint8Array(mac)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Compares in constant time. */
export async function signatureHolds(request: SignedRequest, secret: string, signature: string): Promise<boolean> {
  if (!SIGNATURE.test(signature)) return false
  const mac = Uint8Array.from(signature.match(/../g)!, (pair) => Number.parseInt(pair, 16))
  return crypto.subtle.verify('HMAC', await keyOf(secret, 'verify'), mac, encode(signedText(request)))
}

const encode = (text: string) => new TextEncoder().encode(text)

const keyOf = (secret: string, use: 'sign' | 'verify'): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [use])
