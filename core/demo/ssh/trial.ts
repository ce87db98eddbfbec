import { between, MINUTE, pick, SECOND, whole } from '../scene.ts'
import { guess, logIn, newPeer, steadily } from './connections.ts'
import { canonical, type SshSite, sshd } from './day.ts'
import { BENIGN, BRUTE_FORCE, type SshHabit, type SshStage } from './habit.ts'

/**
 * SSH as the shipped model is tried on it, never taught: habits, paces, names and forms of telling that are not those of
 * work.ts and guessing.ts. Whoever changes the training scenes leaves these alone.
 */
const benign = (name: string, play: SshHabit['play']): SshHabit => ({ name, threatClass: BENIGN, play })
const guessing = (name: string, play: SshHabit['play']): SshHabit => ({ name, threatClass: BRUTE_FORCE, play })

const byKey = (user: string, seconds: number) => ({ user, method: 'publickey' as const, seconds })

/** One log-in by key a second, and nothing else of it told. */
const oneASecond = benign('log-in by key every second', ({ random, recorder, source, hosts, from }) => {
  for (let n = 0; n < 700; n++)
    recorder.accepted(
      from + (n + random.unit()) * SECOND,
      newPeer(random, source, pick(random, hosts)),
      'deploy',
      'publickey',
    )
})

const handful = benign('a handful of log-ins in five minutes', ({ random, recorder, source, hosts, from, to }) => {
  const user = pick(random, ['hanna', 'release', 'tobias', 'oper'])
  for (let start = from; start < to; start += 5 * MINUTE)
    for (let n = whole(random, 2, 9); n > 0; n--) {
      const peer = newPeer(random, source, pick(random, hosts))
      recorder.accepted(start + random.unit() * 5 * MINUTE, peer, user, 'publickey')
    }
})

const developer = benign('developer between two servers', ({ random, recorder, source, hosts, from, to }) => {
  for (let ts = from + between(random, 0, 8) * MINUTE; ts < to; ts += between(random, 6, 18) * MINUTE)
    for (let n = whole(random, 2, 5); n > 0; n--)
      ts = logIn(recorder, random, newPeer(random, source, hosts[n % 2]!), ts, byKey('wiebke', between(random, 4, 80)))
})

const administrator = benign('administrator who mistypes', ({ random, recorder, source, hosts, from, to }) => {
  for (let ts = from + between(random, 0, 5) * MINUTE; ts < to; ts += between(random, 4, 16) * MINUTE) {
    const session = {
      user: 'rolf',
      method: 'password' as const,
      refused: whole(random, 0, 2),
      seconds: between(random, 20, 400),
    }
    logIn(recorder, random, newPeer(random, source, pick(random, hosts)), ts, session)
  }
})

const playbook = benign('playbook over all hosts', ({ random, recorder, source, hosts, from, to }) => {
  for (let start = from + between(random, 1, 9) * MINUTE; start < to; start += 20 * MINUTE)
    for (const [i, host] of hosts.entries())
      for (let task = 0; task < 3; task++)
        logIn(
          recorder,
          random,
          newPeer(random, source, host),
          start + task * 8 * SECOND + (i >> 2) * 900,
          byKey('automation', 2.5),
        )
})

const everyMinute = benign('job of every minute', ({ random, recorder, source, hosts, from, to }) => {
  for (const ts of steadily(random, from, to, MINUTE, 0.02))
    logIn(recorder, random, newPeer(random, source, hosts[0]!), ts, byKey('zabbix', 1.1))
})

const backup = benign('backup of every server', ({ random, recorder, source, hosts, from, to }) => {
  for (let start = from + 2 * MINUTE; start < to; start += 15 * MINUTE)
    for (const [i, host] of hosts.entries())
      logIn(
        recorder,
        random,
        newPeer(random, source, host),
        start + i * 11 * SECOND,
        byKey('borg', between(random, 5, 50)),
      )
})

const builds = benign('builds that fetch', ({ random, recorder, source, hosts, from, to }) => {
  for (let start = from + between(random, 0, 6) * MINUTE; start < to; start += between(random, 7, 12) * MINUTE)
    for (let n = whole(random, 8, 20); n > 0; n--)
      logIn(
        recorder,
        random,
        newPeer(random, source, hosts[0]!),
        start + random.unit() * 50 * SECOND,
        byKey('gitea', 1.4),
      )
})

const copyLoop = benign('loop that copies files one by one', ({ random, recorder, source, hosts, from, to }) => {
  let ts = from + between(random, 3, 20) * MINUTE
  for (let n = whole(random, 40, 90); n > 0 && ts < to; n--)
    ts =
      logIn(recorder, random, newPeer(random, source, hosts[0]!), ts, byKey('hanna', between(random, 0.3, 1.2))) + 150
})

const bastion = benign('thirty people behind a bastion', ({ random, recorder, source, hosts, from, to }) => {
  for (let ts = from; ts < to; ts += between(random, 4, 40) * SECOND) {
    const method = random.below(2) === 0 ? 'password' : 'publickey'
    const refused = method === 'password' && random.below(8) === 0 ? 1 : 0
    const session = {
      user: `u${whole(random, 1000, 1029)}`,
      method,
      refused,
      seconds: between(random, 10, 900),
    } as const
    logIn(recorder, random, newPeer(random, source, pick(random, hosts)), ts, session)
  }
})

const check = benign('check that the port is open', ({ random, recorder, source, hosts, from, to }) => {
  for (const ts of steadily(random, from, to, pick(random, [15, 30, 60, 120]) * SECOND, 0.01)) {
    const peer = newPeer(random, source, hosts[0]!)
    recorder.connected(ts, peer)
    recorder.left(ts + 12, peer, null)
  }
})

const staleKey = benign('job whose key was withdrawn', ({ random, recorder, source, hosts, from, to }) => {
  for (const ts of steadily(random, from, to, pick(random, [100, 300, 600]) * SECOND, 0.02)) {
    const peer = newPeer(random, source, hosts[0]!)
    recorder.failed(ts + 50, peer, { user: 'borg', known: true }, 'publickey')
    recorder.left(ts + 140, peer, { user: 'borg', known: true })
  }
})

const partner = benign('partner who uploads by password', ({ random, recorder, source, hosts, from, to }) => {
  for (const ts of steadily(random, from, to, 5 * MINUTE, 0.3))
    for (let n = 0; n < whole(random, 1, 3); n++)
      logIn(recorder, random, newPeer(random, source, hosts[0]!), ts + n * 4 * SECOND, {
        ...{ user: 'acme-edi', method: 'password', seconds: between(random, 1, 9) },
      })
})

const NAMES = ['root', 'support', 'nagios', 'hadoop', 'www', 'elastic', 'dev', 'tomcat', 'ubnt']
const someone = ({ random }: SshStage) => ({ user: pick(random, NAMES), known: random.below(2) === 0 })

const guessASecond = guessing('guess every second', (stage) => {
  const { random, recorder, source, hosts, from } = stage
  for (let n = 0; n < 500; n++)
    recorder.failed(
      from + (n + random.unit()) * SECOND,
      newPeer(random, source, pick(random, hosts)),
      someone(stage),
      'password',
    )
})

const threes = guessing('three guesses a connection', (stage) => {
  const { random, recorder, source, hosts, from } = stage
  let ts = from + between(random, 0, 20) * MINUTE
  for (let n = whole(random, 20, 90); n > 0; n--)
    ts = guess(recorder, random, newPeer(random, source, hosts[0]!), ts, {
      ...{ account: { user: 'root', known: true }, tries: 3, apart: 2_800 },
    })
})

const patient = guessing('guess every minute or so', (stage) => {
  const { random, recorder, source, hosts, from, to } = stage
  for (let ts = from + between(random, 0, 60) * SECOND; ts < to; ts += between(random, 30, 90) * SECOND)
    guess(recorder, random, newPeer(random, source, hosts[0]!), ts, { account: someone(stage), tries: 1, apart: 1_500 })
})

const manySources = guessing('guess every four minutes, from many sources', (stage) => {
  const { random, recorder, source, hosts, from, to } = stage
  for (let ts = from + between(random, 0, 4) * MINUTE; ts < to; ts += between(random, 150, 330) * SECOND)
    guess(recorder, random, newPeer(random, source, pick(random, hosts)), ts, {
      ...{ account: someone(stage), tries: 1, apart: 800 },
    })
})

const dictionary = guessing('dictionary with the right word in it', (stage) => {
  const { random, recorder, source, hosts, from } = stage
  let ts = from + between(random, 0, 40) * MINUTE
  for (let n = whole(random, 6, 25); n > 0; n--)
    ts = guess(recorder, random, newPeer(random, source, hosts[0]!), ts, {
      ...{ account: { user: 'support', known: true }, tries: 5, apart: 1_700 },
    })
  logIn(recorder, random, newPeer(random, source, hosts[0]!), ts + SECOND, {
    ...{ user: 'support', method: 'password', seconds: 40 },
  })
})

const names = guessing('names where only keys are taken', (stage) => {
  const { random, recorder, source, hosts, from } = stage
  let ts = from + between(random, 0, 30) * MINUTE
  for (let n = 60; n > 0; n--, ts += between(random, 2, 9) * SECOND)
    guess(recorder, random, newPeer(random, source, hosts[0]!), ts, { account: someone(stage), tries: 0, apart: 0 })
})

/** Half flows, three in ten requests, two in ten log-ins, over two hundred hosts: what the load generator of bench/ sends. */
const mixed = (login: (stage: SshStage, ts: number) => void) => (stage: SshStage) => {
  const { random, recorder, source, hosts, from } = stage
  const every = between(random, 1, 6) * SECOND
  for (let ts = from; ts < from + 500 * every; ts += every * between(random, 0.2, 1.8))
    if (random.below(10) < 8) recorder.beside(ts, newPeer(random, source, pick(random, hosts)))
    else login(stage, ts)
}
const mixedWork = benign(
  'log-ins among flows and requests',
  mixed(({ random, recorder, source, hosts }, ts) =>
    recorder.accepted(ts, newPeer(random, source, pick(random, hosts)), 'deploy', 'publickey'),
  ),
)
const mixedGuessing = guessing(
  'guesses among flows and requests',
  mixed((stage, ts) => {
    const { random, recorder, source, hosts } = stage
    recorder.failed(ts, newPeer(random, source, pick(random, hosts)), someone(stage), 'password')
  }),
)

export const TRIAL_WORK: readonly SshHabit[] = [
  oneASecond,
  handful,
  developer,
  administrator,
  playbook,
  everyMinute,
  backup,
  builds,
  copyLoop,
  bastion,
  check,
  staleKey,
  partner,
  mixedWork,
]
export const TRIAL_GUESSING: readonly SshHabit[] = [
  guessASecond,
  threes,
  patient,
  manySources,
  dictionary,
  names,
  mixedGuessing,
]

export const TRIAL_SITES: readonly SshSite[] = [
  sshd('auth.log', 9, { stamp: 'iso', program: 'sshd-session', verbose: false, ends: true }),
  sshd('auth.log in seconds, log-ins only', 16, { stamp: 'rfc3164', program: 'sshd', verbose: false, ends: false }),
  sshd('auth.log, verbose', 6, { stamp: 'rfc3164', program: 'sshd', verbose: true, ends: true }),
  canonical('canonical, no target', 14, {
    ...{ target: false, sourcePort: true, proto: true, service: true, flows: false, ends: true, connections: false },
  }),
  canonical('canonical beside flows', 200, {
    ...{ target: true, sourcePort: true, proto: true, service: true, flows: true, ends: false, connections: false },
  }),
]
