import { expect, it } from 'vitest'
import { v4Key } from '../../../core/intel/address-key.ts'
import { contextOf, USABLE_BEFORE_MS } from '../../../core/intel/context.ts'
import type { Finding } from '../../../core/intel/finding.ts'
import type { ListKind } from '../../../core/intel/list-kinds.ts'
import { buildNetworkTable } from '../../../core/intel/network-builder.ts'
import { NetworkTable } from '../../../core/intel/network-table.ts'
import { parseOwnRanges } from '../../../core/intel/own-ranges.ts'
import { type ReadOptions, readList } from '../../../core/intel/read-list.ts'
import { IntelSnapshot, type SnapshotList } from '../../../core/intel/snapshot.ts'

const NOW = Date.UTC(2026, 10, 24)
const DAY = 24 * 3_600_000
const SOURCE = '192.0.2.1'

async function list(
  name: string,
  kind: ListKind,
  text: string,
  { format = 'csv', ...more }: Partial<SnapshotList> & Partial<Pick<ReadOptions, 'format'>> = {},
): Promise<SnapshotList> {
  async function* bytes() {
    yield new TextEncoder().encode(text)
  }
  const options = {
    scale: '0-1',
    own: [],
    isAllowList: kind === 'allow-list',
    leaveOutRefused: false,
    now: NOW,
  } as const
  const read = await readList(bytes(), { ...options, format })
  if (!read.ok) throw new Error(read.error.why)
  return {
    id: name,
    name,
    kind,
    weight: 1,
    licence: 'CC0',
    asOf: NOW,
    expires: NOW + DAY,
    objectKey: name,
    tables: read.value.tables,
    ...more,
  }
}

const networks = new NetworkTable(
  buildNetworkTable({
    asOf: NOW - 100 * DAY,
    v4: {
      networks: [
        { first: v4Key('192.0.2.0'), last: v4Key('192.0.2.255'), asn: 64500, name: 'Example' },
        { first: v4Key('198.51.100.0'), last: v4Key('198.51.100.255'), asn: 64501, name: 'Quiet' },
      ],
      countries: [{ first: v4Key('192.0.2.0'), last: v4Key('192.0.2.255'), country: 'NL' }],
    },
    v6: { networks: [], countries: [] },
  }).buffer,
)

it('knows nothing while no list is loaded', () => {
  const context = new IntelSnapshot([], networks).contextOf(SOURCE, NOW)
  expect(Object.values(context).every(Number.isNaN)).toBe(true)
})

it('takes the most certain list, by its weight, and counts the lists', async () => {
  const snapshot = new IntelSnapshot(
    [
      await list('a', 'blocklist', `${SOURCE},0.8`, { weight: 0.5 }),
      await list('b', 'blocklist', '192.0.2.0/24,0.6'),
      await list('c', 'blocklist', '192.0.2.99,1'),
      await list('tor', 'tor-exit', '192.0.2.50,1'),
    ],
    null,
  )
  const context = snapshot.contextOf(SOURCE, NOW)
  expect(context).toMatchObject({ feedMatches: 2, isTorExit: 0 })
  expect(context.abuseScore).toBeCloseTo(0.6)
  expect(context.knownC2).toBeNaN()
  expect(context.asnReputation).toBeNaN()
  expect(context.youngestDomainAgeDays).toBeNaN()
  expect(snapshot.contextOf('192.0.2.50', NOW)).toMatchObject({ feedMatches: 1, isTorExit: 1 })
  const unlisted = snapshot.contextOf('198.51.100.1', NOW)
  expect(unlisted.feedMatches).toBe(0)
  expect(unlisted.abuseScore).toBeNaN()
})

it('uses a list of today neither on events of years ago nor after it expired', async () => {
  const snapshot = new IntelSnapshot([await list('a', 'blocklist', `${SOURCE},1`)], networks)
  const isUsed = (ts: number) => !Number.isNaN(snapshot.contextOf(SOURCE, ts).feedMatches)
  expect(isUsed(Date.UTC(2018, 0, 1))).toBe(false)
  expect(isUsed(NOW - USABLE_BEFORE_MS.blocklist - 1)).toBe(false)
  expect(isUsed(NOW - USABLE_BEFORE_MS.blocklist)).toBe(true)
  expect(isUsed(NOW + DAY)).toBe(true)
  expect(isUsed(NOW + DAY + 1)).toBe(false)
  expect(snapshot.answer(SOURCE, Date.UTC(2018, 0, 1))).toEqual({ findings: [], consulted: [] })
})

it('tells country and network with source, licence and age', async () => {
  const { findings, consulted } = new IntelSnapshot([], networks).answer(SOURCE, NOW)
  expect(findings).toMatchObject([
    { kind: 'network', value: '64500', detail: 'Example', licence: 'CC BY 4.0', asOf: NOW - 100 * DAY, score: null },
    { kind: 'country', value: 'NL', asOf: NOW - 100 * DAY },
  ])
  expect(consulted.map(({ kind }) => kind)).toEqual(['network', 'country'])
  expect(new IntelSnapshot([], networks).answer('198.51.100.7', NOW).findings.map(({ kind }) => kind)).toEqual([
    'network',
  ])
})

it('scores a network by the share of its addresses that lists hold', async () => {
  const many = Array.from({ length: 256 }, (_, i) => `192.0.2.${i},1`).join('\n')
  const snapshot = new IntelSnapshot([await list('a', 'blocklist', many)], networks)
  expect(snapshot.contextOf(SOURCE, NOW).asnReputation).toBe(1)
  expect(snapshot.contextOf('198.51.100.7', NOW).asnReputation).toBe(0)
  expect(snapshot.answer(SOURCE, NOW).findings[0]!.detail).toBe('Example; lists hold 256 of its 256 IPv4 addresses')
  const one = new IntelSnapshot([await list('a', 'blocklist', `${SOURCE},1`)], networks)
  expect(one.contextOf('192.0.2.9', NOW).asnReputation).toBeCloseTo(1 - Math.log10(256) / 4)
})

it('sees what a source contacts: a C2 address, a domain under a listed one, a fingerprint', async () => {
  const md5 = 'e7d705a3286e19ea42f587b344ee6865'
  const snapshot = new IntelSnapshot(
    [await list('c2', 'c2', '203.0.113.5,1\nevil.example,0.9'), await list('tls', 'blocklist', md5, { format: 'ja3' })],
    null,
  )
  const event = { ts: NOW, src_ip: SOURCE, event_type: 'x' }
  expect(snapshot.contactsOf({ ...event, dst_ip: '203.0.113.6', dns: { query: 'good.example' } })).toEqual([])
  const contacts = [
    ...snapshot.contactsOf({ ...event, dst_ip: '203.0.113.5' }),
    ...snapshot.contactsOf({ ...event, dns: { query: 'a.b.Evil.example.' } }),
    ...snapshot.contactsOf({ ...event, tls: { ja3: md5.toUpperCase() } }),
  ]
  expect(contacts).toEqual([
    { kind: 'address', subject: '203.0.113.5' },
    { kind: 'domain', subject: 'evil.example' },
    { kind: 'ja3', subject: md5 },
  ])
  expect(snapshot.contextOf(SOURCE, NOW)).toMatchObject({ knownC2: 0, feedMatches: 0 })
  expect(snapshot.contextOf(SOURCE, NOW, contacts)).toMatchObject({ knownC2: 1, feedMatches: 0, abuseScore: 1 })
  expect(snapshot.answer(SOURCE, NOW, contacts).findings.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
    'c2 203.0.113.5',
    'c2 evil.example',
    `ja3 ${md5}`,
  ])
})

it('looks up public addresses only, and allows private ones where an allow-list says so', async () => {
  const own = parseOwnRanges('192.0.2.0/25')
  const snapshot = new IntelSnapshot(
    [await list('all', 'blocklist', '192.0.2.0/24,1'), await list('mine', 'allow-list', '10.0.0.5,1\n192.0.2.200,1')],
    networks,
    own.ok ? own.value : [],
  )
  expect(snapshot.contextOf(SOURCE, NOW).feedMatches).toBeNaN()
  expect(snapshot.answer(SOURCE, NOW)).toEqual({ findings: [], consulted: [] })
  expect(snapshot.contextOf('192.0.2.200', NOW).feedMatches).toBe(1)
  expect(snapshot.allowedBy('192.0.2.200')).toBe('mine')
  expect(snapshot.allowedBy('10.0.0.5')).toBe('mine')
  expect(snapshot.allowedBy('10.0.0.6')).toBeNull()
})

it('finds an IPv6 source by any address of its /64', async () => {
  const snapshot = new IntelSnapshot([await list('a', 'blocklist', '2001:db8:1:2::dead,1')], null)
  expect(snapshot.contextOf('2001:db8:1:2::/64', NOW).feedMatches).toBe(1)
  expect(snapshot.contextOf('2001:db8:1:3::/64', NOW).feedMatches).toBe(0)
})

it('makes features of what providers say', () => {
  const finding = (kind: Finding['kind'], more: Partial<Finding>): Finding => ({
    kind,
    source: kind,
    subject: SOURCE,
    score: null,
    value: '',
    detail: '',
    asOf: NOW,
    licence: null,
    expires: null,
    ...more,
  })
  const findings = [
    finding('reputation', { score: 0 }),
    finding('reputation', { score: 0.4 }),
    finding('tor-exit', { score: 0 }),
    finding('domain-age', { subject: 'a.example', value: '30' }),
    finding('domain-age', { subject: 'b.example', value: '3' }),
    finding('domain-age', { subject: 'c.example', value: '' }),
  ]
  const context = contextOf({ findings, consulted: [] }, SOURCE, NOW)
  expect(context).toMatchObject({ abuseScore: 0.4, isTorExit: 0, youngestDomainAgeDays: 3 })
  expect(context.feedMatches).toBeNaN()
  expect(contextOf({ findings: findings.slice(0, 1), consulted: [] }, SOURCE, NOW).abuseScore).toBe(0)
})
