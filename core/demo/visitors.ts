import type { Random } from '../learning/random.ts'
import { visitors, WEB_SERVER } from './addresses.ts'
import {
  between,
  busyness,
  type DemoLine,
  HOUR,
  MINUTE,
  pick,
  type Scene,
  type Script,
  SECOND,
  waiting,
  whole,
} from './scene.ts'
import { accessLine } from './web-lines.ts'
import { connLine } from './zeek-lines.ts'

const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
]
export const browser = (random: Random): string => pick(random, BROWSERS)

const TOPICS = ['lamps', 'chairs', 'tables', 'shelves', 'rugs', 'mirrors', 'desks', 'clocks', 'vases', 'curtains']
const ASSETS = ['/assets/site.css', '/assets/site.js', '/assets/logo.svg', '/assets/fonts/inter.woff2']
const SITE = 'https://shop.example'

/** A page of the shop and how large it is. */
export function page(random: Random): string {
  const topic = pick(random, TOPICS)
  switch (random.below(6)) {
    case 0:
      return '/'
    case 1:
      return `/search?q=${pick(random, ['oak', 'small', 'red', 'for+the+kitchen', 'round'])}+${topic}`
    case 2:
      return `/${topic}?page=${whole(random, 1, 6)}`
    case 3:
      return pick(random, ['/about', '/delivery', '/cart', '/account', '/contact'])
    default:
      return `/${topic}/${whole(random, 1000, 1180)}`
  }
}

/** People who look around: a page with what belongs to it, reading, the next page. */
function browse(random: Random, source: string, start: number, pages: number): DemoLine[] {
  const lines: DemoLine[] = []
  const agent = browser(random)
  let ts = start
  let referrer = pick(random, ['-', 'https://search.example/', `${SITE}/`])
  for (let n = 0; n < pages; n++) {
    const path = page(random)
    const missing = random.below(60) === 0
    lines.push(
      accessLine(ts, {
        source,
        path,
        status: missing ? 404 : 200,
        bytes: whole(random, 6_000, 42_000),
        referrer,
        agent,
      }),
    )
    const assets =
      n === 0 ? ASSETS : [`/images/${whole(random, 1000, 1180)}.webp`, `/images/${whole(random, 1000, 1180)}.webp`]
    for (const asset of assets) {
      const cached = random.below(4) === 0
      const bytes = cached ? 0 : whole(random, 900, 90_000)
      const at = ts + between(random, 60, 900)
      lines.push(
        accessLine(at, { source, path: asset, status: cached ? 304 : 200, bytes, referrer: SITE + path, agent }),
      )
    }
    referrer = SITE + path
    ts += 4 * SECOND + waiting(random, 35 * SECOND)
  }
  return lines
}

/** Visitors of the web site all day, seen by the web server and, as connections, by the network sensor. */
export const ordinaryVisitors: Script = ({ random, at }) => {
  const web: DemoLine[] = []
  const network: DemoLine[] = []
  const sources = visitors(random, 260)
  for (const source of sources) {
    let hours = between(random, 0, 23.5)
    // People sleep when people sleep.
    if (random.unit() > busyness(hours)) hours = between(random, 0, 8)
    const start = at(hours)
    const lines = browse(random, source, start, whole(random, 2, 9)).filter(({ ts }) => ts < at(24))
    web.push(...lines)
    const connections = source.includes(':') ? [] : lines.filter((_, i) => i % 6 === 0)
    for (const { ts } of connections) {
      const sizes = { sent: whole(random, 900, 4_000), received: whole(random, 20_000, 240_000) }
      const seconds = between(random, 2, 65)
      network.push(connLine(random, ts, { from: source, to: WEB_SERVER, port: 443, service: 'ssl', seconds, ...sizes }))
    }
  }
  const seenByNetwork = sources.filter((source) => !source.includes(':'))
  return [
    { name: 'visitors of the web site', threatClass: 0, sensor: 'web', sources, lines: web },
    { name: 'connections of visitors', threatClass: 0, sensor: 'network', sources: seenByNetwork, lines: network },
  ]
}

/** Search engines: the robots file, then page after page, unhurried. */
export const crawlers: Script = ({ random, at }) => {
  const agents = [
    'Mozilla/5.0 (compatible; FindAllBot/2.1; +https://findall.example/bot.html)',
    'Mozilla/5.0 (compatible; LookupSpider/1.4; +https://lookup.example/spider)',
    'IndexerBot/3.0 (+https://indexer.example/)',
  ]
  const sources = visitors(random, 3).map((_, i) => `198.51.100.${10 + i}`)
  const lines = sources.flatMap((source, i) => {
    const agent = agents[i]!
    const found: DemoLine[] = [accessLine(at(1 + i), { source, path: '/robots.txt', status: 200, bytes: 118, agent })]
    for (let ts = at(1 + i) + 2 * SECOND; ts < at(1 + i + 5); ts += between(random, 18, 70) * SECOND) {
      const status = random.below(25) === 0 ? 404 : random.below(6) === 0 ? 304 : 200
      found.push(
        accessLine(ts, {
          source,
          path: page(random),
          status,
          bytes: status === 304 ? 0 : whole(random, 6_000, 42_000),
          agent,
        }),
      )
    }
    return found
  })
  return [{ name: 'search engines', threatClass: 0, sensor: 'web', sources, lines }]
}

/** Two services that ask every two minutes whether the site is up: as regular as a beacon, and harmless. */
export const monitors: Script = ({ random, at }) => {
  const sources = ['198.51.100.20', '203.0.113.20']
  const lines = sources.flatMap((source, i) => {
    const checks: DemoLine[] = []
    for (let ts = at(0) + i * 31 * SECOND; ts < at(24); ts += 2 * MINUTE) {
      const agent = 'UptimeCheck/4.2 (+https://uptime.example/)'
      checks.push(accessLine(ts + between(random, 0, 400), { source, path: '/healthz', status: 200, bytes: 15, agent }))
    }
    return checks
  })
  return [{ name: 'uptime monitoring', threatClass: 0, sensor: 'web', sources, lines }]
}

/** Feed readers and a partner's price import: programs with errands. */
export const feedReaders: Script = ({ random, at }) => {
  const sources = ['198.51.100.31', '198.51.100.32', '203.0.113.33']
  const agents = ['Feedly-like/1.0', 'python-requests/2.32.3', 'Mozilla/5.0 (compatible; NewsFetcher/7)']
  const lines = sources.flatMap((source, i) => {
    const fetched: DemoLine[] = []
    for (
      let ts = at(0) + between(random, 0, 0.4) * HOUR;
      ts < at(24);
      ts += HOUR / 2 + between(random, 0, 40) * SECOND
    ) {
      const path = i === 1 ? '/api/prices.json' : '/feed.xml'
      fetched.push(
        accessLine(ts, { source, path, status: i === 1 ? 200 : 304, bytes: i === 1 ? 88_210 : 0, agent: agents[i]! }),
      )
    }
    return fetched
  })
  return [{ name: 'feed readers', threatClass: 0, sensor: 'web', sources, lines }] satisfies Scene[]
}
