import { z } from 'zod'

/**
 * The port of threat intelligence. Whoever knows something of an address, domain or fingerprint (a loaded list, a
 * table that ships with Picket, a provider that was asked) says it as a `Finding`. What nobody said is absent.
 */

export const FINDING_KINDS = [
  /** A list says that the subject is abusive. */
  'blocklist',
  /** Tor exit: score 1; a provider that was asked and says it is none gives score 0. */
  'tor-exit',
  /** A command-and-control server. */
  'c2',
  /** Opens no incident, by the user's decision. */
  'allow-list',
  /** A crawler, by what its user agent claims (anybody can claim it) or by a provider's own check. */
  'crawler',
  /** What a provider thinks of it: score 0 (good or nothing against it) to 1, null where it gives no number. */
  'reputation',
  /** `value` is the ISO 3166-1 alpha-2 code, for example `NL`. */
  'country',
  /** `value` is the AS number in digits, `detail` the network's name. */
  'network',
  /** `subject` is a JA3 fingerprint that a list holds. */
  'ja3',
  /** `subject` is a domain, `value` its age in days at `asOf`. */
  'domain-age',
] as const
export type FindingKind = (typeof FINDING_KINDS)[number]

const EpochMs = z.number().nonnegative()

/** What is written to a cache or to D1 comes back through this. */
export const Finding = z.object({
  kind: z.enum(FINDING_KINDS),
  /** The list or provider, as it is shown: `ipsum`, `AbuseIPDB`. */
  source: z.string().min(1).max(120),
  /** What it is said of: an address in canonical text, a CIDR, a domain, a JA3 fingerprint. */
  subject: z.string().min(1).max(260),
  /** How sure the source is that the subject is bad, 0-1, already weighted by the trust in the source; null without a number. */
  score: z.number().min(0).max(1).nullable(),
  /** The thing itself, in few characters; empty where being listed says all. */
  value: z.string().max(120),
  /** More of it in plain words, as the source has it; the source's text is data and may hold anything. */
  detail: z.string().max(500),
  /** When it was true at its source, not when it was loaded. */
  asOf: EpochMs,
  /** The licence or terms it is used under; null where the source names none. */
  licence: z.string().max(120).nullable(),
  /** From here on it is not used any more; null where only the bound of its kind holds (context.ts). */
  expires: EpochMs.nullable(),
})
export type Finding = z.infer<typeof Finding>

/** A source that was asked, whether or not it knew anything: what tells "not listed" from "nobody was asked". */
export type Consulted = Pick<Finding, 'kind' | 'source' | 'asOf' | 'expires'>

/** All that is known of one subject. */
export interface IntelAnswer {
  findings: Finding[]
  consulted: Consulted[]
}

export const NOTHING_KNOWN: IntelAnswer = { findings: [], consulted: [] }
