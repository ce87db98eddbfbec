import { expect, it } from 'vitest'
import { newDeskCounters, newProviderCounters, type ProviderHealth } from '../../../../core/intel/live/health.ts'
import type { ProviderState } from '../../../../core/intel/live/provider-record.ts'
import { PROVIDER_FACTS, type ProviderName } from '../../../../core/intel/live/providers.ts'
import { deskInWords, deskReadiness } from '../../../../core/intel/live/words.ts'

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

it('is ready while nobody need do anything, and degraded when a key was refused, a setting is bad or it is silent', () => {
  const readiness = (...states: ProviderState[]) =>
    deskReadiness({ name: '', health: { ok: true, value: desk(...states.map((state) => one('otx', state))) } })
  expect(readiness(NO_KEY)).toEqual({ ok: true, detail: 'off: no key is set' })
  expect(readiness({ tag: 'breaker-open', until: AT }, { tag: 'budget-spent', until: AT }).ok).toBe(true)
  expect(readiness({ tag: 'key-refused', status: 401, at: AT })).toMatchObject({ ok: false, degraded: true })
  expect(readiness({ tag: 'off', why: 'OTX_BASE_URL is not a URL' })).toEqual({
    ok: false,
    degraded: true,
    detail: 'AlienVault OTX off: OTX_BASE_URL is not a URL',
  })
  expect(deskReadiness({ name: '', health: { ok: false, error: 'no answer in 2 s' } })).toEqual({
    ok: false,
    degraded: true,
    detail: 'no answer in 2 s',
  })
})
