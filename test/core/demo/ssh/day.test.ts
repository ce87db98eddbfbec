import { describe, expect, it } from 'vitest'
import { SSH_SITES, type SshSite, sshLog } from '../../../../core/demo/ssh/day.ts'
import { SSH_GUESSING } from '../../../../core/demo/ssh/guessing.ts'
import { TRIAL_GUESSING, TRIAL_SITES, TRIAL_WORK } from '../../../../core/demo/ssh/trial.ts'
import { SSH_WORK } from '../../../../core/demo/ssh/work.ts'
import { createLineReader } from '../../../../core/events/formats.ts'

const END = Date.UTC(2026, 10, 24, 9)
const TRIAL = { work: TRIAL_WORK, guessing: TRIAL_GUESSING }
const read = (site: SshSite, cast = {}) => {
  const reader = createLineReader({ receivedAt: END })
  return sshLog(site, END, 3, { ...cast, sources: 1 }).lines.map(({ ts, line }) => ({
    ts,
    line,
    read: reader.read(line),
  }))
}
const eventsOf = (site: SshSite, cast = {}) =>
  read(site, cast).flatMap(({ read: one }) => (one.ok && one.value ? [one.value.event] : []))
const siteOf = (name: string) => SSH_SITES.find((site) => site.name === name)!

describe.each([
  ...SSH_SITES.map((site) => [site.name, site, {}] as const),
  ...TRIAL_SITES.map((site) => [site.name, site, TRIAL] as const),
])('the made-up SSH site %s', (_, site, cast) => {
  it('writes lines that our parsers read, at the times that they carry, in order', () => {
    const lines = read(site, cast)
    expect(lines.filter(({ read: one }) => !one.ok)).toEqual([])
    const apart = lines.flatMap(({ ts, read: one }) => (one.ok && one.value ? [Math.abs(one.value.event.ts - ts)] : []))
    expect(Math.max(...apart)).toBe(0)
    expect(lines.every(({ ts }, i) => i === 0 || ts >= lines[i - 1]!.ts)).toBe(true)
  })

  it('has events of known sources only, and of most of them', () => {
    const known = new Set(sshLog(site, END, 3, { ...cast, sources: 1 }).sources.map(({ source }) => source))
    const seen = new Set(eventsOf(site, cast).map(({ src_ip }) => src_ip))
    expect([...seen].filter((source) => !known.has(source))).toEqual([])
    expect(seen.size).toBeGreaterThanOrEqual(known.size * 0.85)
  })
})

describe('made-up SSH sites', () => {
  it('tell what their form tells and no more', () => {
    const types = (name: string) => new Set(eventsOf(siteOf(name)).map(({ event_type }) => event_type))
    expect(types('sshd-verbose')).toContain('ssh.connect')
    expect(types('sshd')).not.toContain('ssh.connect')
    expect(types('canonical-flows')).toContain('flow')
    expect(types('canonical-few')).toEqual(new Set(['ssh.login.success', 'ssh.login.failed']))
    expect(eventsOf(siteOf('canonical-few')).every(({ dst_ip }) => dst_ip === undefined)).toBe(true)
    expect(eventsOf(siteOf('sshd')).every(({ dst_ip, service }) => dst_ip === undefined && service === 'ssh')).toBe(
      true,
    )
  })

  it('are alike for the same seed, and not for another', () => {
    const [site] = SSH_SITES
    expect(sshLog(site!, END, 5)).toEqual(sshLog(site!, END, 5))
    expect(sshLog(site!, END, 6).lines).not.toEqual(sshLog(site!, END, 5).lines)
  })

  it('keep ordinary sources as they are when nobody guesses', () => {
    const [site] = SSH_SITES
    const quiet = sshLog(site!, END, 5, { guessing: [] })
    const busy = sshLog(site!, END, 5)
    expect(busy.sources.slice(0, quiet.sources.length)).toEqual(quiet.sources)
    const guessers = new Set(busy.sources.slice(quiet.sources.length).map(({ source }) => source))
    // Keys are drawn as lines are written, and PAM's lines name no source.
    const told = (lines: { line: string }[]) =>
      lines.filter(({ line }) => !line.includes('pam_unix')).map(({ line }) => line.replace(/SHA256:\S+/, ''))
    const ordinary = busy.lines.filter(({ line }) => ![...guessers].some((source) => line.includes(`${source} `)))
    expect(told(ordinary)).toEqual(told(quiet.lines))
  })

  it('of the trial share no habit and no form with those that are taught', () => {
    const taught = new Set([...SSH_WORK, ...SSH_GUESSING].map(({ name }) => name))
    expect([...TRIAL_WORK, ...TRIAL_GUESSING].filter(({ name }) => taught.has(name))).toEqual([])
    const forms = new Set(SSH_SITES.map(({ keeps }) => JSON.stringify(keeps)))
    expect(TRIAL_SITES.filter(({ keeps }) => forms.has(JSON.stringify(keeps)))).toEqual([])
  })
})
