import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { canonicalAddress } from '../../../core/events/address.ts'

describe('canonicalAddress', () => {
  it('writes every IPv6 address by RFC 5952, whichever way it was written', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (groups) => {
        fc.pre(!new ipaddr.IPv6(groups).isIPv4MappedAddress())
        const whole = groups.map((g) => g.toString(16).padStart(4, '0').toUpperCase()).join(':')
        const canonical = canonicalAddress(whole)
        expect(canonical).toBe(new ipaddr.IPv6(groups).toRFC5952String())
        expect(canonicalAddress(canonical!)).toBe(canonical)
      }),
    ))

  it('leaves every dotted IPv4 address as it is, and finds it in its mapped form', () =>
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        expect(canonicalAddress(ip)).toBe(ip)
        expect(canonicalAddress(`::ffff:${ip}`)).toBe(ip)
      }),
    ))

  it('answers with an address or null for any text', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.%]{0,45}$/)), (text) => {
        const canonical = canonicalAddress(text)
        if (canonical !== null) expect(ipaddr.isValid(canonical)).toBe(true)
      }),
      { numRuns: 2000 },
    ))

  it.each([
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.4 ',
    '1.2.3.4/32',
    '::1.2.3.4',
    '::ffff:1.2.3.04',
    ':',
    '1::2::3',
    'host.example',
    '1.2.3.4:22',
    '[::1]',
  ])('refuses %j', (text) => expect(canonicalAddress(text)).toBeNull())
})
