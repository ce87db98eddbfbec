import type { FC } from 'hono/jsx'
import { type IncidentRow, type Verification, verificationOf } from '../../core/incidents/view.ts'
import type { IncidentStatus } from '../../core/store/schema.ts'
import type { Severity } from '../../core/taxonomy.ts'
import { percent } from '../format.ts'

const LEVEL: Record<Severity, number> = { none: 0, low: 1, medium: 2, high: 3, critical: 4 }

const NAMES: Record<Severity, string> = {
  none: 'No severity',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
}

/** Severity as a word and as a number of bars; the colour only repeats them. */
export const SeverityBadge: FC<{ severity: Severity }> = ({ severity }) => (
  <span class={`severity severity-${severity}`}>
    <svg viewBox="0 0 16 12" width="16" height="12" aria-hidden="true">
      {[1, 2, 3, 4].map((level) => (
        <rect
          x={(level - 1) * 4}
          y={12 - level * 3}
          width="3"
          height={level * 3}
          class={level <= LEVEL[severity] ? 'on' : 'off'}
        />
      ))}
    </svg>
    {NAMES[severity]}
  </span>
)

export const StatusBadge: FC<{ status: IncidentStatus }> = ({ status }) => (
  <span class={`status status-${status}`}>{status}</span>
)

const VERIFICATION: Record<Verification, string | null> = {
  'model-trusted': null,
  verified: 'verified',
  'not-yet-verified': 'not yet verified',
}

/** The calibrated probability of the decided class with its route, and whether somebody beside the model has looked. */
export const Confidence: FC<{
  incident: Pick<IncidentRow, 'ml_confidence' | 'route' | 'council_verdict' | 'analyst_verdict'>
}> = ({ incident }) => {
  const verification = VERIFICATION[verificationOf(incident)]
  return (
    <span class="confidence">
      <span class="number">{percent(incident.ml_confidence)}</span>{' '}
      <span class={`route route-${incident.route}`}>{incident.route}</span>
      {verification === null ? null : <span class="verification"> {verification}</span>}
    </span>
  )
}
