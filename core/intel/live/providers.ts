import type { SettingName } from '../../settings.ts'

export const PROVIDERS = ['abuseipdb', 'greynoise', 'crowdsec-cti', 'otx'] as const
export type ProviderName = (typeof PROVIDERS)[number]
export type AddressFamily = 'ipv4' | 'ipv6'

const HOUR_MS = 3_600_000

export interface ProviderFacts {
  /** As shown to people, and named as the source of its findings. */
  title: string
  /** Its own page on an address, for people. */
  page: (address: string) => string
  /** What it answers for, by its documents. */
  families: readonly AddressFamily[]
  /** How long what it said of an address is taken as still true. */
  seenTtlMs: number
  /** The same when it did not know the address: such a one may become known soon. */
  notSeenTtlMs: number
  settings: { key: SettingName; baseUrl: SettingName; budget: SettingName; others: readonly SettingName[] }
}

/**
 * The services that may be asked. The default budgets (core/settings.ts) are what their free keys allow: AbuseIPDB
 * 1,000 checks a day, GreyNoise Community 50 searches a week, CrowdSec CTI 50 tokens a day, OTX more than is of use.
 */
export const PROVIDER_FACTS: Readonly<Record<ProviderName, ProviderFacts>> = {
  abuseipdb: {
    title: 'AbuseIPDB',
    page: (address) => `https://www.abuseipdb.com/check/${encodeURIComponent(address)}`,
    families: ['ipv4', 'ipv6'],
    seenTtlMs: 6 * HOUR_MS,
    notSeenTtlMs: 2 * HOUR_MS,
    settings: {
      key: 'ABUSEIPDB_API_KEY',
      baseUrl: 'ABUSEIPDB_BASE_URL',
      budget: 'ABUSEIPDB_DAILY_BUDGET',
      others: [],
    },
  },
  greynoise: {
    title: 'GreyNoise',
    page: (address) => `https://viz.greynoise.io/ip/${encodeURIComponent(address)}`,
    families: ['ipv4'],
    seenTtlMs: 24 * HOUR_MS,
    notSeenTtlMs: 12 * HOUR_MS,
    settings: {
      key: 'GREYNOISE_API_KEY',
      baseUrl: 'GREYNOISE_BASE_URL',
      budget: 'GREYNOISE_DAILY_BUDGET',
      others: ['GREYNOISE_API'],
    },
  },
  'crowdsec-cti': {
    title: 'CrowdSec CTI',
    page: (address) => `https://app.crowdsec.net/cti/${encodeURIComponent(address)}`,
    families: ['ipv4'],
    seenTtlMs: 12 * HOUR_MS,
    notSeenTtlMs: 6 * HOUR_MS,
    settings: {
      key: 'CROWDSEC_CTI_API_KEY',
      baseUrl: 'CROWDSEC_CTI_BASE_URL',
      budget: 'CROWDSEC_CTI_DAILY_BUDGET',
      others: [],
    },
  },
  otx: {
    title: 'AlienVault OTX',
    page: (address) => `https://otx.alienvault.com/indicator/ip/${encodeURIComponent(address)}`,
    families: ['ipv4', 'ipv6'],
    seenTtlMs: 24 * HOUR_MS,
    notSeenTtlMs: 6 * HOUR_MS,
    settings: { key: 'OTX_API_KEY', baseUrl: 'OTX_BASE_URL', budget: 'OTX_DAILY_BUDGET', others: [] },
  },
}

/**
 * Whether any key is given: without one the desk knows nothing, and need not be asked.
 * @param environment bindings of the Worker, or the process's environment
 */
export const isAnyProviderOn = (environment: Readonly<Record<string, unknown>>): boolean =>
  PROVIDERS.some((name) => Boolean(environment[PROVIDER_FACTS[name].settings.key]))

/** The page of a finding's source on an address, by the source's title; null when it is none of these services. */
export function providerPage(source: string, address: string): string | null {
  return (
    Object.values(PROVIDER_FACTS)
      .find(({ title }) => title === source)
      ?.page(address) ?? null
  )
}
