import { expect, it } from 'vitest'
import { newDeskCounters, newProviderCounters, type ProviderHealth } from '../../../../core/intel/live/health.ts'
import type { ProviderState } from '../../../../core/intel/live/provider-record.ts'
import { PROVIDER_FACTS, type ProviderName } from '../../../../core/intel/live/providers.ts'
import { deskInWords, isDeskAtEase } from '../../../../core/intel/live/words.ts'

const AT = Date.UTC(2026, 10, 24, 12, 5)
const one = (provider: ProviderName, state: ProviderState, more: Partial<ProviderHealth> = {}): ProviderHealth => ({
  provider,
  title: PROVIDER_FACTS[provider].title,
  state,
  dailyBudget: 100,
  callsToday: 7,
  waiting: 0,
  lastFailure: null,
  lastSuccessAt: null,
  counters: newProviderCounters(),
  ...more,
})
const NO_KEY: ProviderState = { tag: 'off', why: 'no key' }
const desk = (...providers: ProviderHealth[]) => ({ providers, counters: newDeskCounters(), answersKept: 0, untold: 0 })

it('says in a line what each service does, and that none is on', () => {
  expect(deskInWords(desk(one('abuseipdb', NO_KEY), one('otx', NO_KEY)))).toBe('off: no key is set')
  expect(
    deskInWords(
      desk(
        one('abuseipdb', { tag: 'ready' }),
        one('greynoise', { tag: 'budget-spent', until: AT }),
        one(
          'crowdsec-cti',
          { tag: 'key-refused', status: 403, at: AT },
          {
            lastFailure: { tag: 'key-refused', why: 'status 403', at: AT },
          },
        ),
        one('otx', NO_KEY),
      ),
    ),
  ).toBe(
    'AbuseIPDB ready, 7 of 100 calls today; ' +
      'GreyNoise budget spent until 2026-11-24 12:05 UTC, 7 of 100 calls today; ' +
      'CrowdSec CTI key refused (status 403) at 2026-11-24 12:05 UTC, 7 of 100 calls today, ' +
      'last error 2026-11-24 12:05 UTC: status 403; no key for AlienVault OTX',
  )
})

it('asks for a hand only when a key was refused or a setting cannot be used', () => {
  expect(isDeskAtEase(desk(one('otx', NO_KEY), one('abuseipdb', { tag: 'breaker-open', until: AT })))).toBe(true)
  expect(isDeskAtEase(desk(one('otx', { tag: 'key-refused', status: 401, at: AT })))).toBe(false)
  expect(isDeskAtEase(desk(one('otx', { tag: 'off', why: 'OTX_BASE_URL is not a URL' })))).toBe(false)
})
