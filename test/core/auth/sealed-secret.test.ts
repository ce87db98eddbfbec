import { describe, expect, it } from 'vitest'
import { seal, unseal } from '../../../core/auth/sealed-secret.ts'

let drawn = 0
const random = (count: number) => new Uint8Array(count).fill(++drawn)

describe('a sealed secret', () => {
  it('opens for its owner under the same SESSION_SECRET', async () => {
    const sealed = await seal('hmac secret ü', 'edge-1', 'session', random)
    expect(sealed).not.toContain('hmac')
    expect(await unseal(sealed, 'edge-1', 'session')).toBe('hmac secret ü')
  })

  it('differs each time', async () =>
    expect(await seal('s', 'edge-1', 'session', random)).not.toBe(await seal('s', 'edge-1', 'session', random)))

  it('does not open for another owner, under another SESSION_SECRET, or changed', async () => {
    const sealed = await seal('s', 'edge-1', 'session', random)
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith('A') ? 'BB' : 'AA'}`
    expect(await unseal(sealed, 'edge-2', 'session')).toBeNull()
    expect(await unseal(sealed, 'edge-1', 'other')).toBeNull()
    expect(await unseal(changed, 'edge-1', 'session')).toBeNull()
    for (const junk of ['', 'A', 'not base64url!', 'AAAA', 'A'.repeat(40)])
      expect(await unseal(junk, 'edge-1', 'session')).toBeNull()
  })
})
