import type { AskRecord, CouncilCaseView } from '../../../core/council/view.ts'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import type { EpochMs } from '../../../core/time.ts'

/** All that the council's tab shows. */
export interface CouncilView {
  incident: IncidentRow
  /** The moment the page is made. */
  now: EpochMs
  /** Null when the incident has no case, or the council does not answer. */
  given: CouncilCaseView | null
  /** Why the case is not known. */
  error: string | null
  /** Puts masked values back, as far as the viewer may see them. */
  restore: (text: string) => string
  /** Ids of the incidents whose cases gave answers to this one, by key; those that are gone are absent. */
  incidentIds: ReadonlyMap<string, number>
  /** For the forms; null where the viewer may not ask or stop. */
  csrf: string | null
  /** What was sent and what came, by ask; null for who may not see it. */
  records: AskRecord[] | null
}

const TITLES: Record<string, string> = {
  created: 'Opened',
  memory: 'Evidence gathered',
  plan: 'Past cases looked for',
  'judge-and-intel': 'Judge and intelligence asked',
  remediation: 'Remediation',
  aggregate: 'Opinions brought together',
  done: 'Verdict written',
  failed: 'Failed, with what it has',
}
export const titleOfState = (state: string): string => TITLES[state] ?? state

/** Dollars with as many digits as tell something. */
export const dollars = (usd: number | null): string =>
  usd === null ? 'cost not known' : usd === 0 ? 'no cost' : `$${usd < 0.01 ? usd.toFixed(5) : usd.toFixed(2)}`

/** A short time: 12 ms, 1.4 s. */
export const brief = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)
