import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isSiteLocal } from '../../../../core/events/source.ts'
import { sendableUnless } from '../../../../core/intel/live/sendable.ts'

const anyone = sendableUnless([])

it('lets public addresses pass, with their family', () => {
  expect(anyone('45.33.32.156')).toEqual({ ok: true, family: 'ipv4' })
  expect(anyone('2a01:4f8::1')).toEqual({ ok: true, family: 'ipv6' })
})

it('lets nothing pass that is private, reserved, for documentation, link-local, or hides another address', () => {
  const held = `10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 127.0.0.1 0.0.0.0 169.254.1.1 100.64.0.1 192.0.0.1
    192.0.2.1 198.51.100.7 203.0.113.9 198.18.0.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 192.88.99.1
    :: ::1 fe80::1 fc00::1 fd12::1 fec0::1 ff02::1 2001:db8::1 2001::1 2002:a00:1::1 64:ff9b::a00:1 100::1 4000::1 1::1`
  for (const address of held.split(/\s+/)) expect(anyone(address), address).toEqual({ ok: false, why: 'not-public' })
})

it('lets nothing pass that is no address in canonical form', () => {
  for (const text of [
    '',
    'localhost',
    '45.33.32',
    '045.33.32.156',
    '2a01:4f8::1/64',
    '::ffff:10.0.0.1',
    '1.2.3.4 ',
    'x',
  ])
    expect(anyone(text), text).toEqual({ ok: false, why: 'no-address' })
})

it('lets no own address pass, and nothing at all when an own network cannot be read', () => {
  const own = sendableUnless(['45.33.0.0/16', '2a01:4f8::/32'])
  expect(own('45.33.32.156')).toEqual({ ok: false, why: 'own' })
  expect(own('2a01:4f8:1::1')).toEqual({ ok: false, why: 'own' })
  expect(own('45.34.0.1').ok).toBe(true)
  expect(sendableUnless(['45.33.0.0'])('45.34.0.1')).toEqual({ ok: false, why: 'own' })
})

it('never lets a site-local IPv4 address pass', () =>
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      if (isSiteLocal(address)) expect(anyone(address).ok).toBe(false)
    }),
    { numRuns: 2_000 },
  ))
