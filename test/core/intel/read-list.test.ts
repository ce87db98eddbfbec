import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { v4Key, v6Key } from '../../../core/intel/address-key.ts'
import { find, isValidAt, scoreAt } from '../../../core/intel/key-table.ts'
import { domainKey, ja3Key } from '../../../core/intel/list-builder.ts'
import { decodeList, encodeList } from '../../../core/intel/list-file.ts'
import { parseOwnRanges } from '../../../core/intel/own-ranges.ts'
import { type ReadList, type ReadOptions, readList } from '../../../core/intel/read-list.ts'
import { DEV_DATA, NO_DEV_DATA } from '../../support/dev-data.ts'

const NOW = Date.UTC(2026, 10, 24)

const OPTIONS: ReadOptions = {
  format: 'plain',
  scale: 'count',
  own: [],
  isAllowList: false,
  leaveOutRefused: false,
  now: NOW,
}

/** In pieces of seven bytes, so that lines and characters are cut everywhere. */
async function* pieces(text: string | Uint8Array): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const size = bytes.length > 10_000 ? 65_536 : 7
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

const read = (text: string | Uint8Array, options: Partial<ReadOptions> = {}) =>
  readList(pieces(text), { ...OPTIONS, ...options })

async function taken(text: string | Uint8Array, options: Partial<ReadOptions> = {}): Promise<ReadList> {
  const list = await read(text, options)
  if (!list.ok) throw new Error(list.error.why)
  return list.value
}

async function refusedBecause(text: string, options: Partial<ReadOptions> = {}) {
  const list = await read(text, options)
  if (list.ok) throw new Error('the list was taken')
  return list.error
}

/** Score of an address or domain in the list, null where it is not in it. */
function scoreOf({ tables }: ReadList, subject: string): number | null {
  const lookUps = /^[0-9.]+$/.test(subject)
    ? [tables.v4, tables.v4Ranges].map((table) => ({ table, key: [v4Key(subject), 0] as const }))
    : subject.includes(':')
      ? [{ table: tables.v6Ranges, key: v6Key(subject) }]
      : /^[0-9a-f]{32}$/.test(subject)
        ? [{ table: tables.ja3, key: ja3Key(subject) }]
        : [{ table: tables.domains, key: domainKey(subject) }]
  for (const { table, key } of lookUps) {
    const at = table ? find(table, key[0], key[1]) : -1
    if (at >= 0) return scoreAt(table!, at)
  }
  return null
}

it('reads a plain list with remarks, CIDRs, domains and the last line unfinished', async () => {
  const list = await taken(
    '# a list\r\n192.0.2.1\r\n198.51.100.0/24 ; SBL1\n\n2001:db8::1 remark\n0.0.0.0 ads.example.com # hosts\nevil.example\n203.0.113.9',
  )
  expect(list.counts).toEqual({ addresses: 2, ranges: 2, domains: 2, ja3: 0, expired: 0, refused: 0, unreadable: 0 })
  expect(scoreOf(list, '192.0.2.1')).toBe(1)
  expect(scoreOf(list, '192.0.2.2')).toBeNull()
  expect(scoreOf(list, '198.51.100.255')).toBe(1)
  expect(scoreOf(list, '198.51.101.0')).toBeNull()
  expect(scoreOf(list, '2001:db8::/64')).toBe(1)
  expect(scoreOf(list, '2001:db8:0:1::/64')).toBeNull()
  expect(scoreOf(list, 'ads.example.com')).toBe(1)
  expect(scoreOf(list, '203.0.113.9')).toBe(1)
})

it('reads the form of ipsum: each list that agrees halves the doubt', async () => {
  const list = await taken('# IP\tnumber of lists\n192.0.2.1\t1\n192.0.2.2\t3\n192.0.2.2\t2\n', { format: 'csv' })
  expect(scoreOf(list, '192.0.2.1')).toBe(0.5)
  expect(scoreOf(list, '192.0.2.2')).toBeCloseTo(0.875, 2)
  expect(list.counts.addresses).toBe(2)
})

it('counts and quotes reputations that are out of range', async () => {
  const list = await taken('ip,score\n192.0.2.1,900\n192.0.2.2,90\n192.0.2.3,-1\n192.0.2.4,100\n192.0.2.5,0\n', {
    format: 'csv',
    scale: '0-100',
  })
  expect(list.counts).toMatchObject({ addresses: 3, unreadable: 2 })
  expect(list.unreadableExamples[0]).toBe('line 2: "900" of 192.0.2.1 is no score on the scale 0-100')
  expect(scoreOf(list, '192.0.2.2')).toBeCloseTo(0.9, 2)
})

it('reads fingerprints under a heading or quoted', async () => {
  const md5 = 'e7d705a3286e19ea42f587b344ee6865'
  const list = await taken(
    `ja3_md5,Firstseen,Listingreason\n"${md5}", "medium", "Tor"\n${md5.replace('e', 'f')},2026\n`,
    {
      format: 'ja3',
    },
  )
  expect(list.counts.ja3).toBe(2)
  expect(scoreOf(list, md5)).toBe(1)
  expect(scoreOf(list, `0${md5.slice(1)}`)).toBeNull()
})

const stixIndicator = (pattern: string, more: object = {}) => ({
  type: 'indicator',
  id: 'indicator--1',
  pattern,
  pattern_type: 'stix',
  valid_from: '2026-11-01T00:00:00Z',
  ...more,
})

it('reads a STIX bundle with validity, confidence and URLs, and passes over what it revoked', async () => {
  const bundle = {
    type: 'bundle',
    objects: [
      { type: 'malware', name: 'x' },
      stixIndicator("[ipv4-addr:value = '192.0.2.1']", { valid_until: '2026-12-01T00:00:00Z', confidence: 80 }),
      stixIndicator("[ipv4-addr:value = '192.0.2.2' OR ipv4-addr:value ISSUBSET '198.51.100.0/24']"),
      stixIndicator("[domain-name:value = 'evil.example'] OR [url:value = 'http://bad.example:8080/a?b']"),
      stixIndicator("[ipv6-addr:value = '2001:db8::7']", { valid_until: '2026-11-02T00:00:00Z' }),
      stixIndicator("[ipv4-addr:value = '192.0.2.9']", { revoked: true }),
      stixIndicator("[file:hashes.MD5 = 'x'] AND [ipv4-addr:value = '192.0.2.8']"),
    ],
  }
  const list = await taken(JSON.stringify(bundle), { format: 'stix' })
  expect(list.counts).toEqual({ addresses: 2, ranges: 1, domains: 2, ja3: 0, expired: 1, refused: 0, unreadable: 1 })
  const at = find(list.tables.v4!, v4Key('192.0.2.1'))
  expect(scoreAt(list.tables.v4!, at)).toBe(0.8)
  expect(isValidAt(list.tables.v4!, at, Date.UTC(2026, 9, 31))).toBe(false)
  expect(isValidAt(list.tables.v4!, at, Date.UTC(2026, 10, 15))).toBe(true)
  expect(isValidAt(list.tables.v4!, at, Date.UTC(2026, 11, 2))).toBe(false)
  expect(scoreOf(list, 'bad.example')).toBe(1)
})

it('reads attributes of MISP events and of their objects, only those for detection', async () => {
  const event = {
    Event: {
      info: 'x',
      Attribute: [
        { type: 'ip-dst', value: '192.0.2.1', to_ids: true },
        { type: 'ip-dst|port', value: '192.0.2.2|443' },
        { type: 'ip-src', value: '192.0.2.3', to_ids: false },
        { type: 'ip-src', value: '192.0.2.333' },
        { type: 'md5', value: 'ffff' },
        { type: 'ja3-fingerprint-md5', value: 'e7d705a3286e19ea42f587b344ee6865' },
      ],
      Object: [{ name: 'url', Attribute: [{ type: 'url', value: 'https://evil.example/x' }] }],
    },
  }
  for (const document of [event, [event], { response: [event] }]) {
    const list = await taken(JSON.stringify(document), { format: 'misp' })
    expect(list.counts).toMatchObject({ addresses: 2, domains: 1, ja3: 1, unreadable: 1 })
  }
})

it('refuses what is no list, and says what it is', async () => {
  expect(await refusedBecause('<!DOCTYPE html><html><body>404</body></html>')).toMatchObject({ tag: 'html' })
  expect(await refusedBecause('')).toMatchObject({ tag: 'empty' })
  expect(await refusedBecause('# only remarks\n')).toMatchObject({ tag: 'empty' })
  expect(await refusedBecause('{"type":"bundle"', { format: 'stix' })).toMatchObject({ tag: 'not-the-format' })
  expect(await refusedBecause('{"type":"report"}', { format: 'stix' })).toMatchObject({ tag: 'not-the-format' })
  expect(await refusedBecause('[{"Event":7}]', { format: 'misp' })).toMatchObject({ tag: 'not-the-format' })
  const unreadable = await refusedBecause('1.2.3\n1.2.3.4.5\n010.0.0.1\n192.0.2.1\n')
  expect(unreadable.tag).toBe('mostly-unreadable')
  expect(unreadable.why).toContain('line 1: "1.2.3" is no address or CIDR')
})

it('stops reading a file of another kind, and one that never ends', async () => {
  let given = 0
  async function* endless(line: string): AsyncGenerator<Uint8Array> {
    const chunk = new TextEncoder().encode(line.repeat(Math.ceil(65_536 / line.length)))
    for (;;) {
      given += chunk.length
      yield chunk
    }
  }
  const other = await readList(endless('what is this\n'), OPTIONS)
  expect(other.ok ? '' : other.error.tag).toBe('mostly-unreadable')
  expect(given).toBeLessThan(1_000_000)
  given = 0
  const large = await readList(endless('x'), { ...OPTIONS, format: 'misp' })
  expect(large.ok ? '' : large.error.tag).toBe('too-large')
  expect(given).toBeLessThan(25 * 1024 * 1024)
})

it('refuses a list that holds everything, private or own addresses, and names them', async () => {
  const own = parseOwnRanges('203.0.113.0/24, 2001:db8::/32')
  if (!own.ok) throw new Error(own.error)
  const refused = await refusedBecause(
    '192.0.2.1\n0.0.0.0/0\n10.1.2.3\n203.0.113.7\n2001:db8:5::1\nfe80::1\n::/0\n202.0.0.0/7\n',
    { own: own.value },
  )
  expect(refused.tag).toBe('refused-entries')
  expect(refused.why).toContain('line 2: 0.0.0.0/0 (wider than /8)')
  expect(refused.why).toContain('line 3: 10.1.2.3 (private addresses)')
  expect(refused.why).toContain('line 4: 203.0.113.7 (your own addresses (OWN_RANGES))')
  expect(refused.why).toContain('and 2 more')
  const rest = await taken('192.0.2.1\n0.0.0.0/0\n10.1.2.3\n', { leaveOutRefused: true })
  expect(rest.counts).toMatchObject({ addresses: 1, refused: 2 })
})

it('takes private and own addresses into an allow-list, and nothing wider than /8', async () => {
  const allowed = await taken('10.0.0.5\n192.168.0.0/16\n', { isAllowList: true })
  expect(scoreOf(allowed, '10.0.0.5')).toBe(1)
  expect((await refusedBecause('0.0.0.0/0\n', { isAllowList: true })).tag).toBe('refused-entries')
})

it('comes back from its stored form as it was', async () => {
  const list = await taken('192.0.2.1\t2\n192.0.2.0/28\t1\n2001:db8::/32\t5\nevil.example\t1\n', { format: 'csv' })
  const back = decodeList(encodeList(list.tables).buffer)
  expect(back).toEqual(list.tables)
  expect(() => decodeList(encodeList(list.tables).buffer.slice(0, -8))).toThrow(/cut short/)
  expect(() => decodeList(new ArrayBuffer(4))).toThrow(/not a stored list/)
})

it('says of every address what the entries say, whatever lies in what', async () => {
  const cidr = fc.record({
    base: fc.nat(255),
    prefix: fc.integer({ min: 24, max: 32 }),
    count: fc.integer({ min: 0, max: 6 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(cidr, { minLength: 1, maxLength: 30 }), async (cidrs) => {
      const list = await taken(
        cidrs.map(({ base, prefix, count }) => `192.0.2.${base}/${prefix},${count}`).join('\n'),
        { format: 'csv' },
      )
      for (let last = 0; last < 256; last++) {
        const holding = cidrs.filter(({ base, prefix }) => base >> (32 - prefix) === last >> (32 - prefix))
        const expected = holding.length === 0 ? null : Math.max(...holding.map(({ count }) => 1 - 0.5 ** count))
        const scores = [list.tables.v4, list.tables.v4Ranges].flatMap((table) => {
          const at = table ? find(table, v4Key(`192.0.2.${last}`)) : -1
          return at < 0 ? [] : [scoreAt(table!, at)]
        })
        const found = scores.length === 0 ? null : Math.max(...scores)
        if (expected === null) expect(found).toBeNull()
        else expect(found).toBeCloseTo(expected, 2)
      }
    }),
    { numRuns: 60 },
  )
})

if (DEV_DATA === null) console.log(NO_DEV_DATA)

it.skipIf(DEV_DATA === null)('reads real lists whole', async () => {
  const file = (name: string) => readFileSync(`${DEV_DATA}/ti/${name}`)
  const ipsum = await taken(gunzipSync(file('ipsum_all.txt.gz')), { format: 'csv' })
  expect(ipsum.counts).toMatchObject({ addresses: 120_430, unreadable: 0, refused: 0 })
  expect(scoreOf(ipsum, '77.90.185.20')).toBe(1)
  expect((await taken(file('ipsum_level5.txt'))).counts.unreadable).toBe(0)
  expect((await taken(file('slips_own_malicious_JA3.csv'), { format: 'ja3' })).counts.ja3).toBe(2)
  const mixed = await taken(file('slips_own_malicious_iocs.csv'), { format: 'csv' })
  expect(mixed.counts).toMatchObject({ unreadable: 4 })
  expect(scoreOf(mixed, 'wheridomaintv.com')).toBe(0.8)
})
