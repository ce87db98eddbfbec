// AbuseIPDB, API v2, "CHECK endpoint" (https://docs.abuseipdb.com/#check-endpoint). It answers for every public
// address: one that it does not know has no reports and no last one.
import { z } from 'zod'
import type { LiveProvider, ProviderReport } from '../../../core/intel/live/look-up.ts'
import { PROVIDER_FACTS } from '../../../core/intel/live/providers.ts'
import { ok } from '../../../core/result.ts'
import { ask, detailOf, endpoint, type LiveAccess, reportedAt } from './ask.ts'

const { families } = PROVIDER_FACTS.abuseipdb
/** As on its own pages: reports of the last 90 days. */
const MAX_AGE_DAYS = 90

const Check = z.object({
  data: z.object({
    ipAddress: z.string(),
    isWhitelisted: z.boolean().nullish(),
    /** In per cent. */
    abuseConfidenceScore: z.number().min(0).max(100),
    isTor: z.boolean().nullish(),
    totalReports: z.int().min(0),
    numDistinctUsers: z.int().min(0).optional(),
    lastReportedAt: z.iso.datetime({ offset: true }).nullish(),
    usageType: z.string().nullish(),
  }),
})

export function abuseIpDb(access: LiveAccess): LiveProvider {
  return {
    name: 'abuseipdb',
    families,
    async lookUp(address, now) {
      const query = new URLSearchParams({ ipAddress: address, maxAgeInDays: String(MAX_AGE_DAYS) })
      const url = endpoint(access.baseUrl, '/api/v2', `/check?${query}`)
      const form = {
        form: Check,
        notSeenForm: null,
        address,
        addressIn: (body: z.output<typeof Check>) => body.data.ipAddress,
      }
      const answer = await ask(access, { url, headers: { Key: access.key }, ...form }, now)
      return answer.ok ? ok(reportOf(answer.value!.data, address, now)) : answer
    },
  }
}

function reportOf(data: z.output<typeof Check>['data'], address: string, now: number): ProviderReport {
  const { isWhitelisted, totalReports, numDistinctUsers, usageType, isTor } = data
  const isKnown = totalReports > 0 || data.abuseConfidenceScore > 0
  return {
    provider: 'abuseipdb',
    address,
    kind: isWhitelisted ? 'benign' : isKnown ? 'abusive' : 'not-seen',
    // Without a report its score says nothing, which is not good repute.
    score: isKnown || isWhitelisted ? data.abuseConfidenceScore / 100 : null,
    isTorExit: isTor ?? null,
    detail: detailOf([
      `${totalReports} reports in ${MAX_AGE_DAYS} days${numDistinctUsers === undefined ? '' : ` by ${numDistinctUsers} users`}`,
      isWhitelisted && 'on its allow-list',
      usageType,
    ]),
    asOf: reportedAt(data.lastReportedAt, now),
    retrievedAt: now,
  }
}
