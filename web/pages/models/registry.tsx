import type { FC } from 'hono/jsx'
import type { GateCheck } from '../../../core/learning/retraining/gate.ts'
import { Time } from '../../components/time.tsx'
import { plural } from '../../format.ts'
import type { ModelsView } from './view.ts'

type Model = ModelsView['models'][number]

/** The model that serves, and every one that was trained, with what the gate found. */
export const Registry: FC<{ view: ModelsView }> = ({ view }) => (
  <section class="card" aria-labelledby="registry">
    <h2 id="registry">Models</h2>
    {view.shipped === null ? (
      <p class="missing">This worker was built without a model.</p>
    ) : (
      <div class="standing">
        <p>
          <b class="serving">{view.shipped.version}</b> <span class="status status-new">serves</span>
        </p>
        <p class="hint">It ships with Picket: {view.shipped.created_from}.</p>
      </div>
    )}
    {view.models.length === 0 ? (
      <p class="empty">No model has been trained here yet.</p>
    ) : (
      view.models.map((model) => <TrainedModel model={model} />)
    )}
    <p class="hint">A model that passed is kept; that it takes the serving one's place comes with a later version.</p>
  </section>
)

const TrainedModel: FC<{ model: Model }> = ({ model }) => {
  const failed = model.checks.filter(({ passed }) => !passed)
  return (
    <article class="model">
      <h3>
        <span class="serving">{model.version}</span> <span class="status">{model.state}</span>{' '}
        <small>
          <Time at={model.created_at} />
        </small>
      </h3>
      <p class="hint">
        From {model.manifest.created_from}; held against {model.parent ?? 'no model'}.
      </p>
      {failed.length === 0 ? (
        <p>It passed all {model.checks.length} checks.</p>
      ) : (
        <>
          <p>It did not pass {plural(failed.length, 'check')}:</p>
          <ul>
            {failed.map(({ name, why }) => (
              <li>
                <b>{name}</b>: {why}
              </li>
            ))}
          </ul>
        </>
      )}
      <details>
        <summary>All checks</summary>
        <Checks checks={model.checks} />
      </details>
    </article>
  )
}

const Checks: FC<{ checks: readonly GateCheck[] }> = ({ checks }) => (
  <table class="list cards">
    <thead>
      <tr>
        <th scope="col">Check</th>
        <th scope="col" class="number">
          Serving model
        </th>
        <th scope="col" class="number">
          This one
        </th>
        <th scope="col">Passed</th>
        <th scope="col">What it says</th>
      </tr>
    </thead>
    <tbody>
      {checks.map(({ name, serving, candidate, passed, why }) => (
        <tr>
          <th scope="row">{name}</th>
          <td class="number" data-label="Serving model">
            {figure(serving)}
          </td>
          <td class="number" data-label="This one">
            {figure(candidate)}
          </td>
          <td data-label="Passed">{passed ? 'yes' : <b>no</b>}</td>
          <td class="line">{why}</td>
        </tr>
      ))}
    </tbody>
  </table>
)

const figure = (value: number | null) => (value === null ? <span class="absent">none</span> : value.toFixed(3))
