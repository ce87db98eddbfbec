import type { IntelContext } from '../features/feature.ts'
import type { EpochMs } from '../time.ts'
import type { Consulted, Finding, FindingKind, IntelAnswer } from './finding.ts'

const DAY_MS = 24 * 3_600_000

/**
 * How long before its as-of a source may be taken to have been true already. What is said of an address today says nothing
 * of who had it years ago: a replay of 2018 that was judged with a list of today would know the future.
 */
export const USABLE_BEFORE_MS: Record<FindingKind, number> = {
  blocklist: 7 * DAY_MS,
  'tor-exit': 7 * DAY_MS,
  c2: 7 * DAY_MS,
  reputation: 7 * DAY_MS,
  ja3: 7 * DAY_MS,
  crawler: 7 * DAY_MS,
  'domain-age': 7 * DAY_MS,
  // Blocks of addresses change hands slowly.
  country: 180 * DAY_MS,
  network: 180 * DAY_MS,
  // What opens no incident is the user's decision of now, not a claim about then.
  'allow-list': Number.POSITIVE_INFINITY,
}

/** A source of which nobody says how long it holds is used for this long after its as-of. */
export const USABLE_AFTER_MS: Record<FindingKind, number> = {
  blocklist: 30 * DAY_MS,
  'tor-exit': 30 * DAY_MS,
  c2: 30 * DAY_MS,
  reputation: 30 * DAY_MS,
  ja3: 30 * DAY_MS,
  crawler: 30 * DAY_MS,
  'domain-age': 30 * DAY_MS,
  country: 730 * DAY_MS,
  network: 730 * DAY_MS,
  'allow-list': Number.POSITIVE_INFINITY,
}

/** Whether what was true at its as-of may be used on an event of this time. */
export function isUsableAt({ kind, asOf, expires }: Consulted, ts: EpochMs): boolean {
  return asOf - ts <= USABLE_BEFORE_MS[kind] && ts <= (expires ?? asOf + USABLE_AFTER_MS[kind])
}

/** Only what may be used on an event of this time. */
export const usableAt = ({ findings, consulted }: IntelAnswer, ts: EpochMs): IntelAnswer => ({
  findings: findings.filter((finding) => isUsableAt(finding, ts)),
  consulted: consulted.filter((source) => isUsableAt(source, ts)),
})

/** Kinds that say that an address is bad, and those that count as a feed that lists it. */
const ABUSE = new Set<FindingKind>(['blocklist', 'c2', 'ja3', 'reputation'])
const FEEDS = new Set<FindingKind>(['blocklist', 'c2'])

/**
 * The six features of threat intelligence for a window whose newest event is of time `ts`. A feature is a number only where
 * a usable source was asked for it; that no list holds an address is 0 feeds and no statement on abuse.
 * @param address the source itself: what is said of hosts that it contacted makes no feed that lists it
 */
export function contextOf(answer: IntelAnswer, address: string, ts: EpochMs): IntelContext {
  const { findings, consulted } = usableAt(answer, ts)
  const asked = new Set(consulted.map(({ kind }) => kind))
  const isAbout = ({ subject }: Finding) => subject === address
  const feeds = new Set(findings.filter((f) => FEEDS.has(f.kind) && isAbout(f)).map(({ source }) => source))
  const isC2 = findings.some(({ kind }) => kind === 'c2')
  return {
    abuseScore: highest(findings.filter(({ kind }) => ABUSE.has(kind))),
    isTorExit: highest(
      findings.filter((f) => f.kind === 'tor-exit' && isAbout(f)),
      asked.has('tor-exit') ? 0 : Number.NaN,
    ),
    asnReputation: highest(findings.filter(({ kind }) => kind === 'network')),
    youngestDomainAgeDays: youngest(findings),
    feedMatches: feeds.size > 0 || asked.has('blocklist') || asked.has('c2') ? feeds.size : Number.NaN,
    knownC2: isC2 ? 1 : asked.has('c2') ? 0 : Number.NaN,
  }
}

/** The highest score; `none` where none of them has one. */
function highest(findings: Finding[], none = Number.NaN): number {
  let most = none
  for (const { score } of findings) if (score !== null && !(score <= most)) most = score
  return most
}

function youngest(findings: Finding[]): number {
  let least = Number.NaN
  for (const { kind, value } of findings) {
    const days = kind === 'domain-age' && value !== '' ? Number(value) : Number.NaN
    if (days >= 0 && !(days >= least)) least = days
  }
  return least
}
