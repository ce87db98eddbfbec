import { distinctHosts, WEB_SERVER } from './addresses.ts'
import { between, type DemoLine, hex, MINUTE, type Script, SECOND, whole } from './scene.ts'
import { browser } from './visitors.ts'
import { accessLine } from './web-lines.ts'
import { connLine } from './zeek-lines.ts'

export const FLOOD_SOURCES = 5_000

/** 5,000 spoofed sources, two packets each, on one server within four minutes: SYN, and UDP from every fifth. */
export const spoofedFlood: Script = ({ random, at }) => {
  const sources = distinctHosts(random, '198.18', FLOOD_SOURCES)
  const start = at(21.5)
  const lines = sources.flatMap((from, i) => {
    const udp = i % 5 === 4
    const first = start + between(random, 0, 3.8 * MINUTE)
    return [first, first + between(random, 40, 6_000)].map((ts) =>
      connLine(random, ts, {
        from,
        fromPort: whole(random, 1_024, 65_535),
        to: WEB_SERVER,
        port: udp ? whole(random, 1, 65_535) : 443,
        proto: udp ? 'udp' : 'tcp',
        state: 'S0',
        sent: udp ? 512 : 0,
      }),
    )
  })
  return [{ name: 'flood from spoofed sources', threatClass: 1, sensor: 'network', sources, lines }]
}

/** Twelve sources ask for uncached searches as fast as they can, until the server answers 503. */
export const httpFlood: Script = ({ random, at }) => {
  const sources = Array.from({ length: 12 }, (_, i) => `203.0.113.${200 + i}`)
  const start = at(4.4)
  const lines = sources.flatMap((source) => {
    const agent = browser(random)
    const requests: DemoLine[] = []
    for (let ts = start + between(random, 0, 8 * SECOND); ts < start + 3 * MINUTE; ts += between(random, 250, 900)) {
      const overloaded = ts > start + 50 * SECOND && random.below(10) > 2
      const answer = overloaded ? { status: 503, bytes: 197 } : { status: 200, bytes: whole(random, 9_000, 16_000) }
      requests.push(accessLine(ts, { source, path: `/search?q=${hex(random, 10)}`, agent, ...answer }))
    }
    return requests
  })
  return [{ name: 'HTTP flood', threatClass: 1, sensor: 'web', sources, lines }]
}
