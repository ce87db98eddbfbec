import type { FC } from 'hono/jsx'
import type { ClassLine } from '../../core/incidents/view.ts'
import { percent } from '../format.ts'
import { ShareBar } from './bars.tsx'

/** The seven probabilities with their thresholds, and what each member of the ensemble says by itself. */
export const ClassTable: FC<{ classes: ClassLine[]; modelAtHand: boolean; modelVersion: string }> = ({
  classes,
  modelAtHand,
  modelVersion,
}) => (
  <>
    <div class="scroll">
      <table class="list classes cards">
        <thead>
          <tr>
            <th scope="col">Class</th>
            <th scope="col">Calibrated probability</th>
            <th scope="col" class="number">
              Threshold
            </th>
            <th scope="col" class="number">
              Forest
            </th>
            <th scope="col" class="number">
              Boosting
            </th>
            <th scope="col" class="number">
              Network
            </th>
          </tr>
        </thead>
        <tbody>
          {classes.map((line) => (
            <tr class={line.decided ? 'decided' : undefined}>
              <th scope="row">
                {line.name}
                {line.decided ? <small> decided</small> : null}
              </th>
              <td class="with-bar">
                <ShareBar share={line.probability} threshold={line.threshold} decided={line.decided} />
                <span class="number">{percent(line.probability)}</span>
              </td>
              <td class="number" data-label="Threshold">
                {line.threshold === null ? <Unknown /> : percent(line.threshold)}
              </td>
              <td class="number" data-label="Forest">
                {line.forest === null ? <Unknown /> : percent(line.forest)}
              </td>
              <td class="number" data-label="Boosting">
                {line.boosting === null ? <Unknown /> : percent(line.boosting)}
              </td>
              <td class="number" data-label="Network">
                {line.network === null ? <Unknown /> : percent(line.network)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    {modelAtHand ? (
      <p class="hint">
        The tick on a bar is the class's threshold. Of the classes that reach theirs, the one furthest over it wins.
      </p>
    ) : (
      <p class="hint">
        Model {modelVersion} is not the one at hand, so its thresholds and usual values are not known here.
      </p>
    )}
  </>
)

const Unknown: FC = () => <span class="absent">not known</span>
