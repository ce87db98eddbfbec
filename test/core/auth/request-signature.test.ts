import { createHash, createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isTimely, type SignedRequest, sign, signatureHolds } from '../../../core/auth/request-signature.ts'

const NOW = Date.parse('2026-03-02T12:00:00Z')
const request: SignedRequest = {
  method: 'POST',
  target: '/v1/events?format=sshd',
  timestamp: String(NOW / 1000),
  nonce: 'nonce-0001',
  bodyHash: createHash('sha256').update('body').digest('hex'),
}

describe('a signature', () => {
  it('is what any HMAC-SHA256 gives for the five lines', async () => {
    const text = `POST\n/v1/events?format=sshd\n1772452800\nnonce-0001\n${request.bodyHash}`
    expect(await sign(request, 'secret')).toBe(createHmac('sha256', 'secret').update(text).digest('hex'))
  })

  it('holds for the request it was made for, in either case of its digits', async () => {
    const signature = await sign(request, 'secret')
    expect(await signatureHolds(request, 'secret', signature)).toBe(true)
    expect(await signatureHolds(request, 'secret', signature.toUpperCase())).toBe(true)
  })

  it.each<[string, Partial<SignedRequest>]>([
    ['method', { method: 'PUT' }],
    ['query', { target: '/v1/events' }],
    ['time', { timestamp: '1772452801' }],
    ['nonce', { nonce: 'nonce-0002' }],
    ['body', { bodyHash: createHash('sha256').update('other').digest('hex') }],
  ])('does not hold for another %s', async (_, change) =>
    expect(await signatureHolds({ ...request, ...change }, 'secret', await sign(request, 'secret'))).toBe(false),
  )

  it.each(['', 'xyz', '0'.repeat(63), '0'.repeat(64), '0'.repeat(66)])(
    'does not hold when it is %j',
    async (signature) => expect(await signatureHolds(request, 'secret', signature)).toBe(false),
  )

  it('does not hold under another secret', async () =>
    expect(await signatureHolds(request, 'other', await sign(request, 'secret'))).toBe(false))
})

describe('isTimely', () => {
  const at = (seconds: number, nonce = 'nonce-0001') =>
    isTimely({ timestamp: String(NOW / 1000 + seconds), nonce }, NOW)

  it('takes 300 s either way and no more', () =>
    expect([-301, -300, 0, 300, 301].map((s) => at(s))).toEqual([false, true, true, true, false]))

  it.each(['', '1772452800.5', '0x69a5', ' 1772452800', '17724528000000', '-1772452800'])(
    'refuses the time %j',
    (timestamp) => expect(isTimely({ timestamp, nonce: 'nonce-0001' }, NOW)).toBe(false),
  )

  it.each(['', 'short', 'with space', 'x'.repeat(129), 'new\nline1'])('refuses the nonce %j', (nonce) =>
    expect(at(0, nonce)).toBe(false),
  )
})
