// AlienVault OTX, DirectConnect API v1, "indicators/IPv4|IPv6/{address}/general" (https://otx.alienvault.com/api). Pulses
// are what its users published; it gives no confidence of its own. An unknown address has none of them.
import { z } from 'zod'
import type { LiveProvider, ProviderReport } from '../../../core/intel/live/look-up.ts'
import { PROVIDER_FACTS } from '../../../core/intel/live/providers.ts'
import { ok } from '../../../core/result.ts'
import { ask, detailOf, endpoint, type LiveAccess, reportedAt } from './ask.ts'

const { families } = PROVIDER_FACTS.otx

const Time = z.iso.datetime({ offset: true, local: true })
const General = z.object({
  indicator: z.string(),
  /** Its old reputation, -100 to 100 and 0 today; looked at only to refuse an answer that is none of its own. */
  reputation: z.number().min(-100).max(100).nullish(),
  pulse_info: z.object({
    count: z.int().min(0),
    pulses: z.array(z.object({ name: z.string(), created: Time.nullish(), modified: Time.nullish() })),
  }),
  /** Lists that vouch for it. */
  validation: z.array(z.object({ source: z.string(), name: z.string().nullish() })).nullish(),
  false_positive: z.array(z.object({ assessment: z.string().nullish() })).nullish(),
})

const addressIn = ({ indicator }: z.output<typeof General>) => indicator

export function otx(access: LiveAccess): LiveProvider {
  return {
    name: 'otx',
    families,
    async lookUp(address, now) {
      const type = address.includes(':') ? 'IPv6' : 'IPv4'
      const url = endpoint(access.baseUrl, '/api/v1', `/indicators/${type}/${encodeURIComponent(address)}/general`)
      const form = { form: General, notSeenForm: null, address, addressIn }
      const answer = await ask(access, { url, headers: { 'X-OTX-API-KEY': access.key }, ...form }, now)
      return answer.ok ? ok(reportOf(answer.value!, address, now)) : answer
    },
  }
}

function reportOf(general: z.output<typeof General>, address: string, now: number): ProviderReport {
  const { pulse_info: info, validation, false_positive } = general
  const excuses = [
    ...(validation ?? []).map(({ source, name }) => name ?? source),
    ...(false_positive ?? [])
      .filter(({ assessment }) => assessment === 'accepted')
      .map(() => 'accepted false positive'),
  ]
  const newest = Math.max(
    ...info.pulses.map(({ created, modified }) => reportedAt(modified ?? created ?? null, now)),
    Number.NEGATIVE_INFINITY,
  )
  return {
    provider: 'otx',
    address,
    kind: excuses.length > 0 ? 'benign' : info.count > 0 ? 'abusive' : 'not-seen',
    score: excuses.length > 0 ? 0 : null,
    isTorExit: null,
    detail: detailOf([
      info.count > 0 ? `in ${info.count} pulses` : 'in no pulse',
      ...excuses,
      ...info.pulses.slice(0, 3).map(({ name }) => name.slice(0, 60)),
    ]),
    asOf: Number.isFinite(newest) ? newest : now,
    retrievedAt: now,
  }
}
