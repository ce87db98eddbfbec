import type { Random } from '../../learning/random.ts'
import { between, MINUTE, pick, SECOND, waiting, whole } from '../scene.ts'
import { guess, logIn, magnitude, newPeer } from './connections.ts'
import { BRUTE_FORCE, type SshHabit } from './habit.ts'
import type { Account } from './record.ts'

const KNOWN = ['root', 'mara', 'jonas', 'deploy', 'backup', 'git']
const UNKNOWN = [
  'admin',
  'test',
  'oracle',
  'postgres',
  'ubuntu',
  'user',
  'ftpuser',
  'pi',
  'minecraft',
  'steam',
  'guest',
]

const habit = (name: string, play: SshHabit['play']): SshHabit => ({ name, threatClass: BRUTE_FORCE, play })

/** Draws names by one attacker's taste: only root, a list of names, or both. */
function taste(random: Random): () => Account {
  const unknown = pick(random, [0, 0.3, 0.7, 1])
  const own = random.below(3) === 0 ? ['root'] : KNOWN
  return () =>
    random.unit() < unknown ? { user: pick(random, UNKNOWN), known: false } : { user: pick(random, own), known: true }
}

/** As fast as the server answers. */
const fast = habit('fast guessing', ({ random, recorder, source, hosts, from, to }) => {
  const [account, apart] = [taste(random), magnitude(random, 0.3, 5) * SECOND]
  const most = whole(random, 1, 6)
  const end = Math.min(to, from + 150 * apart + between(random, 5, 30) * MINUTE)
  for (let ts = from; ts < end; ts += between(random, 0.1, 2) * apart)
    ts = guess(recorder, random, newPeer(random, source, pick(random, hosts)), ts, {
      ...{ account: account(), tries: whole(random, 1, most), apart },
    })
})

/** One try every quarter of a minute to every few minutes. */
const slow = habit('slow guessing', ({ random, recorder, source, hosts, from, to }) => {
  const [account, every] = [taste(random), magnitude(random, 12, 240) * SECOND]
  for (let ts = from; ts < to; ts += every * between(random, 0.8, 1.2))
    guess(recorder, random, newPeer(random, source, hosts[0]!), ts, { account: account(), tries: 1, apart: 900 })
})

/** One name after another over many sources, so that none stands out. */
const spraying = habit('spraying', ({ random, recorder, source, hosts, from, to }) => {
  const [account, every] = [taste(random), magnitude(random, 50, 500) * SECOND]
  for (let ts = from + waiting(random, every); ts < to; ts += 20 * SECOND + waiting(random, every))
    guess(recorder, random, newPeer(random, source, pick(random, hosts)), ts, {
      ...{ account: account(), tries: whole(random, 1, 2), apart: 1_200 },
    })
})

/** Guesses until one is right, logs in, looks around and comes back. */
const rightAtLast = habit('guessing that succeeds', ({ random, recorder, source, hosts, from, to }) => {
  const apart = magnitude(random, 0.5, 20) * SECOND
  const account = { user: pick(random, KNOWN), known: true }
  let ts = from
  for (let tries = whole(random, 12, 120); tries > 0 && ts < to; tries -= 3)
    ts = guess(recorder, random, newPeer(random, source, hosts[0]!), ts, { account, tries: 3, apart }) + apart
  const peer = newPeer(random, source, hosts[0]!)
  logIn(recorder, random, peer, ts, { user: account.user, method: 'password', seconds: between(random, 1, 90) })
})

/** At servers that take keys only: names, and no password is ever asked for. */
const namesOnly = habit('names at servers that take keys only', ({ random, recorder, source, hosts, from, to }) => {
  const [account, every] = [taste(random), magnitude(random, 0.6, 40) * SECOND]
  for (let ts = from; ts < Math.min(to, from + 20 * MINUTE + 150 * every); ts += every * between(random, 0.7, 1.3)) {
    const peer = newPeer(random, source, pick(random, hosts))
    guess(recorder, random, peer, ts, { account: account(), tries: 0, apart: 0 })
  }
})

/** Guesses of a host that is seen to do other things as well. */
const amongOtherWork = habit('guessing among other work', ({ random, recorder, source, hosts, from, to }) => {
  const [account, every, share] = [taste(random), magnitude(random, 1.5, 20) * SECOND, between(random, 0.08, 0.6)]
  for (let ts = from; ts < Math.min(to, from + 400 * every); ts += waiting(random, every) + 1) {
    const peer = newPeer(random, source, pick(random, hosts))
    if (random.unit() < share) guess(recorder, random, peer, ts, { account: account(), tries: 1, apart: 900 })
    else recorder.beside(ts, peer)
  }
})

/** Guessing of passwords at SSH servers. */
export const SSH_GUESSING: readonly SshHabit[] = [fast, slow, spraying, rightAtLast, namesOnly, amongOtherWork]
