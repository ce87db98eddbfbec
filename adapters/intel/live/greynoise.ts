// GreyNoise: "Community API" (https://docs.greynoise.io/reference/getcommunityip), or with a subscription "IP Lookup"
// (https://docs.greynoise.io/reference/v3ip). Both answer for IPv4 only. An address that it has not seen is a 404 with
// the same fields (Community), or one that is found in neither data set (IP Lookup).
import { z } from 'zod'
import type { LiveProvider, LookUpFailure, ProviderReport } from '../../../core/intel/live/look-up.ts'
import { PROVIDER_FACTS } from '../../../core/intel/live/providers.ts'
import { ok, type Result } from '../../../core/result.ts'
import { ask, detailOf, endpoint, type LiveAccess, reportedAt } from './ask.ts'

const { families } = PROVIDER_FACTS.greynoise

/** GreyNoise gives classes, not figures; these are ours. `unknown`: seen scanning, intent not known, so no score. */
const SCORES = { malicious: 1, suspicious: 0.5, benign: 0, unknown: null } as const
const Classification = z.enum(['malicious', 'suspicious', 'benign', 'unknown'])
/** A date, or nothing. */
const Day = z.union([z.iso.date(), z.iso.datetime({ offset: true }), z.literal('')]).nullish()

const Community = z.object({
  ip: z.string(),
  /** Seen scanning in the last 90 days. */
  noise: z.boolean(),
  /** In its set of common business services. */
  riot: z.boolean(),
  classification: Classification.optional(),
  name: z.string().nullish(),
  last_seen: Day,
})
const CommunityNotSeen = z.object({ ip: z.string(), noise: z.literal(false), riot: z.literal(false) })

const IpLookup = z.object({
  ip: z.string(),
  business_service_intelligence: z.object({
    /** null: the key has no right to it. */
    found: z.boolean().nullable(),
    name: z.string().nullish(),
    trust_level: z.enum(['1', '2', '']).nullish(),
    last_updated: Day,
  }),
  internet_scanner_intelligence: z.object({
    found: z.boolean().nullable(),
    classification: z.union([Classification, z.literal('')]).nullish(),
    actor: z.string().nullish(),
    last_seen: Day,
    tor: z.boolean().nullish(),
  }),
})
/** Documented as the answer on an address in none of its data sets; the body names the address. */
const IpNotSeen = z.object({ ip: z.string() })

/** What both forms say. */
interface Said {
  /** In its set of services that are known and trusted. */
  isTrustedService: boolean
  /** What it is as a scanner; null: it was not seen scanning. */
  scanner: keyof typeof SCORES | null
  name: string | null
  lastSeen: string | null
  isTorExit: boolean | null
}

/** @param api what the key is for; see GREYNOISE_API in core/settings.ts */
export function greyNoise(access: LiveAccess, api: 'community' | 'ip'): LiveProvider {
  return {
    name: 'greynoise',
    families,
    async lookUp(address, now) {
      const said = await (api === 'community' ? askCommunity : askIpLookup)(access, address, now)
      return said.ok ? ok(reportOf(said.value, address, now)) : said
    },
  }
}

const ipOf = ({ ip }: { ip: string }) => ip

type Asked = Promise<Result<Said | null, LookUpFailure>>

async function askCommunity(access: LiveAccess, address: string, now: number): Asked {
  const url = endpoint(access.baseUrl, '/v3/community', `/${address}`)
  const form = { form: Community, notSeenForm: CommunityNotSeen, address, addressIn: ipOf }
  const answer = await ask(access, { url, headers: { key: access.key }, ...form }, now)
  if (!answer.ok || answer.value === null) return answer.ok ? ok(null) : answer
  const { noise, riot, classification, name, last_seen } = answer.value
  const scanner = noise ? (classification ?? 'unknown') : null
  return ok({ isTrustedService: riot, scanner, name: name ?? null, lastSeen: last_seen || null, isTorExit: null })
}

async function askIpLookup(access: LiveAccess, address: string, now: number): Asked {
  const url = endpoint(access.baseUrl, '/v3/ip', `/${address}`)
  const form = { form: IpLookup, notSeenForm: IpNotSeen, address, addressIn: ipOf }
  const answer = await ask(access, { url, headers: { key: access.key }, ...form }, now)
  if (!answer.ok || answer.value === null) return answer.ok ? ok(null) : answer
  const { business_service_intelligence: service, internet_scanner_intelligence: scanning } = answer.value
  return ok({
    isTrustedService: service.found === true,
    scanner: scanning.found ? scanning.classification || 'unknown' : null,
    name: (service.found && service.name) || scanning.actor || null,
    lastSeen: (scanning.found && scanning.last_seen) || (service.found && service.last_updated) || null,
    isTorExit: scanning.found ? (scanning.tor ?? null) : null,
  })
}

function reportOf(said: Said | null, address: string, now: number): ProviderReport {
  const scanner = said?.scanner ?? null
  const isTrusted = said?.isTrustedService ?? false
  const score = scanner === null ? null : SCORES[scanner]
  return {
    provider: 'greynoise',
    address,
    kind: kindOf(scanner, isTrusted),
    score: isTrusted && score === null ? 0 : score,
    isTorExit: said?.isTorExit ?? null,
    detail: detailOf([
      scanner !== null && `seen scanning the internet: ${scanner}`,
      isTrusted && 'a common business service',
      said?.name !== 'unknown' && said?.name,
      !isTrusted && scanner === null && 'not seen scanning the internet',
    ]),
    asOf: reportedAt(said?.lastSeen, now),
    retrievedAt: now,
  }
}

function kindOf(scanner: Said['scanner'], isTrusted: boolean): ProviderReport['kind'] {
  if (scanner === 'malicious' || scanner === 'suspicious') return 'abusive'
  if (scanner === 'benign' || isTrusted) return 'benign'
  return scanner === 'unknown' ? 'observed' : 'not-seen'
}
