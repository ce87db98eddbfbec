import type { FC } from 'hono/jsx'
import { ShareBar } from '../../components/bars.tsx'
import { Time } from '../../components/time.tsx'
import { count } from '../../format.ts'
import { type ModelsView, TRIGGER_TITLES, triggerValue } from './view.ts'

/** What begins a run by itself, and how near it is. */
export const Triggers: FC<{ view: ModelsView }> = ({ view }) => (
  <section class="card" aria-labelledby="triggers">
    <h2 id="triggers">When it learns</h2>
    <p>
      {count(view.samples.unused)} of {count(view.samples.total)} samples have a label that no run has learned. The
      triggers are looked at every hour, next <Time at={view.nextCheck} />.
    </p>
    {view.heldUntil === null ? null : (
      <p class="missing">
        The last run was stopped or failed: no trigger begins another before <Time at={view.heldUntil} />. One that is
        begun by hand may.
      </p>
    )}
    <table class="list cards">
      <thead>
        <tr>
          <th scope="col">Trigger</th>
          <th scope="col">Now, of its limit</th>
          <th scope="col">Expected</th>
          <th scope="col">What it says</th>
        </tr>
      </thead>
      <tbody>
        {view.triggers.map((trigger) => (
          <tr>
            <th scope="row">{TRIGGER_TITLES[trigger.name]}</th>
            <td class="line">
              {trigger.value === null ? (
                <span class="absent">not known</span>
              ) : (
                <>
                  <span class="number">
                    {triggerValue(trigger.name, trigger.value)} of {triggerValue(trigger.name, trigger.limit)}
                  </span>
                  <ShareBar share={trigger.value / trigger.limit} decided={trigger.isMet} />
                </>
              )}
            </td>
            <td data-label="Expected">
              {trigger.isMet ? (
                <span class="status status-new">met</span>
              ) : trigger.projectedAt === null ? (
                <span class="absent">cannot be told</span>
              ) : (
                <Time at={trigger.projectedAt} />
              )}
            </td>
            <td class="line">{trigger.why}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
)
