import { expect, it } from 'vitest'
import { readSettings, SETTINGS } from '../../core/settings.ts'

it('stands at its defaults with nothing given', () => {
  const { values, faults } = readSettings({ HOME: '/home/me', OTX_API_KEY: '', OTX_DAILY_BUDGET: '' })
  expect(faults).toEqual([])
  expect(values).toMatchObject({
    OTX_API_KEY: null,
    OTX_DAILY_BUDGET: 10_000,
    ABUSEIPDB_BASE_URL: 'https://api.abuseipdb.com',
    GREYNOISE_API: 'community',
    INTEL_TIMEOUT_MS: 2_000,
    OWN_RANGES: [],
  })
})

it('takes what is given, a base URL without its closing slash', () => {
  const given = {
    ABUSEIPDB_API_KEY: 'abc',
    ABUSEIPDB_BASE_URL: 'http://127.0.0.1:9000/',
    ABUSEIPDB_DAILY_BUDGET: '0',
    OWN_RANGES: '45.33.0.0/16, 2a01:4f8::/32\n8.8.8.8',
  }
  expect(readSettings(given)).toMatchObject({
    values: {
      ...given,
      ABUSEIPDB_BASE_URL: 'http://127.0.0.1:9000',
      ABUSEIPDB_DAILY_BUDGET: 0,
      OWN_RANGES: ['45.33.0.0/16', '2a01:4f8::/32', '8.8.8.8/32'],
    },
    faults: [],
  })
})

it('names a bad value, keeps the others, and never repeats it', () => {
  const bad = {
    ABUSEIPDB_API_KEY: 'two words',
    OTX_API_KEY: 'line\nbreak',
    ABUSEIPDB_BASE_URL: 'not-a-url',
    GREYNOISE_BASE_URL: 'ftp://example.org',
    CROWDSEC_CTI_BASE_URL: 'https://user:secret@example.org',
    OTX_BASE_URL: 'http://example.org',
    ABUSEIPDB_DAILY_BUDGET: 'many',
    GREYNOISE_DAILY_BUDGET: '-1',
    OTX_DAILY_BUDGET: '1e3',
    GREYNOISE_API: 'enterprise',
    INTEL_TIMEOUT_MS: '5',
    OWN_RANGES: '10.0.0.0/8, 300.0.0.0/8',
  }
  const { values, faults } = readSettings({ ...bad, CROWDSEC_CTI_API_KEY: 'good' })
  expect(faults.map(({ name }) => name).sort()).toEqual(Object.keys(bad).sort())
  expect(values).toMatchObject({ CROWDSEC_CTI_API_KEY: 'good', ABUSEIPDB_API_KEY: null, OTX_DAILY_BUDGET: 10_000 })
  expect(JSON.stringify(faults)).not.toMatch(/two words|line|secret@/)
})

it('takes no range in a form that could be read as another one', () => {
  for (const text of ['10/8', '10.0.0.0/33', '010.0.0.0/8', '10.0.0.0/', 'home', '10.0.0.0-10.0.0.9', '0x0a000000/8'])
    expect(
      readSettings({ OWN_RANGES: text }).faults.map(({ name }) => name),
      text,
    ).toEqual(['OWN_RANGES'])
})

it('takes http for this machine and private networks only, so that no key goes unencrypted over the internet', () => {
  const faultsOf = (url: string) => readSettings({ OTX_BASE_URL: url }).faults.length
  for (const url of ['http://localhost:1', 'http://[::1]:1', 'http://10.1.2.3/otx', 'http://stand-in:8080'])
    expect(faultsOf(url), url).toBe(0)
  for (const url of ['http://8.8.8.8', 'http://otx.alienvault.com', 'http://[2a01:4f8::1]/'])
    expect(faultsOf(url), url).toBe(1)
})

it('says what every setting does, and marks keys as secret', () => {
  for (const [name, { does, isSecret }] of Object.entries(SETTINGS)) {
    expect(does, name).toMatch(/\.$/)
    expect(isSecret, name).toBe(/_(KEY|TOKEN)$/.test(name))
  }
})
