import { distinctHosts, PUBLIC_SERVERS, WEB_SERVER } from './addresses.ts'
import { CowrieSession } from './cowrie-lines.ts'
import { between, type DemoLine, HOUR, pick, type Script, SECOND, waiting, whole } from './scene.ts'
import { connLine } from './zeek-lines.ts'

const OPEN_PORTS = new Set([22, 80, 443])

/** 1,600 ports of one server in a minute and a half, in order as nmap does with `-r`. */
export const portScan: Script = ({ random, at }) => {
  const from = '198.51.100.77'
  const start = at(2.1)
  const lines = Array.from({ length: 1_600 }, (_, i): DemoLine => {
    const port = i + 1
    const state = OPEN_PORTS.has(port) ? 'RSTO' : random.below(8) === 0 ? 'S0' : 'REJ'
    return connLine(random, start + i * 55 + between(random, 0, 30), {
      from,
      to: WEB_SERVER,
      port,
      state,
      seconds: 0.01,
    })
  })
  return [{ name: 'fast port scan', threatClass: 2, sensor: 'network', sources: [from], lines }]
}

/** One probe every minute and a half, for hours: under most thresholds, on every server, on ports that tell something. */
export const slowScan: Script = ({ random, at }) => {
  const from = '198.51.100.91'
  const ports = [
    21, 22, 23, 25, 80, 110, 111, 135, 139, 143, 389, 443, 445, 1433, 1521, 2049, 3306, 3389, 5432, 5900, 6379,
  ]
  ports.push(8080, 8443, 9200, 11_211, 27_017)
  const lines: DemoLine[] = []
  for (let ts = at(12.2); ts < at(20.2); ts += between(random, 60, 120) * SECOND) {
    const state = random.below(3) === 0 ? 'REJ' : 'S0'
    lines.push(connLine(random, ts, { from, to: pick(random, PUBLIC_SERVERS), port: pick(random, ports), state }))
  }
  return [{ name: 'slow scan', threatClass: 2, sensor: 'network', sources: [from], lines }]
}

/** An afternoon of one-packet probes: hundreds of addresses that each knock once or twice. */
export const backgroundProbes: Script = ({ random, at }) => {
  const sources = distinctHosts(random, '198.19', 420, 0, 32_768)
  const lines = sources.flatMap((from) => {
    const port = pick(random, [23, 23, 23, 2323, 445, 445, 5555, 22, 8080, 3389, 6379, 80])
    return Array.from({ length: random.below(5) === 0 ? 2 : 1 }, () =>
      connLine(random, at(16.5) + between(random, 0, 5) * HOUR, {
        from,
        to: pick(random, PUBLIC_SERVERS),
        port,
        state: 'S0',
      }),
    )
  })
  return [{ name: 'one-packet probes', threatClass: 2, sensor: 'network', sources, lines }]
}

/** Looks at the honeypot's banner and leaves. */
export const bannerGrabbers: Script = ({ random, at }) => {
  const sources = Array.from({ length: 6 }, (_, i) => `198.51.100.${120 + i}`)
  const lines = sources.flatMap((source) => {
    const looks: DemoLine[] = []
    let ts = at(between(random, 1, 18))
    for (let n = whole(random, 4, 9); n > 0; n--) {
      const session = new CowrieSession(random, source, ts)
      session.client(
        ts + 120,
        pick(random, ['SSH-2.0-Go', 'SSH-2.0-ZGrab ZGrab SSH Survey']),
        '0a07365cc01fa9fc82608ba4019af499',
      )
      session.close(ts + between(random, 300, 2_000))
      looks.push(...session.lines)
      ts += 5 * SECOND + waiting(random, 25 * SECOND)
    }
    return looks
  })
  return [{ name: 'banner grabbing', threatClass: 2, sensor: 'honeypot', sources, lines }]
}
