// CrowdSec CTI, API v2, "smoke" (https://docs.crowdsec.net/u/cti_api/taxonomy/cti_object; statuses as in its own
// client, crowdsecurity/crowdsec pkg/cticlient). Its ranges are those of IPv4. An unknown address is a 404 with a message.
import { z } from 'zod'
import type { LiveProvider, ProviderReport } from '../../../core/intel/live/look-up.ts'
import { PROVIDER_FACTS } from '../../../core/intel/live/providers.ts'
import { ok } from '../../../core/result.ts'
import { ask, detailOf, endpoint, type LiveAccess, reportedAt } from './ask.ts'

const { families } = PROVIDER_FACTS['crowdsec-cti']
/** Its scores go from 0 to 5. */
const TOP_SCORE = 5

const Named = z.object({ name: z.string(), label: z.string().nullish() })
const Smoke = z.object({
  ip: z.string(),
  reputation: z.enum(['malicious', 'suspicious', 'known', 'safe', 'unknown']).nullish(),
  behaviors: z.array(Named).nullish(),
  history: z.object({ last_seen: z.iso.datetime({ offset: true, local: true }).nullish() }).nullish(),
  /** `false_positives`: by its documents not to be taken as malicious. */
  classifications: z
    .object({ false_positives: z.array(Named).nullish(), classifications: z.array(Named).nullish() })
    .nullish(),
  scores: z.object({ overall: z.object({ total: z.number().min(0).max(TOP_SCORE) }) }),
})
const NotSeen = z.object({ message: z.string() })

export function crowdSecCti(access: LiveAccess): LiveProvider {
  return {
    name: 'crowdsec-cti',
    families,
    async lookUp(address, now) {
      const url = endpoint(access.baseUrl, '/v2', `/smoke/${address}`)
      const form = { form: Smoke, notSeenForm: NotSeen, address, addressIn: (body: z.output<typeof Smoke>) => body.ip }
      const answer = await ask(access, { url, headers: { 'x-api-key': access.key }, ...form }, now)
      return answer.ok ? ok(reportOf(answer.value, address, now)) : answer
    },
  }
}

function reportOf(smoke: z.output<typeof Smoke> | null, address: string, now: number): ProviderReport {
  const excuses = smoke?.classifications?.false_positives ?? []
  const total = smoke?.scores.overall.total ?? 0
  const kind = kindOf(smoke?.reputation ?? null, total, excuses.length > 0)
  return {
    provider: 'crowdsec-cti',
    address,
    kind,
    score: kind === 'benign' ? 0 : total > 0 ? total / TOP_SCORE : null,
    isTorExit: smoke?.classifications?.classifications?.some(({ name }) => name === 'proxy:tor') || null,
    detail: detailOf([
      smoke?.reputation && `reputation ${smoke.reputation}`,
      ...excuses.map(({ name, label }) => `false positive: ${label ?? name}`),
      ...(smoke?.behaviors ?? []).map(({ name, label }) => label ?? name),
      smoke === null && 'not known',
    ]),
    asOf: reportedAt(smoke?.history?.last_seen, now),
    retrievedAt: now,
  }
}

function kindOf(reputation: string | null, total: number, isExcused: boolean): ProviderReport['kind'] {
  if (isExcused || reputation === 'safe') return 'benign'
  if (reputation === 'malicious' || reputation === 'suspicious' || total > 0) return 'abusive'
  return reputation === 'known' ? 'observed' : 'not-seen'
}
