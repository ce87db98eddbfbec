import { describe, expect, it } from 'vitest'
import { maskToken, unmasksTo } from '../../../core/auth/synchroniser-token.ts'
import { newToken, secureRandom } from '../../../core/auth/token.ts'
import { fromBase64Url, toBase64Url } from '../../../core/base64url.ts'

describe('synchroniser token', () => {
  it('every shown form is another and leads back to the secret', () => {
    const secret = newToken(secureRandom)
    const shown = [1, 2, 3].map(() => maskToken(secret, secureRandom))
    expect(new Set(shown).size).toBe(3)
    for (const one of shown) {
      expect(one).not.toContain(secret)
      expect(unmasksTo(one, secret)).toBe(true)
    }
  })

  it('refuses the token of another session, a changed one, a cut one, an empty one and an empty secret', () => {
    const secret = newToken(secureRandom)
    const shown = maskToken(secret, secureRandom)
    const flipped = fromBase64Url(shown)!
    flipped[40]! ^= 1
    expect(unmasksTo(maskToken(newToken(secureRandom), secureRandom), secret)).toBe(false)
    expect(unmasksTo(toBase64Url(flipped), secret)).toBe(false)
    expect(unmasksTo(shown.slice(0, -4), secret)).toBe(false)
    expect(unmasksTo('', secret)).toBe(false)
    expect(unmasksTo('no base64url!', secret)).toBe(false)
    expect(unmasksTo('', '')).toBe(false)
  })
})
