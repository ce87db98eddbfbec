import { between, MINUTE, pick, SECOND, waiting, whole } from '../scene.ts'
import { logIn, magnitude, newPeer, steadily } from './connections.ts'
import { BENIGN, type SshHabit, type SshStage } from './habit.ts'
import type { Method } from './record.ts'

const PEOPLE = ['mara', 'jonas', 'ines', 'tom', 'lena', 'amir', 'sofia', 'paul', 'yuki', 'carlos', 'nadia', 'erik']
const PROGRAMS = ['deploy', 'ansible', 'backup', 'ci', 'rsync', 'nagios', 'svc-report', 'root']

const habit = (name: string, play: SshHabit['play']): SshHabit => ({ name, threatClass: BENIGN, play })

/** Log-ins as between independent people, on average `every` ms apart. */
function* comings({ random, from, to }: SshStage, every: number) {
  for (let ts = from + waiting(random, every); ts < to; ts += waiting(random, every) + 1) yield ts
}

/** Someone at a terminal: a session now and then, passwords mistyped before they work. */
const person = habit('person at a terminal', (stage) => {
  const { random, recorder, source, hosts } = stage
  const user = pick(random, PEOPLE)
  const method = pick<Method>(random, ['publickey', 'publickey', 'password', 'password', 'keyboard-interactive/pam'])
  const own = hosts.slice(0, whole(random, 1, 3))
  const typo = between(random, 0, 0.5)
  for (const ts of comings(stage, magnitude(random, 1, 40) * MINUTE)) {
    const refused = method !== 'publickey' && random.unit() < typo ? whole(random, 1, 3) : 0
    const seconds = magnitude(random, 3, 2_000)
    logIn(recorder, random, newPeer(random, source, pick(random, own)), ts, { user, method, refused, seconds })
  }
})

/** Someone whose password is long: more log-ins with a wrong first try than without, at one server. */
const mistyping = habit('person who mistypes', (stage) => {
  const { random, recorder, source, hosts } = stage
  const [user, method] = [pick(random, PEOPLE), pick<Method>(random, ['password', 'keyboard-interactive/pam'])]
  const typo = between(random, 0.4, 0.9)
  for (const ts of comings(stage, magnitude(random, 2, 25) * MINUTE)) {
    const session = {
      user,
      method,
      refused: random.unit() < typo ? whole(random, 1, 3) : 0,
      seconds: magnitude(random, 5, 900),
    }
    logIn(recorder, random, newPeer(random, source, hosts[0]!), ts, session)
  }
})

/** A client that offers every key it has until one is taken. */
const keyRing = habit('client with many keys', (stage) => {
  const { random, recorder, source, hosts } = stage
  const user = pick(random, PEOPLE)
  const refused = whole(random, 1, 5)
  for (const ts of comings(stage, magnitude(random, 1, 30) * MINUTE)) {
    const session = { user, method: 'publickey' as const, refused, seconds: magnitude(random, 1, 900) }
    logIn(recorder, random, newPeer(random, source, pick(random, hosts)), ts, session)
  }
})

/** A program that logs in at a steady interval: backups, monitoring by log-in, a job of every minute. */
const steadyProgram = habit('program at a steady interval', ({ random, recorder, source, hosts, from, to }) => {
  const user = pick(random, PROGRAMS)
  const own = hosts.slice(0, pick(random, [1, 1, 1, 2, 4]))
  const every = magnitude(random, 10, 900) * SECOND
  const seconds = magnitude(random, 0.2, 20)
  for (const ts of steadily(random, from, to, every, random.unit() * 0.2))
    for (const host of own)
      logIn(recorder, random, newPeer(random, source, host), ts + between(random, 0, 900), {
        ...{ user, method: 'publickey', seconds },
      })
})

/** One host that works through many others in a few seconds, and again half an hour later. */
const fanOut = habit('configuration run over all hosts', ({ random, recorder, source, hosts, from, to }) => {
  const user = pick(random, PROGRAMS)
  const rounds = whole(random, 1, 4)
  const over = between(random, 1, 70) * SECOND
  for (const start of steadily(random, from, to, between(random, 12, 70) * MINUTE, 0.1))
    for (const host of hosts)
      for (let round = 0; round < rounds; round++) {
        const ts = start + round * over + random.unit() * over
        const seconds = between(random, 0.3, 15)
        logIn(recorder, random, newPeer(random, source, host), ts, { user, method: 'publickey', seconds })
      }
})

/** Pushes and pulls: the same account for everyone, a few connections at a time. */
const versionControl = habit('version control over ssh', (stage) => {
  const { random, recorder, source, hosts } = stage
  for (const start of comings(stage, magnitude(random, 0.7, 20) * MINUTE)) {
    let ts = start
    for (let n = whole(random, 1, 6); n > 0; n--) {
      const session = { user: 'git', method: 'publickey' as const, seconds: magnitude(random, 0.3, 30) }
      ts = logIn(recorder, random, newPeer(random, source, hosts[0]!), ts, session) + between(random, 0.2, 20) * SECOND
    }
  }
})

/** Files put down by a partner's program with its password. */
const fileDrop = habit('files by sftp', (stage) => {
  const { random, recorder, source, hosts } = stage
  const user = pick(random, ['partner', 'upload', 'invoices', 'edi'])
  const method = pick<Method>(random, ['password', 'password', 'publickey'])
  for (const start of comings(stage, magnitude(random, 2, 30) * MINUTE))
    for (let n = whole(random, 1, 4), ts = start; n > 0; n--, ts += between(random, 1, 15) * SECOND)
      logIn(recorder, random, newPeer(random, source, hosts[0]!), ts, {
        ...{ user, method, seconds: magnitude(random, 0.5, 120) },
      })
})

/** Many people behind one address: a jump host, an office. Somebody always mistypes. */
const gateway = habit('many people behind one address', (stage) => {
  const { random, recorder, source, hosts } = stage
  const people = Array.from({ length: whole(random, 4, 50) }, (_, i) => `${pick(random, PEOPLE)}${i}`)
  const [typo, byPassword] = [between(random, 0, 0.25), random.unit()]
  for (const ts of comings(stage, magnitude(random, 3, 120) * SECOND)) {
    const method = random.unit() < byPassword ? 'password' : 'publickey'
    const refused = method === 'password' && random.unit() < typo ? whole(random, 1, 2) : 0
    const session = { user: pick(random, people), method, refused, seconds: magnitude(random, 2, 1_200) } as const
    logIn(recorder, random, newPeer(random, source, pick(random, hosts)), ts, session)
  }
})

/** A busy program whose log-ins come at any rate, from one in minutes to two a second. */
const busyProgram = habit('program at any rate', (stage) => {
  const { random, recorder, source, hosts } = stage
  const [user, method] = [pick(random, PROGRAMS), pick<Method>(random, ['publickey', 'publickey', 'password'])]
  const every = magnitude(random, 0.6, 200) * SECOND
  const busy = { ...stage, to: Math.min(stage.to, stage.from + 400 * every) }
  for (const ts of comings(busy, every))
    logIn(recorder, random, newPeer(random, source, pick(random, hosts)), ts, {
      ...{ user, method, seconds: magnitude(random, 0.1, 30) },
    })
})

/** A check that the port answers: it connects and goes before any name. */
const portCheck = habit('port check', ({ random, recorder, source, hosts, from, to }) => {
  const every = magnitude(random, 10, 600) * SECOND
  const own = hosts.slice(0, pick(random, [1, 1, 2, 6]))
  for (const ts of steadily(random, from, to, every, random.unit() * 0.1))
    for (const host of own) {
      const peer = newPeer(random, source, host)
      recorder.connected(ts, peer)
      recorder.left(ts + between(random, 2, 300), peer, null)
    }
})

/** A program whose key has run out and that goes on asking. */
const expiredKey = habit('program with an expired key', ({ random, recorder, source, hosts, from, to }) => {
  const account = { user: pick(random, PROGRAMS.slice(0, 7)), known: true }
  for (const ts of steadily(random, from, to, magnitude(random, 90, 1_200) * SECOND, random.unit() * 0.1)) {
    const peer = newPeer(random, source, hosts[0]!)
    recorder.connected(ts, peer)
    recorder.failed(ts + 60, peer, account, 'publickey')
    recorder.left(ts + between(random, 80, 300), peer, account)
  }
})

/** Log-ins among other ordinary work of the same host. */
const amongOtherWork = habit('log-ins among other work', (stage) => {
  const { random, recorder, source, hosts } = stage
  const [every, share] = [magnitude(random, 1.5, 60) * SECOND, between(random, 0.03, 0.5)]
  const user = pick(random, [...PEOPLE, ...PROGRAMS])
  const some = { ...stage, to: Math.min(stage.to, stage.from + 400 * every) }
  for (const ts of comings(some, every)) {
    const peer = newPeer(random, source, pick(random, hosts))
    if (random.unit() < share)
      logIn(recorder, random, peer, ts, { user, method: 'publickey', seconds: magnitude(random, 0.3, 300) })
    else recorder.beside(ts, peer)
  }
})

/** Ordinary use of SSH. */
export const SSH_WORK: readonly SshHabit[] = [
  person,
  mistyping,
  keyRing,
  steadyProgram,
  fanOut,
  versionControl,
  fileDrop,
  gateway,
  busyProgram,
  portCheck,
  expiredKey,
  amongOtherWork,
]
