import { toBase64Url } from '../base64url.ts'

/** Bytes from a source fit for secrets. Tests hand in their own. */
export type RandomBytes = (count: number) => Uint8Array<ArrayBuffer>

export const secureRandom: RandomBytes = (count) => crypto.getRandomValues(new Uint8Array(count))

/** A secret of 256 random bits as 43 characters of base64url. */
export const newToken = (random: RandomBytes): string => toBase64Url(random(32))

/** Keys and tokens are stored as this. They are 256 random bits, so a slow hash would add nothing. */
export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Takes the same time wherever two byte strings differ; only their lengths show. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}
