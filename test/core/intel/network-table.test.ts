import fc from 'fast-check'
import { expect, it } from 'vitest'
import { v4Key, v4Text, v6Key } from '../../../core/intel/address-key.ts'
import { buildNetworkTable } from '../../../core/intel/network-builder.ts'
import { NetworkTable } from '../../../core/intel/network-table.ts'

const AS_OF = Date.UTC(2026, 5, 17)
const key6 = (address: string): bigint => {
  const [high, low] = v6Key(address)
  return (BigInt(high) << 32n) | BigInt(low)
}

const table = (
  v4: { networks?: object[]; countries?: object[] },
  v6: { networks?: object[]; countries?: object[] } = {},
) =>
  new NetworkTable(
    buildNetworkTable({
      asOf: AS_OF,
      v4: { networks: [], countries: [], ...v4 } as never,
      v6: { networks: [], countries: [], ...v6 } as never,
    }).buffer,
  )

it('tells country and network where both, one or none is known', () => {
  const at = v4Key
  const networks = table({
    networks: [{ first: at('192.0.2.0'), last: at('192.0.2.127'), asn: 64500, name: 'Exämple, Inc.' }],
    countries: [
      { first: at('192.0.2.64'), last: at('192.0.2.255'), country: 'NL' },
      { first: at('255.255.255.0'), last: at('255.255.255.255'), country: 'ZZ' },
    ],
  })
  expect(networks.of('192.0.1.255')).toEqual({ country: null, asn: null, name: null })
  expect(networks.of('192.0.2.0')).toEqual({ country: null, asn: 64500, name: 'Exämple, Inc.' })
  expect(networks.of('192.0.2.64')).toEqual({ country: 'NL', asn: 64500, name: 'Exämple, Inc.' })
  expect(networks.of('192.0.2.128')).toEqual({ country: 'NL', asn: null, name: null })
  expect(networks.of('192.0.3.0')).toEqual({ country: null, asn: null, name: null })
  expect(networks.of('255.255.255.255').country).toBe('ZZ')
  expect(networks.asOf).toBe(AS_OF)
  expect(networks.announced(networks.networkOf('192.0.2.5'))).toBe(128)
})

it('finds the /64 of an IPv6 source and of a full address', () => {
  const networks = table(
    {},
    {
      networks: [{ first: key6('2001:db8::'), last: key6('2001:db8:0:ffff::'), asn: 64501, name: 'Six' }],
      countries: [{ first: key6('2001:db8:0:8000::'), last: key6('2001:db8:1::'), country: 'DE' }],
    },
  )
  expect(networks.of('2001:db8::/64')).toEqual({ country: null, asn: 64501, name: 'Six' })
  expect(networks.of('2001:db8:0:8000::1')).toEqual({ country: 'DE', asn: 64501, name: 'Six' })
  expect(networks.of('2001:db8:1:0:ffff::')).toEqual({ country: 'DE', asn: null, name: null })
  expect(networks.of('2001:db8:2::1')).toEqual({ country: null, asn: null, name: null })
})

it('agrees with a search through all ranges', () => {
  const cuts = fc.uniqueArray(fc.nat(5_000), { minLength: 2, maxLength: 60 })
  fc.assert(
    fc.property(cuts, cuts, fc.array(fc.nat(5_200), { maxLength: 200 }), (a, b, asked) => {
      const ranges = (points: number[]) => {
        const sorted = [...points].sort((x, y) => x - y)
        return sorted.flatMap((first, i) =>
          i % 2 === 0 && sorted[i + 1] !== undefined ? [{ first, last: sorted[i + 1]! - (i % 4 === 0 ? 1 : 0) }] : [],
        )
      }
      const networks = ranges(a).map((range, i) => ({ ...range, asn: 100 + i, name: `n${i}` }))
      const countries = ranges(b).map((range, i) => ({ ...range, country: ['NL', 'DE', 'FR'][i % 3]! }))
      const built = table({ networks, countries })
      for (const key of asked) {
        const inside = ({ first, last }: { first: number; last: number }) => first <= key && key <= last
        const network = networks.find(inside)
        expect(built.of(v4Text(key))).toEqual({
          country: countries.find(inside)?.country ?? null,
          asn: network?.asn ?? null,
          name: network?.name ?? null,
        })
      }
    }),
  )
})

it('counts the addresses of a sorted list by network', () => {
  const networks = table({
    networks: [
      { first: 100, last: 199, asn: 1, name: 'one' },
      { first: 300, last: 399, asn: 2, name: 'two' },
    ],
  })
  const counts = new Uint32Array(networks.networks)
  networks.countByNetwork(Uint32Array.of(1, 100, 150, 250, 300, 399, 400), counts)
  expect(counts[networks.networkOf(v4Text(100))]).toBe(2)
  expect(counts[networks.networkOf(v4Text(300))]).toBe(2)
  expect(counts[0]).toBe(3)
})

it('refuses a buffer that is no table', () => {
  expect(() => new NetworkTable(new ArrayBuffer(64))).toThrow(/not a table/)
})
