import type { Child, FC } from 'hono/jsx'
import { isOver, isStoppable } from '../../../core/council/case.ts'
import { MOST_REASON, nameOfActor, type PersonRequest } from '../../../core/council/person-request.ts'
import { incidentHref } from '../../components/incident-link.tsx'
import { LogText } from '../../components/log-text.tsx'
import { Time } from '../../components/time.tsx'
import type { CouncilView } from './view.ts'

/** What a person may do with the case: stop the one that runs, or have another one opened. */
export const Requests: FC<{ view: CouncilView }> = ({ view }) => {
  const { given } = view
  const isRunning = given !== null && !isOver(given.case)
  if (isRunning && !isStoppable(given.case)) return null
  return (
    <section class="card" aria-labelledby="requests">
      <h2 id="requests">{isRunning ? 'Stop the case' : given === null ? 'Ask the council' : 'Ask again'}</h2>
      {view.csrf === null ? (
        <p class="absent">An analyst who is logged in can do that here.</p>
      ) : isRunning ? (
        <ReasonForm view={view} csrf={view.csrf} what="stop" act="Stop">
          It ends as failed, with what it has. An answer under way is paid, and changes nothing.
        </ReasonForm>
      ) : (
        <ReasonForm view={view} csrf={view.csrf} what="ask-again" act={given === null ? 'Ask' : 'Ask again'}>
          A new case, in which nothing that was said before is used. It may cost money, within the budget of the day.
        </ReasonForm>
      )}
    </section>
  )
}

const ReasonForm: FC<{
  view: CouncilView
  csrf: string
  what: 'ask-again' | 'stop'
  act: string
  children?: Child
}> = ({ view, csrf, what, act, children }) => (
  <form method="post" action={incidentHref(view.incident.id, `/council/${what}`)} id={`form-${what}`} class="reason">
    <input type="hidden" name="csrf" value={csrf} />
    <input type="hidden" name="round" value={String(view.given?.round ?? 0)} />
    <p class="hint">{children}</p>
    <label for={`reason-${what}`}>Reason, kept with the case</label>
    <div class="choices">
      <input id={`reason-${what}`} name="reason" required maxlength={MOST_REASON} autocomplete="off" />
      <button type="submit" class="quiet">
        {act}
      </button>
    </div>
  </form>
)

/** Who wanted it, when and why. */
export const Requested: FC<{ what: string; request: PersonRequest | null }> = ({ what, request }) =>
  request === null ? null : (
    <p class="requested">
      {what} by <LogText text={nameOfActor(request.actor)} />, <Time at={request.at} />:{' '}
      <q>
        <LogText text={request.reason} />
      </q>
    </p>
  )
