import type { FC } from 'hono/jsx'
import type { BalanceReport } from '../../../core/learning/balance/balance.ts'
import { RUN_STEPS, STEP_TITLES, type TrainingRun } from '../../../core/learning/retraining/run.ts'
import type { DataReport } from '../../../core/learning/retraining/training-data.ts'
import { CLASSES } from '../../../core/taxonomy.ts'
import { ShareBar } from '../../components/bars.tsx'
import { LogText } from '../../components/log-text.tsx'
import { Age, Time } from '../../components/time.tsx'
import { count, plural } from '../../format.ts'
import { type ModelsView, UNIT_TITLES } from './view.ts'

/** The run that goes on, or the button that begins one. `csrf` null: who looks may not. */
export const RunCard: FC<{ view: ModelsView; csrf: string | null }> = ({ view, csrf }) => (
  <section class="card" aria-labelledby="run">
    <h2 id="run">The run</h2>
    {view.error === null ? null : <p class="missing">The trainer is not known: {view.error}.</p>}
    {view.going === null ? (
      <>
        <p class="empty">No run goes on.</p>
        {csrf === null ? null : (
          <form method="post" action="/models/train" class="filters" aria-label="Begin a run">
            <input type="hidden" name="csrf" value={csrf} />
            <label>
              Reason
              <input name="reason" maxlength={300} />
            </label>
            <button type="submit">Train now</button>
          </form>
        )}
      </>
    ) : (
      <Going view={view} run={view.going} csrf={csrf} />
    )}
  </section>
)

const Going: FC<{ view: ModelsView; run: TrainingRun; csrf: string | null }> = ({ view, run, csrf }) => (
  <>
    <p class="large">{STEP_TITLES[run.step]}</p>
    {run.total === null ? null : <ShareBar share={run.done / run.total} decided />}
    <ul class="plain">
      <li>
        <span>Step</span>
        <span>
          {RUN_STEPS.indexOf(run.step) + 1} of {RUN_STEPS.length}
        </span>
      </li>
      {view.unit === null ? null : (
        <li>
          <span>{UNIT_TITLES[view.unit.member]}</span>
          <span class="number">
            {view.unit.index + 1} of {view.unit.total}
          </span>
        </li>
      )}
      {view.trainedAt === null ? null : (
        <li>
          <span>Members trained</span>
          <span>
            about <Time at={view.trainedAt} />
          </span>
        </li>
      )}
      <li>
        <span>Began</span>
        <span>
          <Age at={run.startedAt} now={view.now} /> ago, by <LogText text={run.startedBy} />
        </span>
      </li>
    </ul>
    <p>
      <LogText text={run.reason} />
    </p>
    {run.lastError === null ? null : (
      <p class="missing">
        Tried {plural(run.attempts, 'time')}, and tried again: <LogText text={run.lastError} />
      </p>
    )}
    <Losses losses={run.losses} />
    <RunData data={run.data} balance={run.balance} />
    {csrf === null ? null : (
      <form method="post" action="/models/stop" aria-label="Stop the run">
        <input type="hidden" name="csrf" value={csrf} />
        <button type="submit" class="quiet">
          Stop the run
        </button>
      </form>
    )}
  </>
)

/** The network's loss by epoch, as a line from the first to the last. */
export const Losses: FC<{ losses: readonly number[] }> = ({ losses }) => {
  if (losses.length < 2) return null
  const [most, least] = [Math.max(...losses), Math.min(...losses)]
  const points = losses.map((loss, i) => {
    const x = (100 * i) / (losses.length - 1)
    const y = most === least ? 15 : 28 - (26 * (loss - least)) / (most - least)
    return `${x.toFixed(1)},${y.toFixed(1)}`
  })
  return (
    <figure class="losses">
      <svg viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
        <polyline points={points.join(' ')} />
      </svg>
      <figcaption>
        Loss of the network: {losses[0]!.toFixed(3)} in epoch 1, {losses.at(-1)!.toFixed(3)} in epoch {losses.length}
      </figcaption>
    </figure>
  )
}

/** What a run learned from, and how its classes were balanced. */
export const RunData: FC<{ data: DataReport | null; balance: BalanceReport | null }> = ({ data, balance }) =>
  data === null ? null : (
    <details>
      <summary>
        {plural(data.used, 'sample')} of {plural(data.sources, 'source')}
      </summary>
      <ul>
        <li>
          By analysts {count(data.byTrust.analyst)}, by the council {count(data.byTrust.council)}, by the model itself{' '}
          {count(data.byTrust.weak)}
        </li>
        <li>
          Left out: {count(data.overShare)} beyond a source's share, {count(data.empty)} without a value
        </li>
        <li>
          {plural(data.rehearsal, 'window')} of the rehearsal set beside them; {count(data.parts.train)} to learn from,{' '}
          {count(data.parts.calibration)} to calibrate, {count(data.parts.validation)} to measure
        </li>
        {balance === null ? null : (
          <li>
            {balance.strategy === 'none' ? 'Balanced as they are' : `Balanced by ${balance.strategy}`}, most against
            least {balance.imbalance.toFixed(1)} to 1
          </li>
        )}
      </ul>
      {balance === null ? null : (
        <table class="list cards">
          <thead>
            <tr>
              <th scope="col">Class</th>
              <th scope="col" class="number">
                Samples
              </th>
              <th scope="col" class="number">
                Rows learned
              </th>
              <th scope="col" class="number">
                With synthetic
              </th>
            </tr>
          </thead>
          <tbody>
            {CLASSES.map(({ id, name }) => (
              <tr>
                <th scope="row">{name}</th>
                <td class="number" data-label="Samples">
                  {count(data.byClass[id]!)}
                </td>
                <td class="number" data-label="Rows learned">
                  {count(balance.before[id]!)}
                </td>
                <td class="number" data-label="With synthetic">
                  {count(balance.after[id]!)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  )
