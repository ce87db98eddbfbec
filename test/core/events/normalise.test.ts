import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boundText, MAX_TEXT } from '../../../core/events/bounds.ts'
import { canonical } from '../../../core/events/canonical.ts'
import { CanonicalWire } from '../../../core/events/canonical-schema.ts'
import { normaliseEvent } from '../../../core/events/normalise.ts'
import { epochNumber, isoTime } from '../../../core/events/timestamp.ts'

/** The first is what a field should hold; the others are rarer. */
const usually = (usual: fc.Arbitrary<unknown>, ...edges: fc.Arbitrary<unknown>[]) =>
  fc.oneof({ weight: 60, arbitrary: usual }, ...edges.map((arbitrary) => ({ weight: 1, arbitrary })))

const address = usually(
  fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4().map((ip) => `::ffff:${ip}`),
    fc.constant('fe80::1%eth0'),
  ),
  fc.constantFrom('203.0.113.009', '1.2.3', '::1.2.3.4', ''),
)
const text = fc.oneof(fc.string(), fc.constantFrom('x'.repeat(MAX_TEXT + 3), `${'x'.repeat(MAX_TEXT - 1)}\u{1f600}`))
const number = usually(
  fc.integer({ min: 0, max: 255 }),
  fc.double(),
  fc.integer({ min: -1, max: 70_000 }),
  fc.constantFrom(-0, 65_535, 65_536, 1e300, Number.POSITIVE_INFINITY),
)
const time = usually(
  fc.oneof(
    fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString()),
    fc.double({ min: 0, max: 8e15, noNaN: true }),
  ),
  fc.double({ min: -10, max: 1e17 }),
  fc.string(),
)
/** Now and then anything that JSON can hold. */
const mostly = (usual: fc.Arbitrary<unknown>) => usually(usual, fc.jsonValue())
const optional = (usual: fc.Arbitrary<unknown>) => fc.option(mostly(usual), { nil: undefined })
const texts = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, optional(text)]))
const numbers = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, optional(number)]))
const group = (model: Record<string, fc.Arbitrary<unknown>>) => optional(fc.record(model, { requiredKeys: [] }))

const wire = fc.record(
  {
    ts: mostly(time),
    src_ip: mostly(address),
    event_type: mostly(
      usually(fc.constantFrom('flow', 'SSH.Login.Failed', 'log.my-thing_2'), fc.constantFrom('a..b', 'x'.repeat(101))),
    ),
    event_id: optional(usually(fc.constantFrom('id', 'y'.repeat(256)), fc.constantFrom('', 'y'.repeat(257)))),
    dst_ip: optional(address),
    sha256: optional(usually(fc.constant('AB'.repeat(32)), fc.constantFrom('ab'.repeat(31), 'zz'.repeat(32)))),
    service: optional(fc.constantFrom('SSL', 'ssl,http', 'gssapi,SSL', 'sslx', 'http')),
    ...numbers('src_port', 'dst_port', 'bytes_out', 'bytes_in', 'pkts_out', 'pkts_in', 'duration_s'),
    ...texts('proto', 'tcp_state', 'session', 'username', 'password', 'command', 'url', 'surprise', '__proto__'),
    http: group({ ...texts('method', 'host', 'path', 'user_agent', 'constructor'), ...numbers('status') }),
    dns: group(texts('query', 'qtype', 'rcode')),
    tls: group(texts('sni', 'version', 'ja3')),
    ssh: group(texts('client', 'hassh')),
    alert: group({ ...texts('signature', 'category'), ...numbers('severity') }),
    process: group(texts('name', 'command_line', 'parent', 'user')),
  },
  { requiredKeys: ['ts', 'src_ip', 'event_type'] },
)

const readTime = (ts: unknown) => {
  const read = typeof ts === 'string' ? isoTime(ts) : typeof ts === 'number' ? epochNumber(ts) : null
  return read !== null && read >= 0 ? read : null
}

describe('normaliseEvent', () => {
  it('accepts what the schema accepts, with the same value, and refuses what it refuses', () => {
    let accepted = 0
    fc.assert(
      fc.property(wire, (event) => {
        const parsed = JSON.parse(JSON.stringify(event)) as Record<string, unknown>
        const quick = normaliseEvent(readTime(parsed.ts), parsed)
        const defined = CanonicalWire.safeParse(parsed)
        expect(quick.ok).toBe(defined.success)
        if (quick.ok) {
          accepted++
          expect(quick.value).toStrictEqual(defined.data)
        }
      }),
      { numRuns: 3000, seed: 20_260_302 },
    )
    // Else the property would only compare refusals.
    expect(accepted).toBeGreaterThan(500)
  })

  it('cuts long text without splitting a character, and leaves the original whole', () => {
    const command = `${'x'.repeat(MAX_TEXT - 1)}\u{1f600}tail`
    expect(boundText(command)).toBe('x'.repeat(MAX_TEXT - 1))
    const line = JSON.stringify({ ts: 1_772_439_330, src_ip: '203.0.113.9', event_type: 'ssh.command', command })
    const read = canonical.parse(line, { receivedAt: 0 })
    expect(read.ok && read.value?.command?.length).toBe(MAX_TEXT - 1)
  })

  it('never lets a key of the wire reach a prototype', () => {
    const line =
      '{"ts":1772439330,"src_ip":"203.0.113.9","event_type":"flow","__proto__":{"polluted":1},"http":{"__proto__":{"polluted":1},"method":"GET"}}'
    const read = canonical.parse(line, { receivedAt: 0 })
    expect(read).toEqual({
      ok: true,
      value: { ts: 1_772_439_330_000, src_ip: '203.0.113.9', event_type: 'flow', http: { method: 'GET' } },
    })
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})
