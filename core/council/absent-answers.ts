import type { IncidentRow } from '../incidents/view.ts'
import type { CouncilCase } from './case.ts'
import { VERIFIERS } from './verifier.ts'
import { CANDIDATES, VERIFIER_FACTS } from './verifiers.ts'

/** The incident's places for the answers of those who are asked first. */
export const ANSWER_COLUMNS = ['gemini_analysis', 'grok_intel', 'openai_remediation'] as const
export type AnswerColumn = (typeof ANSWER_COLUMNS)[number]

/** Why a place holds no answer; null where it holds one. */
export type AbsentAnswers = Record<AnswerColumn, string | null>

const each = (why: (column: AnswerColumn) => string | null): AbsentAnswers =>
  Object.fromEntries(ANSWER_COLUMNS.map((column) => [column, why(column)])) as AbsentAnswers

/** Of a case that is over. */
export const absentAnswers = (one: CouncilCase): AbsentAnswers =>
  each((column) => {
    const verifier = VERIFIERS.find((name) => VERIFIER_FACTS[name].column === column)
    const asks = one.asks.filter((ask) => ask.verifier === verifier && !ask.isBlind)
    if (asks.some(({ opinion }) => opinion !== null)) return null
    const ask = asks.at(-1)
    if (ask) return ask.state === 'failed' ? `It failed: ${ask.why ?? 'no reason'}` : 'It had not answered at the end.'
    const isItsRole = (role: keyof typeof CANDIDATES) => CANDIDATES[role][0] === verifier
    const notRun =
      one.notRun.find((known) => known.verifier === verifier) ??
      one.notRun.find((known) => known.verifier === null && isItsRole(known.role))
    return notRun?.why ?? 'The case ended before it was asked.'
  })

/** Of an incident, whether a case of it is over or not. */
export function absentAnswersOf(
  row: Pick<IncidentRow, AnswerColumn | 'route' | 'triage_note' | 'council_verdict'>,
): AbsentAnswers {
  const { council: note } = row.triage_note
  return each((column) => {
    if (row[column] !== null) return null
    if (note) return note.absent?.[column] ?? 'The version that judged it kept no reason.'
    return row.route === 'TRUST'
      ? 'The model was sure enough (over 0.90), so nobody else was asked.'
      : 'No case of the council on it is over yet.'
  })
}
