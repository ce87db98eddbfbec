import type { LiveProvider } from '../../../core/intel/live/look-up.ts'
import { PROVIDER_FACTS, PROVIDERS, type ProviderName } from '../../../core/intel/live/providers.ts'
import type { Settings } from '../../../core/settings.ts'
import { abuseIpDb } from './abuseipdb.ts'
import type { LiveAccess } from './ask.ts'
import { crowdSecCti } from './crowdsec-cti.ts'
import { greyNoise } from './greynoise.ts'
import { otx } from './otx.ts'

const MAKERS: Record<ProviderName, (access: LiveAccess, settings: Settings) => LiveProvider> = {
  abuseipdb: abuseIpDb,
  greynoise: (access, settings) => greyNoise(access, settings.GREYNOISE_API),
  'crowdsec-cti': crowdSecCti,
  otx,
}

/** The services whose key is set, ready to be asked; nothing is asked yet. */
export function liveProviders(settings: Settings, fetch: typeof globalThis.fetch): Map<ProviderName, LiveProvider> {
  const providers = new Map<ProviderName, LiveProvider>()
  for (const name of PROVIDERS) {
    const { key: keyName, baseUrl } = PROVIDER_FACTS[name].settings
    const key = settings[keyName]
    if (typeof key !== 'string') continue
    const access = { key, baseUrl: String(settings[baseUrl]), timeoutMs: settings.INTEL_TIMEOUT_MS, fetch }
    providers.set(name, MAKERS[name](access, settings))
  }
  return providers
}
