import type { Random } from '../learning/random.ts'
import { ephemeralPort } from './addresses.ts'
import { CowrieSession } from './cowrie-lines.ts'
import { between, type DemoLine, HOUR, MINUTE, pick, type Script, SECOND, waiting, whole } from './scene.ts'
import { sshdLine } from './web-lines.ts'

const USERS = [
  'root',
  'admin',
  'ubuntu',
  'test',
  'oracle',
  'postgres',
  'git',
  'user',
  'pi',
  'ftpuser',
  'deploy',
  'jenkins',
]
const PASSWORDS = [
  '123456',
  'password',
  'admin',
  'root',
  '12345678',
  'qwerty',
  'test',
  '1234',
  'letmein',
  'changeme',
  'toor',
]
export const LIBSSH = { version: 'SSH-2.0-libssh_0.9.6', hassh: 'f555226df1963d1d3c09daf865abdc9a' }
export const GO_CLIENT = { version: 'SSH-2.0-Go', hassh: '0a07365cc01fa9fc82608ba4019af499' }

export const guess = (random: Random): [string, string] => [
  pick(random, USERS),
  random.below(3) === 0 ? `${pick(random, USERS)}${whole(random, 1, 2030)}` : pick(random, PASSWORDS),
]

/** Sessions of up to three guesses each, one after another. Returns when the last ended. */
export function guessing(
  random: Random,
  source: string,
  start: number,
  sessions: number,
  lines: DemoLine[],
  client = LIBSSH,
): number {
  let ts = start
  for (let n = 0; n < sessions; n++) {
    const session = new CowrieSession(random, source, ts)
    session.client(ts + between(random, 60, 200), client.version, client.hassh)
    for (let tries = whole(random, 1, 3); tries > 0; tries--) {
      ts += between(random, 500, 1_600)
      const [username, password] = guess(random)
      session.login(ts, 'failed', username, password)
    }
    ts += between(random, 100, 700)
    session.close(ts)
    lines.push(...session.lines)
    ts += between(random, 200, 900)
  }
  return ts
}

/** Guessing as fast as the honeypot answers, three sources at different times. */
export const fastGuessing: Script = ({ random, at }) => {
  const sources = ['203.0.113.141', '203.0.113.142', '198.51.100.143']
  const lines: DemoLine[] = []
  for (const [i, source] of sources.entries()) {
    guessing(random, source, at([3.3, 8.6, 22.4][i]!), whole(random, 130, 180), lines, i === 1 ? GO_CLIENT : LIBSSH)
  }
  return [{ name: 'password guessing at the honeypot', threatClass: 3, sensor: 'honeypot', sources, lines }]
}

/** The same at the web server's sshd: names that do not exist, then root. */
export const sshdGuessing: Script = ({ random, at }) => {
  const source = '203.0.113.155'
  const lines: DemoLine[] = []
  let ts = at(6.2)
  for (let n = 0; n < 240; n++) {
    const pid = whole(random, 10_000, 60_000)
    const port = ephemeralPort(random)
    const user = pick(random, USERS)
    const known = user === 'root' || user === 'deploy'
    if (!known) lines.push(sshdLine(ts, pid, `Invalid user ${user} from ${source} port ${port}`))
    ts += between(random, 700, 1_500)
    const named = known ? user : `invalid user ${user}`
    lines.push(sshdLine(ts, pid, `Failed password for ${named} from ${source} port ${port} ssh2`))
    lines.push(
      sshdLine(
        ts + 60,
        pid,
        `Connection closed by ${known ? 'authenticating' : 'invalid'} user ${user} ${source} port ${port} [preauth]`,
      ),
    )
    ts += between(random, 300, 1_200)
  }
  return [{ name: 'password guessing at sshd', threatClass: 3, sensor: 'web', sources: [source], lines }]
}

/** Spraying: 25 sources that each try one name every few minutes, all afternoon, so that none stands out. */
export const spraying: Script = ({ random, at }) => {
  const sources = Array.from({ length: 25 }, (_, i) => `198.51.100.${170 + i}`)
  const lines: DemoLine[] = []
  for (const source of sources) {
    let ts = at(17) + between(random, 0, 10 * MINUTE)
    while (ts < at(17) + 5 * HOUR) {
      const pid = whole(random, 10_000, 60_000)
      const port = ephemeralPort(random)
      const user = pick(random, ['root', 'mara', 'jonas', 'ines', 'backup', 'www', 'shop'])
      const named = ['root', 'mara', 'jonas', 'ines'].includes(user) ? user : `invalid user ${user}`
      if (named !== user) lines.push(sshdLine(ts - 900, pid, `Invalid user ${user} from ${source} port ${port}`))
      lines.push(sshdLine(ts, pid, `Failed password for ${named} from ${source} port ${port} ssh2`))
      ts += 2 * MINUTE + waiting(random, 5 * MINUTE) + between(random, 0, 20) * SECOND
    }
  }
  return [{ name: 'password spraying', threatClass: 3, sensor: 'web', sources, lines }]
}
