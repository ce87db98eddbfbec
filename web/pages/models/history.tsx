import type { FC } from 'hono/jsx'
import { STEP_TITLES } from '../../../core/learning/retraining/run.ts'
import { LogText } from '../../components/log-text.tsx'
import { Time } from '../../components/time.tsx'
import { count, duration } from '../../format.ts'
import { Losses, RunData } from './run.tsx'
import { type ModelsView, OUTCOME_TITLES } from './view.ts'

/** Why each run began and how it ended. */
export const RunHistory: FC<{ view: ModelsView }> = ({ view }) => (
  <section class="card" aria-labelledby="history">
    <h2 id="history">Runs before</h2>
    {view.runs.length === 0 ? (
      <p class="empty">None yet.</p>
    ) : (
      <table class="list cards">
        <thead>
          <tr>
            <th scope="col">Began</th>
            <th scope="col">Why</th>
            <th scope="col">Ended</th>
            <th scope="col" class="number">
              Samples
            </th>
          </tr>
        </thead>
        <tbody>
          {view.runs.map((run) => (
            <tr>
              <th scope="row">
                <Time at={run.started_at} />
                <br />
                <small>
                  by <LogText text={run.started_by} />
                </small>
              </th>
              <td class="line">
                <LogText text={run.reason} />
              </td>
              <td class="line">
                <span class="status">{OUTCOME_TITLES[run.state]}</span>{' '}
                {run.ended_at === null ? (
                  <span class="missing">
                    its end is not known; last at: {STEP_TITLES[run.step].toLowerCase()} <Time at={run.updated_at} />
                  </span>
                ) : (
                  <>
                    after {duration(run.ended_at - run.started_at)}
                    {run.version === null ? null : (
                      <>
                        , model <span class="serving">{run.version}</span>
                      </>
                    )}
                    <br />
                    <small>
                      <LogText text={run.why ?? ''} />
                    </small>
                  </>
                )}
                <Losses losses={run.losses} />
                <RunData data={run.data} balance={run.balance} />
              </td>
              <td class="number" data-label="Samples">
                {count(run.samples_read)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    )}
  </section>
)
