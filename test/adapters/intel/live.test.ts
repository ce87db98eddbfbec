import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { retryAfter } from '../../../adapters/http/exchange.ts'
import { liveProviders } from '../../../adapters/intel/live/providers.ts'
import type { ProviderReport } from '../../../core/intel/live/look-up.ts'
import type { ProviderName } from '../../../core/intel/live/providers.ts'
import { readSettings } from '../../../core/settings.ts'
import { json, type ProviderServer, providerServer } from '../../support/provider-server.ts'

const ADDRESS = '45.33.32.156'
const NOW = Date.UTC(2026, 10, 24, 12)
const KEY = 'k3y-of-the-test'

const fixture = (name: string) =>
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../../fixtures/intel-live', `${name}.json`), 'utf8'))

let server: ProviderServer
beforeAll(async () => {
  server = await providerServer()
})
afterAll(() => server.stop())
beforeEach(() => {
  server.received.length = 0
})

/** One form of one service: how it is asked, and what a good answer of it is. */
interface Form {
  title: string
  provider: ProviderName
  settings: Record<string, string>
  target: string
  header: string
  good: string
}
const FORMS: Form[] = [
  {
    title: 'AbuseIPDB',
    provider: 'abuseipdb',
    settings: { ABUSEIPDB_API_KEY: KEY },
    target: `/api/v2/check?ipAddress=${ADDRESS}&maxAgeInDays=90`,
    header: 'key',
    good: 'abuseipdb-reported',
  },
  {
    title: 'GreyNoise Community',
    provider: 'greynoise',
    settings: { GREYNOISE_API_KEY: KEY },
    target: `/v3/community/${ADDRESS}`,
    header: 'key',
    good: 'greynoise-community-malicious',
  },
  {
    title: 'GreyNoise IP Lookup',
    provider: 'greynoise',
    settings: { GREYNOISE_API_KEY: KEY, GREYNOISE_API: 'ip' },
    target: `/v3/ip/${ADDRESS}`,
    header: 'key',
    good: 'greynoise-ip-suspicious',
  },
  {
    title: 'CrowdSec CTI',
    provider: 'crowdsec-cti',
    settings: { CROWDSEC_CTI_API_KEY: KEY },
    target: `/v2/smoke/${ADDRESS}`,
    header: 'x-api-key',
    good: 'crowdsec-malicious',
  },
  {
    title: 'AlienVault OTX',
    provider: 'otx',
    settings: { OTX_API_KEY: KEY },
    target: `/api/v1/indicators/IPv4/${ADDRESS}/general`,
    header: 'x-otx-api-key',
    good: 'otx-pulses',
  },
]

function lookUp({ provider, settings }: Form, { address = ADDRESS, at = server.origin, timeoutMs = '2000' } = {}) {
  const baseUrl = `${provider.toUpperCase().replace('-', '_')}_BASE_URL`
  const { values, faults } = readSettings({ ...settings, [baseUrl]: at, INTEL_TIMEOUT_MS: timeoutMs })
  expect(faults).toEqual([])
  return liveProviders(values, fetch).get(provider)!.lookUp(address, NOW)
}

async function report(title: string, answer: string, status = 200): Promise<ProviderReport> {
  server.answerWith(json(status, fixture(answer)))
  const looked = await lookUp(FORMS.find((form) => form.title === title)!)
  if (!looked.ok) throw new Error(`${looked.error.tag}: ${looked.error.why}`)
  return looked.value
}

describe.each(FORMS)('$title', (form) => {
  it('is asked as its documents say, with the key in a header and nowhere else', async () => {
    server.answerWith(json(200, fixture(form.good)))
    expect(await lookUp(form)).toMatchObject({ ok: true, value: { provider: form.provider, retrievedAt: NOW } })
    const [request, ...others] = server.received
    expect(others).toEqual([])
    expect(request!.target).toBe(form.target)
    expect(request!.headers[form.header]).toBe(KEY)
    expect(request!.headers.accept).toBe('application/json')
  })

  it('may be asked at a base URL that has the path of its documents already', async () => {
    server.answerWith(json(200, fixture(form.good)))
    const prefix = /^(\/api\/v[12]|\/v3\/(?:community|ip)|\/v2)/.exec(form.target)![0]
    expect(await lookUp(form, { at: `${server.origin}${prefix}/` })).toMatchObject({ ok: true })
    expect(server.received[0]!.target).toBe(form.target)
  })

  it('gives no report for a page, an answer that breaks off, or one in another form', async () => {
    const good = JSON.stringify(fixture(form.good))
    const bodies: [string, string][] = [
      ['<!doctype html><title>Sign in</title>', 'unreadable-answer'],
      ['', 'unreadable-answer'],
      [good.slice(0, -20), 'unreadable-answer'],
      ['[]', 'wrong-form'],
      ['null', 'wrong-form'],
      ['{"data":{},"scores":{},"pulse_info":{}}', 'wrong-form'],
    ]
    for (const [body, tag] of bodies) {
      server.answerWith((response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end(body))
      expect(await lookUp(form), body).toMatchObject({ ok: false, error: { tag } })
    }
  })

  it('gives no report for an answer about another address', async () => {
    server.answerWith((response) =>
      response.writeHead(200).end(JSON.stringify(fixture(form.good)).replaceAll(ADDRESS, '45.33.32.157')),
    )
    expect(await lookUp(form)).toMatchObject({ ok: false, error: { tag: 'wrong-form' } })
  })

  it('gives no report for an answer whose length was not kept', async () => {
    server.answerWith((response) => {
      response.writeHead(200, { 'Content-Length': '5000' }).write('{"data":')
      setTimeout(() => response.destroy(), 20)
    })
    expect(await lookUp(form)).toMatchObject({ ok: false, error: { tag: 'not-reached' } })
  })

  it('gives no report for an answer without end', async () => {
    const piece = Buffer.alloc(1024 * 1024, 0x20)
    server.answerWith((response) => {
      response.on('error', () => {})
      for (let i = 0; i < 6; i++) response.write(piece)
      response.end()
    })
    expect(await lookUp(form)).toMatchObject({ ok: false, error: { tag: 'unreadable-answer' } })
  })

  it('tells a refused key, with no trace of the key', async () => {
    for (const status of [401, 403]) {
      server.answerWith(json(status, { message: `no such key: ${KEY}` }))
      const looked = await lookUp(form)
      expect(looked).toMatchObject({ ok: false, error: { tag: 'key-refused', status } })
      expect(JSON.stringify(looked)).not.toContain(KEY)
    }
    server.answerWith((response) => response.writeHead(200).end(`no JSON: ${KEY}`))
    expect(JSON.stringify(await lookUp(form))).not.toContain(KEY)
  })

  it('tells a 429 with the time to wait, in seconds, as a date, or not said', async () => {
    const waits: [string | null, number | null][] = [
      ['120', 120_000],
      [new Date(NOW + 3_600_000).toUTCString(), 3_600_000],
      [new Date(NOW - 3_600_000).toUTCString(), 0],
      ['soon', null],
      [null, null],
    ]
    for (const [header, retryAfterMs] of waits) {
      const headers: Record<string, string> = header === null ? {} : { 'Retry-After': header }
      server.answerWith(json(429, { message: 'Limit Exceeded' }, headers))
      expect(await lookUp(form)).toMatchObject({ ok: false, error: { tag: 'too-many-requests', retryAfterMs } })
    }
  })

  it('tells a failure of the server, a status out of place and a redirect, which it does not follow', async () => {
    for (const [status, tag] of [
      [500, 'server-error'],
      [503, 'server-error'],
      [400, 'unexpected-status'],
      [204, 'unexpected-status'],
    ] as const) {
      server.answerWith(json(status, fixture(form.good)))
      expect(await lookUp(form), String(status)).toMatchObject({ ok: false, error: { tag, status } })
    }
    server.received.length = 0
    server.answerWith((response) => response.writeHead(302, { Location: `${server.origin}/elsewhere` }).end())
    expect(await lookUp(form)).toMatchObject({ ok: false, error: { tag: 'unexpected-status', status: 302 } })
    expect(server.received).toHaveLength(1)
  })

  it('does not take a 404 that is a page for an address that is not known', async () => {
    server.answerWith((response) => response.writeHead(404).end('<h1>Not Found</h1>'))
    expect(await lookUp(form)).toMatchObject({ ok: false })
  })

  it('waits no longer than it may, before the answer and within it', async () => {
    server.answerWith(() => {})
    expect(await lookUp(form, { timeoutMs: '150' })).toMatchObject({ ok: false, error: { tag: 'timed-out' } })
    server.answerWith((response) => response.writeHead(200).write('{'))
    expect(await lookUp(form, { timeoutMs: '150' })).toMatchObject({ ok: false, error: { tag: 'timed-out' } })
  })

  it('tells a service that is not there', async () => {
    const gone = await providerServer()
    await gone.stop()
    expect(await lookUp(form, { at: gone.origin })).toMatchObject({ ok: false, error: { tag: 'not-reached' } })
  })
})

describe('what a service says', () => {
  it('AbuseIPDB: confidence in per cent, last report, and nothing of an address without reports', async () => {
    expect(await report('AbuseIPDB', 'abuseipdb-reported')).toEqual({
      provider: 'abuseipdb',
      address: ADDRESS,
      kind: 'abusive',
      score: 0.87,
      isTorExit: false,
      detail: '41 reports in 90 days by 17 users; Data Center/Web Hosting/Transit',
      asOf: Date.UTC(2026, 10, 20, 20, 55, 14),
      retrievedAt: NOW,
    })
    expect(await report('AbuseIPDB', 'abuseipdb-unknown')).toMatchObject({ kind: 'not-seen', score: null, asOf: NOW })
  })

  it('AbuseIPDB: a confidence of 900 is no report', async () => {
    const answer = fixture('abuseipdb-reported')
    for (const score of [900, -1, 100.5, '87', null, true]) {
      server.answerWith(json(200, { data: { ...answer.data, abuseConfidenceScore: score } }))
      const looked = await lookUp(FORMS[0]!)
      expect(looked, String(score)).toMatchObject({ ok: false, error: { tag: 'wrong-form' } })
      expect(JSON.stringify(looked)).toContain('abuseConfidenceScore')
    }
  })

  it('GreyNoise: its class as a score, its common services as benign, its 404 as not seen', async () => {
    expect(await report('GreyNoise Community', 'greynoise-community-malicious')).toMatchObject({
      kind: 'abusive',
      score: 1,
      asOf: Date.UTC(2026, 10, 21),
    })
    expect(await report('GreyNoise Community', 'greynoise-community-riot')).toMatchObject({ kind: 'benign', score: 0 })
    expect(await report('GreyNoise Community', 'greynoise-community-unknown', 404)).toMatchObject({
      kind: 'not-seen',
      score: null,
      asOf: NOW,
    })
  })

  it('GreyNoise: an address that scans with no known intent is observed, without a score', async () => {
    server.answerWith(json(200, { ...fixture('greynoise-community-malicious'), classification: 'unknown' }))
    expect(await lookUp(FORMS[1]!)).toMatchObject({ ok: true, value: { kind: 'observed', score: null } })
    server.answerWith(json(200, { ...fixture('greynoise-community-malicious'), classification: 'evil' }))
    expect(await lookUp(FORMS[1]!)).toMatchObject({ ok: false, error: { tag: 'wrong-form' } })
  })

  it('GreyNoise IP Lookup: scanner and Tor, and not seen where neither data set has it', async () => {
    expect(await report('GreyNoise IP Lookup', 'greynoise-ip-suspicious')).toMatchObject({
      kind: 'abusive',
      score: 0.5,
      isTorExit: true,
      asOf: Date.UTC(2026, 10, 19),
    })
    expect(await report('GreyNoise IP Lookup', 'greynoise-ip-unknown')).toMatchObject({
      kind: 'not-seen',
      score: null,
    })
    expect(await report('GreyNoise IP Lookup', 'greynoise-ip-unknown', 404)).toMatchObject({ kind: 'not-seen' })
  })

  it('CrowdSec: fifths as a score, false positives as benign, its 404 as not seen', async () => {
    expect(await report('CrowdSec CTI', 'crowdsec-malicious')).toMatchObject({
      kind: 'abusive',
      score: 0.8,
      isTorExit: true,
      asOf: Date.UTC(2026, 10, 15, 5, 45),
    })
    expect(await report('CrowdSec CTI', 'crowdsec-excused')).toMatchObject({
      kind: 'benign',
      score: 0,
      asOf: Date.UTC(2026, 10, 15, 5, 45),
    })
    expect(await report('CrowdSec CTI', 'crowdsec-unknown', 404)).toMatchObject({ kind: 'not-seen', score: null })
  })

  it('CrowdSec: a total over five is no report', async () => {
    const answer = fixture('crowdsec-malicious')
    for (const total of [900, 5.1, -1, '4']) {
      server.answerWith(json(200, { ...answer, scores: { overall: { ...answer.scores.overall, total } } }))
      expect(await lookUp(FORMS[3]!), String(total)).toMatchObject({ ok: false, error: { tag: 'wrong-form' } })
    }
  })

  it('OTX: pulses without a score, the newest as its time, and lists that vouch for it', async () => {
    expect(await report('AlienVault OTX', 'otx-pulses')).toMatchObject({
      kind: 'abusive',
      score: null,
      detail: 'in 2 pulses; SSH honeypot, November; Scanners',
      asOf: Date.UTC(2026, 10, 18, 10, 2, 3, 123),
    })
    expect(await report('AlienVault OTX', 'otx-unknown')).toMatchObject({ kind: 'not-seen', score: null, asOf: NOW })
    expect(await report('AlienVault OTX', 'otx-vouched')).toMatchObject({ kind: 'benign', score: 0 })
  })

  it('OTX: a reputation of 900 is no report', async () => {
    server.answerWith(json(200, { ...fixture('otx-pulses'), reputation: 900 }))
    expect(await lookUp(FORMS[4]!)).toMatchObject({ ok: false, error: { tag: 'wrong-form' } })
  })

  it('a time that lies ahead of the answer is not taken for its age', async () => {
    const { data } = fixture('abuseipdb-reported')
    server.answerWith(json(200, { data: { ...data, lastReportedAt: '2100-01-01T00:00:00+00:00' } }))
    expect(await lookUp(FORMS[0]!)).toMatchObject({ ok: true, value: { asOf: NOW } })
  })

  it('IPv6 is asked about where the service knows it', async () => {
    const address = '2a01:4f8::1'
    const { data } = fixture('abuseipdb-reported')
    server.answerWith(json(200, { data: { ...data, ipAddress: '2A01:04F8:0:0::1' } }))
    expect(await lookUp(FORMS[0]!, { address })).toMatchObject({ ok: true })
    server.answerWith(json(200, { ...fixture('otx-pulses'), indicator: address, type: 'IPv6' }))
    expect(await lookUp(FORMS[4]!, { address })).toMatchObject({ ok: true })
    expect(server.received.map(({ target }) => decodeURIComponent(target))).toEqual([
      `/api/v2/check?ipAddress=${address}&maxAgeInDays=90`,
      `/api/v1/indicators/IPv6/${address}/general`,
    ])
  })
})

it('no service is made ready without a key', () => {
  expect(liveProviders(readSettings({}).values, fetch).size).toBe(0)
})

it('reads Retry-After as seconds or an HTTP date and as nothing else', () => {
  expect(retryAfter('0', NOW)).toBe(0)
  expect(retryAfter(' 30 ', NOW)).toBe(30_000)
  expect(retryAfter('Tue, 24 Nov 2026 12:00:05 GMT', NOW)).toBe(5_000)
  for (const text of ['', '-5', '1.5', 'tomorrow', '2026-11-25', '99999999999999', null])
    expect(retryAfter(text, NOW), String(text)).toBeNull()
})
