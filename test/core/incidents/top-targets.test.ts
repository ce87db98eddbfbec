import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TARGETS_COUNTED, TopTargets } from '../../../core/incidents/top-targets.ts'

type Target = readonly [host: string | null, port: number | null]

function targetsOf(events: readonly Target[]): TopTargets {
  const targets = new TopTargets()
  for (const [host, port] of events) targets.add(host, port)
  return targets
}
const stored = (targets: TopTargets) => new TopTargets(JSON.parse(JSON.stringify(targets)))

const anyTarget = (hosts: number, ports: number): fc.Arbitrary<Target> =>
  fc.tuple(fc.option<string, null>(fc.nat(hosts).map((n) => `192.0.2.${n}`)), fc.option<number, null>(fc.nat(ports)))
/** Few of both, many hosts, many ports, many of both. */
const anyEvents = fc.oneof(
  ...[anyTarget(3, 3), anyTarget(60, 2), anyTarget(2, 60), anyTarget(90, 90)].map((target) =>
    fc.array(target, { maxLength: 400 }),
  ),
)

describe('the busiest targets', () => {
  it('are the same whatever the order and grouping of events, and after being stored', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(400), fc.nat(400), (events, one, other) => {
        const whole = targetsOf(events).list()
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const merged = stored(targetsOf(events.slice(to)))
        merged.merge(stored(targetsOf(events.slice(0, from))))
        merged.merge(targetsOf(events.slice(from, to)))
        expect(merged.list()).toEqual(whole)
        expect(targetsOf([...events].reverse()).list()).toEqual(whole)
      }),
    )
  })

  it('have counts that are true, of pairs, of hosts or of ports', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        for (const { host, port, events: told } of targetsOf(events).list()) {
          const alike = events.filter(([h, p]) => (host === null || h === host) && (port === null || p === port))
          // A pair without a port or host of its own is told from one that stands for all of them by there being few pairs.
          const exact = events.filter(([h, p]) => h === host && p === port)
          const pairs = new Set(events.filter(([h, p]) => h !== null || p !== null).map(String)).size
          expect(told).toBe(pairs <= TARGETS_COUNTED ? exact.length : alike.length)
        }
      }),
    )
  })

  it('are the eight with most events of at most 24, each a host and a port', () => {
    const events = Array.from({ length: 24 }, (_, i) => Array.from({ length: i + 1 }, (): Target => ['192.0.2.1', i]))
    expect(targetsOf(events.flat()).list()).toEqual(
      Array.from({ length: 8 }, (_, i) => ({ host: '192.0.2.1', port: 23 - i, events: 24 - i })),
    )
  })

  it('of a port scan are its host, with all its events', () => {
    const scan = Array.from({ length: 1_000 }, (_, port): Target => ['192.0.2.1', port])
    expect(targetsOf(scan).list()).toEqual([{ host: '192.0.2.1', port: null, events: 1_000 }])
  })

  it('of a sweep over many hosts are its port, with all its events', () => {
    const sweep = Array.from({ length: 200 }, (_, i): Target => [`198.51.100.${i}`, 22])
    expect(targetsOf(sweep).list()).toEqual([{ host: null, port: 22, events: 200 }])
  })
})
