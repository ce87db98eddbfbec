import { fromBase64Url, toBase64Url } from '../base64url.ts'
import { type RandomBytes, sameBytes } from './token.ts'

/**
 * The form of a session's CSRF token that goes into a page: another each time, so that the size of the compressed page
 * tells nothing of the secret (BREACH, 2013). `secret` is base64url.
 */
export function maskToken(secret: string, random: RandomBytes): string {
  const bytes = fromBase64Url(secret) ?? new Uint8Array()
  const mask = random(bytes.length)
  return toBase64Url(Uint8Array.from([...mask, ...bytes.map((byte, i) => byte ^ mask[i]!)]))
}

/** True when `shown` is a masked form of `secret`. */
export function unmasksTo(shown: string, secret: string): boolean {
  const expected = fromBase64Url(secret)
  const both = fromBase64Url(shown)
  if (!expected || expected.length === 0 || !both || both.length !== expected.length * 2) return false
  const mask = both.subarray(0, expected.length)
  return sameBytes(
    both.subarray(expected.length).map((byte, i) => byte ^ mask[i]!),
    expected,
  )
}
