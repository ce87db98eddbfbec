import type { FC } from 'hono/jsx'
import { FIRST_QUESTIONS } from '../../../core/incidents/explain.ts'
import { CHOOSABLE_STATUSES, STATUS_MEANING } from '../../../core/incidents/triage.ts'
import { type ClassFamily, SEVERITIES } from '../../../core/taxonomy.ts'
import { incidentHref } from '../../components/incident-link.tsx'
import type { Viewer } from '../../components/layout.tsx'
import { AnalystsVerdict } from './verdict-form.tsx'
import type { IncidentView } from './view.ts'

export const WhatNow: FC<{ view: IncidentView; viewer: Viewer }> = ({ view, viewer }) => (
  <section class="card" aria-labelledby="now">
    <h2 id="now">What now</h2>
    <p>{FIRST_QUESTIONS[view.incident.class_family as ClassFamily] ?? FIRST_QUESTIONS.normal}</p>
    <AnalystsVerdict view={view} csrf={view.mayChange ? viewer.csrf : null} />
    {view.mayChange && viewer.csrf !== null ? (
      <Forms view={view} csrf={viewer.csrf} name={viewer.name} />
    ) : (
      <p class="absent">
        An analyst who is logged in can say here what it was, and change status, severity and assignee.
      </p>
    )}
  </section>
)

const Forms: FC<{ view: IncidentView; csrf: string; name: string }> = ({ view: { incident }, csrf, name }) => {
  const action = incidentHref(incident.id, '/triage')
  return (
    <>
      <form method="post" action={action} class="choices" aria-label="Status">
        <input type="hidden" name="csrf" value={csrf} />
        {CHOOSABLE_STATUSES.filter((status) => status !== incident.status).map((status) => (
          <button type="submit" class="quiet" name="status" value={status} title={STATUS_MEANING[status]}>
            Mark as {status}
          </button>
        ))}
      </form>
      <form method="post" action={action} class="choices" aria-label="Assignee">
        <input type="hidden" name="csrf" value={csrf} />
        {incident.assignee === name ? null : (
          <button type="submit" class="quiet" name="assignee" value={name}>
            Assign to me
          </button>
        )}
        {incident.assignee === null ? null : (
          <button type="submit" class="quiet" name="assignee" value="">
            Take the assignment back
          </button>
        )}
      </form>
      <form method="post" action={action} class="choices" aria-label="Severity">
        <input type="hidden" name="csrf" value={csrf} />
        <label>
          Severity{' '}
          <select name="severity">
            {SEVERITIES.map((severity) => (
              <option value={severity} selected={severity === incident.severity}>
                {severity}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="quiet">
          Set
        </button>
      </form>
    </>
  )
}
