import { describe, expect, it } from 'vitest'
import { hashPassword, LONGEST_PASSWORD, verifyPassword } from '../../../core/auth/password.ts'
import { secureRandom } from '../../../core/auth/token.ts'

describe('passwords', () => {
  it('a password is right for its own hash only', async () => {
    const stored = await hashPassword('correct horse', secureRandom)
    expect(await verifyPassword('correct horse', stored)).toBe(true)
    expect(await verifyPassword('correct horsf', stored)).toBe(false)
    expect(await verifyPassword('', stored)).toBe(false)
  })

  it('the stored form names its algorithm and holds no password', async () => {
    const stored = await hashPassword('correct horse', secureRandom)
    expect(stored).toMatch(/^pbkdf2-sha256\$100000\$[\w-]{22}\$[\w-]{43}$/)
    expect(stored).not.toContain('correct')
  })

  it('two hashes of one password differ', async () => {
    expect(await hashPassword('same', secureRandom)).not.toBe(await hashPassword('same', secureRandom))
  })

  it('a password of an unknown user, an unreadable hash and an endless password are wrong', async () => {
    expect(await verifyPassword('x', null)).toBe(false)
    expect(await verifyPassword('x', 'md5$x')).toBe(false)
    expect(await verifyPassword('x', 'pbkdf2-sha256$100000$!$!')).toBe(false)
    const long = 'x'.repeat(LONGEST_PASSWORD + 1)
    expect(await verifyPassword(long, await hashPassword(long, secureRandom))).toBe(false)
  })

  it('agrees with the known answer of RFC 7914 section 11 for PBKDF2-HMAC-SHA-256', async () => {
    // P = "Password", S = "NaCl", c = 80000, first 32 octets.
    const hex = '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56'
    const hash = Buffer.from(hex, 'hex').toString('base64url')
    const salt = Buffer.from('NaCl').toString('base64url')
    expect(await verifyPassword('Password', `pbkdf2-sha256$80000$${salt}$${hash}`)).toBe(true)
  })
})
