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

/** RFC 4648, section 5, without padding. */
export const toBase64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

/** Null when the text is not base64url. */
export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return null
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
}

/** Takes the same time wherever two byte strings differ; only their lengths show. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}
