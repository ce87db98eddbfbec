import { type Random, random } from '../../learning/random.ts'
import type { ClassId } from '../../taxonomy.ts'
import type { EpochMs } from '../../time.ts'
import { type DemoLine, HOUR } from '../scene.ts'
import { SSH_GUESSING } from './guessing.ts'
import type { SshHabit } from './habit.ts'
import { CanonicalRecorder, type CanonicalSite, SshdRecorder, type SshdSite, type SshRecorder } from './record.ts'
import { SSH_WORK } from './work.ts'

/** A place whose SSH log-ins one sensor tells of, in one form. */
export type SshSite = { name: string; hosts: number } & (
  | { form: 'sshd'; keeps: SshdSite }
  | { form: 'canonical'; keeps: CanonicalSite }
)

export interface SshSource {
  habit: string
  source: string
  threatClass: ClassId
}

export interface SshLog {
  /** In the order of their times. */
  lines: DemoLine[]
  sources: SshSource[]
}

export const sshd = (name: string, hosts: number, keeps: SshdSite): SshSite => ({ name, hosts, form: 'sshd', keeps })
export const canonical = (name: string, hosts: number, keeps: CanonicalSite): SshSite => ({
  ...{ name, hosts, form: 'canonical', keeps },
})
const EVERY_FIELD = { target: true, sourcePort: true, proto: true, service: true, ends: true, connections: true }

/** The forms in which SSH log-ins reach a sensor: how much is told of each decides which features there are. */
export const SSH_SITES: readonly SshSite[] = [
  sshd('sshd', 12, { stamp: 'iso', program: 'sshd', verbose: false, ends: true }),
  sshd('sshd-seconds', 5, { stamp: 'rfc3164', program: 'sshd', verbose: false, ends: true }),
  sshd('sshd-log-ins', 20, { stamp: 'iso', program: 'sshd-session', verbose: false, ends: false }),
  sshd('sshd-verbose', 8, { stamp: 'rfc5424', program: 'sshd-session', verbose: true, ends: true }),
  canonical('canonical', 10, { ...EVERY_FIELD, flows: false }),
  canonical('canonical-flows', 40, { ...EVERY_FIELD, flows: true, ends: false, connections: false }),
  canonical('canonical-few', 10, {
    ...{ target: false, sourcePort: false, proto: false, service: true, flows: false, ends: false, connections: false },
  }),
]

const HOURS = 2

/**
 * Two hours of one site that end at `endsAt`: of each habit of `work` and `guessing` some sources. Alike for the same
 * seed and end.
 */
export function sshLog(
  site: SshSite,
  endsAt: EpochMs,
  seed: number,
  { work = SSH_WORK, guessing = SSH_GUESSING, sources = 4 }: Partial<SshCast> = {},
): SshLog {
  const from = Math.floor(endsAt / 1000) * 1000 - HOURS * HOUR
  const hosts = Array.from({ length: site.hosts }, (_, i) => ({ name: `host-${i}`, address: `192.0.2.${20 + i}` }))
  const recorder = recorderOf(site, random(seed, 0))
  const cast: SshSource[] = []
  for (const { name: habit, threatClass, play } of [...work, ...guessing])
    for (let n = 0; n < sources; n++) {
      const source = addressOf(cast.length)
      cast.push({ habit, source, threatClass })
      play({ random: random(seed, cast.length), recorder, source, hosts, from, to: endsAt })
    }
  // Sessions may outlast the log.
  const lines = recorder.lines.filter(({ ts }) => ts >= from && ts < endsAt).sort((a, b) => a.ts - b.ts)
  return { lines, sources: cast }
}

/** Who takes part, and how many sources of each habit. */
export interface SshCast {
  work: readonly SshHabit[]
  guessing: readonly SshHabit[]
  sources: number
}

const recorderOf = (site: SshSite, draw: Random): SshRecorder =>
  site.form === 'sshd' ? new SshdRecorder(draw, site.keeps) : new CanonicalRecorder(draw, site.keeps)

/** A benchmark's addresses (RFC 2544), a different one each; every eighth by IPv6. */
const addressOf = (n: number): string =>
  n % 8 === 7 ? `2001:db8:5500:${n.toString(16)}::1` : `198.19.${n >> 8}.${n & 255}`
