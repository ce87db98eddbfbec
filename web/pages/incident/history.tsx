import type { FC } from 'hono/jsx'
import type { EpochMs } from '../../../core/time.ts'
import { LogText } from '../../components/log-text.tsx'
import { Time } from '../../components/time.tsx'

/** A row of the audit log. */
export interface HistoryEntry {
  at: EpochMs
  actor: string
  action: string
  detail: Record<string, unknown>
}

export const History: FC<{ entries: HistoryEntry[] }> = ({ entries }) =>
  entries.length === 0 ? null : (
    <ol class="history">
      {entries.map(({ at, actor, action, detail }) => (
        <li>
          <Time at={at} /> <b>{<LogText text={actor} />}</b>{' '}
          <LogText text={`${action.replaceAll('-', ' ')}${change(detail)}`} />
        </li>
      ))}
    </ol>
  )

function change(detail: Record<string, unknown>): string {
  if (typeof detail.verdict === 'string') {
    const what = detail.verdict.replaceAll('_', ' ')
    const label = typeof detail.label === 'string' ? `, ${detail.label}` : ''
    return `: ${what}${label}${typeof detail.comment === 'string' ? `: ${detail.comment}` : ''}`
  }
  if (!('from' in detail) || !('to' in detail)) return ''
  return `: ${word(detail.from)} to ${word(detail.to)}`
}

const word = (value: unknown): string => (value === null ? 'nobody' : String(value))
