import type { Random } from '../learning/random.ts'
import { BACKUP_SERVER, DOMAIN_CONTROLLER, ephemeralPort, FILE_SERVER, SERVERS, WORKSTATIONS } from './addresses.ts'
import { between, busyness, type DemoLine, HOUR, MINUTE, pick, type Script, SECOND, waiting, whole } from './scene.ts'
import { sshdLine } from './web-lines.ts'
import { connLine, dnsLine } from './zeek-lines.ts'

const NAMES = [
  'mail.office.example',
  'www.news.example',
  'cdn.news.example',
  'maps.example',
  'docs.office.example',
  'video.example',
  'api.weather.example',
  'updates.os.example',
  'chat.office.example',
  'wiki.office.example',
  'login.office.example',
  'images.shop.example',
]
const OUTSIDE = Array.from({ length: 30 }, (_, i) => `203.0.113.${100 + i}`)

/** One look at something outside: the name, then the connection. */
function visit(random: Random, from: string, ts: number): DemoLine[] {
  const sizes = { sent: whole(random, 700, 9_000), received: whole(random, 3_000, 900_000) }
  const connection = {
    from,
    to: pick(random, OUTSIDE),
    port: 443,
    service: 'ssl',
    seconds: between(random, 0.3, 90),
    ...sizes,
  }
  return [dnsLine(random, ts, from, pick(random, NAMES)), connLine(random, ts + between(random, 10, 90), connection)]
}

/** The file server, as a desk uses it: a ticket now and then, a share, documents. */
function fileWork(random: Random, from: string, ts: number): DemoLine[] {
  const sizes = { sent: whole(random, 4_000, 200_000), received: whole(random, 4_000, 3_000_000) }
  const share = {
    from,
    to: FILE_SERVER,
    port: 445,
    service: 'gssapi,smb,ntlm',
    seconds: between(random, 1, 240),
    ...sizes,
  }
  const ticket = {
    from,
    to: DOMAIN_CONTROLLER,
    port: 88,
    service: 'krb_tcp',
    seconds: 0.02,
    sent: 1_480,
    received: 1_510,
  }
  const work = [connLine(random, ts + 200, share)]
  return random.below(3) === 0 ? [connLine(random, ts, ticket), ...work] : work
}

/** Forty desks through a working day: names, pages outside, the file server; a typing error in a name now and then. */
export const desks: Script = ({ random, at }) => {
  const lines = WORKSTATIONS.flatMap((from) => {
    const work: DemoLine[] = []
    let ts = at(between(random, 0, 1))
    while (ts < at(23.9)) {
      const hours = (ts - at(0)) / HOUR
      const roll = random.below(20)
      if (roll === 0) work.push(dnsLine(random, ts, from, 'www.nwes.example', 'NXDOMAIN'))
      else if (roll < 5) work.push(...fileWork(random, from, ts))
      else work.push(...visit(random, from, ts))
      ts += waiting(random, (6 * MINUTE) / busyness(hours)) + 2 * SECOND
    }
    return work.filter((line) => line.ts < at(24))
  })
  return [{ name: 'desks at work', threatClass: 0, sensor: 'network', sources: [...WORKSTATIONS], lines }]
}

/** Servers back up in the quiet hours: few connections, very many bytes, always to the same place. */
export const backups: Script = ({ random, at }) => {
  const sources = SERVERS.slice(3, 9)
  const lines = sources.flatMap((from, i) => {
    const start = at(11 + i * 0.4)
    return Array.from({ length: 12 }, (_, n) =>
      connLine(random, start + n * 90 * SECOND + between(random, 0, 2_000), {
        from,
        to: BACKUP_SERVER,
        port: 873,
        seconds: between(random, 40, 85),
        sent: whole(random, 80_000_000, 900_000_000),
        received: whole(random, 40_000, 900_000),
      }),
    )
  })
  return [{ name: 'backups', threatClass: 0, sensor: 'network', sources, lines }]
}

/** Clocks of servers and desks, and the monitoring that asks every server every five minutes. */
export const housekeeping: Script = ({ random, at }) => {
  const monitor = '10.20.9.20'
  const lines: DemoLine[] = []
  for (let round = 0; round < 288; round++) {
    const start = at(round / 12) + between(random, 0, 900)
    for (const [i, to] of SERVERS.entries()) {
      if ((round + i) % 4 !== 0) continue
      const sizes = { seconds: 0.03, sent: 310, received: 2_200 }
      lines.push(connLine(random, start + i * 150, { from: monitor, to, port: 9100, service: 'http', ...sizes }))
    }
  }
  for (const from of WORKSTATIONS) {
    for (let hours = between(random, 0, 6); hours < 24; hours += 6) {
      const sizes = { seconds: 0.01, sent: 48, received: 48 }
      lines.push(
        connLine(random, at(hours), { from, to: DOMAIN_CONTROLLER, port: 123, proto: 'udp', service: 'ntp', ...sizes }),
      )
    }
  }
  return [
    {
      name: 'clocks and monitoring inside',
      threatClass: 0,
      sensor: 'network',
      sources: [monitor, ...WORKSTATIONS],
      lines,
    },
  ]
}

/** Administrators at the web server: keys that work, and passwords that are mistyped before they work. */
export const administrators: Script = ({ random, at }) => {
  const people = [
    { source: '203.0.113.5', name: 'mara' },
    { source: '203.0.113.6', name: 'jonas' },
    { source: '2001:db8:51::7', name: 'ines' },
    { source: '10.20.1.22', name: 'deploy' },
  ]
  const lines: DemoLine[] = []
  for (const { source, name } of people) {
    for (const hours of [0.5, 2.2, 5.1, 7.4, 18.3, 20.6, 22.9]) {
      const pid = whole(random, 2_000, 90_000)
      const port = ephemeralPort(random)
      let ts = at(hours) + between(random, 0, 20 * MINUTE)
      lines.push(sshdLine(ts, pid, `Connection from ${source} port ${port} on 192.0.2.80 port 22 rdomain ""`))
      const method = name === 'mara' || name === 'deploy' ? 'publickey' : 'password'
      const typos = method === 'password' ? random.below(3) : 0
      for (let n = 0; n < typos; n++) {
        ts += between(random, 3, 9) * SECOND
        lines.push(sshdLine(ts, pid, `Failed password for ${name} from ${source} port ${port} ssh2`))
      }
      ts += between(random, 2, 8) * SECOND
      const key = method === 'publickey' ? ': ED25519 SHA256:nq3u1cJ9fJ4yTQmC2o4mI0rS7uK9pXwVdYbEhGzLtAk' : ''
      lines.push(sshdLine(ts, pid, `Accepted ${method} for ${name} from ${source} port ${port} ssh2${key}`))
      ts += between(random, 3, 40) * MINUTE
      lines.push(sshdLine(ts, pid, `Received disconnect from ${source} port ${port}:11: disconnected by user`))
      lines.push(sshdLine(ts + 4, pid, `Disconnected from user ${name} ${source} port ${port}`))
    }
  }
  const sources = people.map(({ source }) => source)
  return [
    { name: 'administrators', threatClass: 0, sensor: 'web', sources, lines: lines.filter(({ ts }) => ts < at(24)) },
  ]
}
