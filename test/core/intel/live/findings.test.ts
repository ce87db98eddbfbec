import { expect, it } from 'vitest'
import { Finding } from '../../../../core/intel/finding.ts'
import { answerFrom } from '../../../../core/intel/live/findings.ts'
import type { ProviderReport } from '../../../../core/intel/live/look-up.ts'
import { PROVIDER_FACTS, providerPage } from '../../../../core/intel/live/providers.ts'

const ASKED = Date.UTC(2026, 10, 24, 12)
const FRESH_UNTIL = ASKED + 3_600_000
const report: ProviderReport = {
  provider: 'abuseipdb',
  address: '45.33.32.156',
  kind: 'abusive',
  score: 0.87,
  isTorExit: null,
  detail: '41 reports in 90 days',
  asOf: ASKED - 86_400_000,
  retrievedAt: ASKED,
}
const answer = (more: Partial<ProviderReport>) =>
  answerFrom([{ report: { ...report, ...more }, freshUntil: FRESH_UNTIL }])

it('a report is a finding of reputation with its source, age and end', () => {
  const { findings, consulted } = answer({})
  expect(findings).toEqual([
    {
      kind: 'reputation',
      source: 'AbuseIPDB',
      subject: '45.33.32.156',
      score: 0.87,
      value: 'abusive',
      detail: '41 reports in 90 days',
      asOf: report.asOf,
      licence: null,
      expires: FRESH_UNTIL,
    },
  ])
  expect(consulted).toEqual([{ kind: 'reputation', source: 'AbuseIPDB', asOf: ASKED, expires: FRESH_UNTIL }])
  for (const finding of findings) expect(Finding.parse(finding)).toEqual(finding)
})

it('a service that does not know the address was consulted and says nothing of its reputation', () => {
  expect(answer({ kind: 'not-seen', score: null })).toMatchObject({ findings: [], consulted: { length: 1 } })
})

it('Tor is said or denied by who knows of it, and by nobody else', () => {
  const torOf = (isTorExit: boolean | null) =>
    answer({ isTorExit, kind: 'not-seen' }).findings.map(({ kind, score, asOf }) => [kind, score, asOf])
  expect(torOf(true)).toEqual([['tor-exit', 1, ASKED]])
  expect(torOf(false)).toEqual([['tor-exit', 0, ASKED]])
  expect(torOf(null)).toEqual([])
  expect(answer({ isTorExit: false }).consulted.map(({ kind }) => kind)).toEqual(['reputation', 'tor-exit'])
})

it('every service has its page on an address, and nobody else has one', () => {
  for (const { title } of Object.values(PROVIDER_FACTS))
    expect(providerPage(title, '2a01:4f8::1'), title).toMatch(/^https:\/\/.*2a01%3A4f8%3A%3A1$/)
  expect(providerPage('ipsum', '45.33.32.156')).toBeNull()
})
