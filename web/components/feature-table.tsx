import type { FC } from 'hono/jsx'
import type { FeatureLine } from '../../core/incidents/view.ts'
import { measured, signed } from '../format.ts'

export const FeatureTable: FC<{ features: FeatureLine[] }> = ({ features }) => (
  <>
    {features.some(({ name }) => name === null) ? (
      <p class="absent">
        These values were computed with another feature schema than this Picket has, so their names are not known.
      </p>
    ) : null}
    <div class="scroll">
      <table class="list features">
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col">Group</th>
            <th scope="col" class="number">
              Here
            </th>
            <th scope="col" class="number">
              Usual
            </th>
            <th scope="col">Unit</th>
            <th scope="col" class="number">
              Contribution
            </th>
          </tr>
        </thead>
        <tbody>
          {features.map((feature, i) => (
            <tr>
              <th scope="row" title={feature.definition ?? undefined}>
                {feature.name?.replaceAll('_', ' ') ?? `number ${i + 1}`}
              </th>
              <td>{feature.group ?? ''}</td>
              <td class="number">
                {feature.value === null ? <span class="absent">absent</span> : measured(feature.value)}
              </td>
              <td class="number">{feature.usual === null ? '' : measured(feature.usual)}</td>
              <td>{feature.unit ?? ''}</td>
              <td class="number">
                {feature.contribution === null || feature.contribution === 0 ? '' : signed(feature.contribution)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </>
)
