import type { EpochMs } from '../../time.ts'
import type { Consulted, Finding, IntelAnswer } from '../finding.ts'
import type { ProviderReport } from './look-up.ts'
import { PROVIDER_FACTS } from './providers.ts'

/** A report, and until when it is taken as still true. */
export interface FreshReport {
  report: ProviderReport
  freshUntil: EpochMs
}

/**
 * What reports come to on the port of threat intelligence. A service that does not know the address was consulted and
 * gives no finding of its reputation: nothing known is not good repute.
 */
export function answerFrom(reports: readonly FreshReport[]): IntelAnswer {
  return { findings: reports.flatMap(findingsOf), consulted: reports.flatMap(consultedIn) }
}

function findingsOf({ report, freshUntil }: FreshReport): Finding[] {
  const { provider, address, kind, score, isTorExit, detail, asOf } = report
  const said = { source: PROVIDER_FACTS[provider].title, subject: address, asOf, licence: null, expires: freshUntil }
  const findings: Finding[] = []
  if (kind !== 'not-seen') findings.push({ ...said, kind: 'reputation', score, value: kind, detail })
  // When it is an exit and when it was last reported are two things: the former is true when it is asked.
  if (isTorExit !== null)
    findings.push({
      ...said,
      kind: 'tor-exit',
      score: Number(isTorExit),
      value: '',
      detail: '',
      asOf: report.retrievedAt,
    })
  return findings
}

function consultedIn({ report, freshUntil }: FreshReport): Consulted[] {
  const source = PROVIDER_FACTS[report.provider].title
  const asked = { source, asOf: report.retrievedAt, expires: freshUntil }
  return report.isTorExit === null
    ? [{ ...asked, kind: 'reputation' }]
    : [
        { ...asked, kind: 'reputation' },
        { ...asked, kind: 'tor-exit' },
      ]
}
