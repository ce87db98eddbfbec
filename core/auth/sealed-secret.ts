import { fromBase64Url, toBase64Url } from '../base64url.ts'
import type { RandomBytes } from './token.ts'

/**
 * Secrets that must be known again, so that hashing them will not do: AES-256-GCM under a key derived from
 * SESSION_SECRET (HKDF-SHA256). The owner's id is bound in: a sealed secret put into another's row does not open.
 */

const IV_BYTES = 12
const INFO = new TextEncoder().encode('picket sensor hmac secret v1')

/** base64url of the initialisation vector and what it encrypts. */
export async function seal(secret: string, owner: string, sessionSecret: string, random: RandomBytes): Promise<string> {
  const iv = random(IV_BYTES)
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv, additionalData: encode(owner) },
    await keyOf(sessionSecret),
    encode(secret),
  )
  return toBase64Url(new Uint8Array([...iv, ...new Uint8Array(sealed)]))
}

/** Null when it was sealed for another owner, under another SESSION_SECRET, or was changed. */
export async function unseal(sealed: string, owner: string, sessionSecret: string): Promise<string | null> {
  const bytes = fromBase64Url(sealed)
  if (bytes === null || bytes.length <= IV_BYTES) return null
  try {
    const opened = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: bytes.subarray(0, IV_BYTES), additionalData: encode(owner) },
      await keyOf(sessionSecret),
      bytes.subarray(IV_BYTES),
    )
    return new TextDecoder().decode(opened)
  } catch {
    // AES-GCM's only way to say that it does not hold.
    return null
  }
}

const encode = (text: string) => new TextEncoder().encode(text)

async function keyOf(sessionSecret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encode(sessionSecret), 'HKDF', false, ['deriveKey'])
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: INFO }
  return crypto.subtle.deriveKey(how, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}
