import type { FC } from 'hono/jsx'
import { type FeatureGroup, type FeatureLine, featureGroups } from '../../core/incidents/view.ts'
import { measured, signed } from '../format.ts'
import { SignedBar } from './bars.tsx'

/** All features of the window that decided, by group; the groups that moved the prediction most stand open. */
export const FeatureTable: FC<{ features: FeatureLine[] }> = ({ features }) => {
  const groups = featureGroups(features)
  const most = Math.max(0, ...features.map(({ contribution }) => Math.abs(contribution ?? 0)))
  const open = new Set([...groups].sort((a, b) => b.weight - a.weight).slice(0, 3))
  return (
    <>
      {features.some(({ name }) => name === null) ? (
        <p class="absent">
          These values were computed with another feature schema than this Picket has, so their names are not known.
        </p>
      ) : (
        <p class="hint">
          Usual is the range of nine in ten ordinary windows and their median, where the incident’s model is at hand; a
          value outside it is marked. The contribution is what the feature added to the probability along the paths of
          the trees; a minus speaks against the class.
        </p>
      )}
      {groups.map((group) => (
        <Group group={group} most={most} isOpen={open.has(group) && group.weight > 0} />
      ))}
    </>
  )
}

const Group: FC<{ group: FeatureGroup; most: number; isOpen: boolean }> = ({ group, most, isOpen }) => (
  <details class="feature-group" open={isOpen}>
    <summary>
      <b>{group.name}</b>{' '}
      <span class="hint">
        {group.present} of {group.lines.length} present
        {group.weight > 0 ? `, contribution ${signed(group.contribution)}` : null}
      </span>
    </summary>
    <div class="scroll">
      <table class="list features cards">
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col" class="number">
              Here
            </th>
            <th scope="col">Unit</th>
            <th scope="col" class="number">
              Usual
            </th>
            <th scope="col">Contribution</th>
          </tr>
        </thead>
        <tbody>
          {group.lines.map((line) => (
            <Line line={line} most={most} />
          ))}
        </tbody>
      </table>
    </div>
  </details>
)

const Line: FC<{ line: FeatureLine; most: number }> = ({ line, most }) => {
  const { name, n, definition, value, unit, contribution, isUnusual } = line
  return (
    <tr class={isUnusual ? 'unusual' : undefined}>
      <th scope="row">
        {name?.replaceAll('_', ' ') ?? `number ${n}`}
        {definition === null ? null : <small>{definition}</small>}
      </th>
      <td class="number here" data-label="Here">
        {value === null ? (
          <span class="absent">absent{line.absent === null ? null : <small>{line.absent}</small>}</span>
        ) : (
          <>
            {measured(value)}
            {isUnusual ? <small class="mark-unusual">unusual</small> : null}
          </>
        )}
      </td>
      <td data-label="Unit">{unit ?? <span class="absent">not known</span>}</td>
      <td class="number" data-label="Usual">
        <Usual line={line} />
      </td>
      <td class="with-bar" data-label="Contribution">
        {contribution === null ? (
          <span class="absent">not known</span>
        ) : Math.abs(contribution) < 0.0005 ? (
          <span class="hint">{contribution === 0 ? 'none' : 'under ±0.001'}</span>
        ) : (
          <>
            <SignedBar value={contribution} most={most} />
            <span class="number">{signed(contribution)}</span>
          </>
        )}
      </td>
    </tr>
  )
}

const Usual: FC<{ line: FeatureLine }> = ({ line: { usual, usualRange, isUsualKnown } }) => {
  if (!isUsualKnown) return <span class="absent">not known</span>
  if (usual === null) return <span class="absent">always absent</span>
  if (usualRange === null || usualRange[0] === usualRange[1]) return <span>{measured(usual)}</span>
  return (
    <span>
      {measured(usualRange[0])} to {measured(usualRange[1])}
      <small>median {measured(usual)}</small>
    </span>
  )
}
