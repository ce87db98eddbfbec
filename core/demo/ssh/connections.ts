import type { Random } from '../../learning/random.ts'
import type { EpochMs } from '../../time.ts'
import { ephemeralPort } from '../addresses.ts'
import { between, SECOND, whole } from '../scene.ts'
import type { Account, Method, Peer, SshHost, SshRecorder } from './record.ts'

export const newPeer = (random: Random, source: string, host: SshHost): Peer => ({
  source,
  host,
  port: ephemeralPort(random),
  pid: whole(random, 900, 4_000_000),
})

export interface Session {
  user: string
  method: Method
  /** Passwords, or keys, that were refused before the one that worked. */
  refused?: number
  /** Length after the log-in. */
  seconds: number
}

/** A connection that logs in, does its work and ends. Returns when it ended. */
export function logIn(
  recorder: SshRecorder,
  random: Random,
  peer: Peer,
  start: EpochMs,
  { user, method, refused = 0, seconds }: Session,
): EpochMs {
  recorder.connected(start, peer)
  const byHand = method !== 'publickey'
  let ts = start + between(random, 80, byHand ? 6 * SECOND : 400)
  for (let n = 0; n < refused; n++) {
    recorder.failed(ts, peer, { user, known: true }, method)
    ts += byHand ? between(random, 2, 12) * SECOND : between(random, 10, 90)
  }
  recorder.accepted(ts, peer, user, method)
  const end = ts + seconds * SECOND
  recorder.ended(end, peer, user, ts)
  return end
}

/** A connection that tries passwords for one account and gets nowhere. Returns when it ended. */
export function guess(
  recorder: SshRecorder,
  random: Random,
  peer: Peer,
  start: EpochMs,
  { account, tries, apart }: { account: Account; tries: number; apart: number },
): EpochMs {
  recorder.connected(start, peer)
  let ts = start + between(random, 60, 500)
  if (!account.known) recorder.unknownName(ts, peer, account.user)
  for (let n = 0; n < tries; n++) {
    ts += apart * between(random, 0.6, 1.4)
    recorder.failed(ts, peer, account, 'password')
  }
  ts += between(random, 20, 400)
  recorder.left(ts, peer, account)
  return ts
}

/** Times from `from` to `to`, `every` ms apart, each moved by up to `jitter` of that. */
export function steadily(random: Random, from: EpochMs, to: EpochMs, every: number, jitter: number): EpochMs[] {
  const times: EpochMs[] = []
  for (let ts = from + random.unit() * every; ts < to; ts += every)
    times.push(ts + (random.unit() - 0.5) * jitter * every)
  return times.filter((ts) => ts >= from && ts < to)
}

/** A number from low to high whose logarithm is even: as often from 1 to 2 as from 10 to 20. */
export const magnitude = (random: Random, low: number, high: number): number => low * (high / low) ** random.unit()
