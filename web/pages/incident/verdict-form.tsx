import type { FC } from 'hono/jsx'
import {
  ANALYST_VERDICTS,
  standingClass,
  standingVerdict,
  VERDICT_MEANING,
  VERDICT_TITLES,
  whatItTeaches,
} from '../../../core/incidents/analyst-verdict.ts'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import { CLASSES, classOf } from '../../../core/taxonomy.ts'
import { incidentHref } from '../../components/incident-link.tsx'
import { LogText } from '../../components/log-text.tsx'
import { Time } from '../../components/time.tsx'
import type { IncidentView } from './view.ts'

/** What analysts say that it was, and for one who may, the buttons to say so or take it back. `csrf` null: may not. */
export const AnalystsVerdict: FC<{ view: IncidentView; csrf: string | null }> = ({ view, csrf }) => {
  const standing = standingVerdict(view.verdicts)
  const action = incidentHref(view.incident.id, '/verdict')
  return (
    <>
      {standing === null ? null : (
        <div class="standing">
          <p>
            <b>{VERDICT_TITLES[standing.verdict]}</b>, <LogText text={standing.label ?? ''} />, says{' '}
            <LogText text={standing.actor} /> <Time at={standing.at} />
            {standing.comment === null ? '.' : ': '}
            {standing.comment === null ? null : <LogText text={standing.comment} />}
          </p>
          <p class="hint">{whatItTeaches(standing.label)}</p>
          {csrf === null ? null : (
            <form method="post" action={action} class="choices" aria-label="Take the verdict back">
              <input type="hidden" name="csrf" value={csrf} />
              <button type="submit" class="quiet" name="verdict" value="">
                Undo
              </button>
            </form>
          )}
        </div>
      )}
      {csrf === null ? null : <Choices incident={view.incident} action={action} csrf={csrf} />}
    </>
  )
}

const Choices: FC<{ incident: IncidentRow; action: string; csrf: string }> = ({ incident, action, csrf }) => (
  <form method="post" action={action} class="verdict" aria-label="Verdict">
    <input type="hidden" name="csrf" value={csrf} />
    <div class="choices">
      {ANALYST_VERDICTS.map((verdict) => (
        <button type="submit" class="quiet" name="verdict" value={verdict} title={VERDICT_MEANING[verdict]}>
          {VERDICT_TITLES[verdict]}
        </button>
      ))}
    </div>
    <details>
      <summary>With another class, or a comment</summary>
      <div class="choices">
        <label>
          Class{' '}
          <select name="correct_class">
            <option value="">{classOf(standingClass(incident)).name}, as it stands</option>
            {CLASSES.filter(({ id }) => id !== 0 && id !== standingClass(incident)).map(({ id, name }) => (
              <option value={String(id)}>{name}</option>
            ))}
          </select>
        </label>
      </div>
      {/* Not a line of input: Enter in it would send the first button's verdict. */}
      <label>
        Comment
        <textarea name="comment" rows={2} maxlength={2000} />
      </label>
    </details>
    <p class="hint">
      It teaches the next model, and counts for more than the council. What was allowed keeps its class; a false
      positive is ordinary.
    </p>
  </form>
)
