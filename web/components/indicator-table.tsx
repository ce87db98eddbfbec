import type { FC } from 'hono/jsx'
import { type IncidentRow, strongestIndicators } from '../../core/incidents/view.ts'
import { measured, signed } from '../format.ts'
import { SignedBar } from './bars.tsx'

/** The ten features that moved the prediction most, with the usual value beside the window's. */
export const IndicatorTable: FC<{ incident: IncidentRow; definitions: ReadonlyMap<string, string> }> = ({
  incident,
  definitions,
}) => {
  const indicators = strongestIndicators(incident)
  if (indicators.length === 0) return <p class="absent">The prediction came without indicators.</p>
  const most = Math.max(...indicators.map((indicator) => Math.abs(indicator.contribution)))
  return (
    <>
      <div class="scroll">
        <table class="list indicators cards">
          <thead>
            <tr>
              <th scope="col">Indicator</th>
              <th scope="col" class="number">
                Here
              </th>
              <th scope="col" class="number">
                Usual
              </th>
              <th scope="col">Unit</th>
              <th scope="col">Speaks for {incident.threat_category}</th>
            </tr>
          </thead>
          <tbody>
            {indicators.map(({ feature, value, usual, unit, contribution }) => (
              <tr>
                <th scope="row">
                  {feature.replaceAll('_', ' ')}
                  {definitions.has(feature) ? <small>{definitions.get(feature)}</small> : null}
                </th>
                <td class="number" data-label="Here">
                  {value === null ? <span class="absent">absent</span> : measured(value)}
                </td>
                <td class="number" data-label="Usual">
                  {usual === null ? <span class="absent">absent</span> : measured(usual)}
                </td>
                <td data-label="Unit">{unit}</td>
                <td class="with-bar">
                  <SignedBar value={contribution} most={most} />
                  <span class="number">{signed(contribution)}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="hint">
        Usual is the median of ordinary windows. The last column is what the feature added to the probability along the
        paths of the trees; a minus speaks against the class.
      </p>
    </>
  )
}
