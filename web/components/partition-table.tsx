import type { FC } from 'hono/jsx'
import type { PartitionHealth } from '../../core/health.ts'
import type { Reading } from '../../core/live-figures.ts'
import { count } from '../format.ts'
import { NotKnown } from './figure.tsx'

/** An edge has thousands of partitions; those that do not answer come first. */
const MOST_SHOWN = 16

/** What the judging figures are made of. */
export const PartitionTable: FC<{ partitions: Reading<PartitionHealth>[] }> = ({ partitions }) => (
  <>
    <Partitions
      partitions={[...partitions].sort((a, b) => Number(a.health.ok) - Number(b.health.ok)).slice(0, MOST_SHOWN)}
    />
    {partitions.length > MOST_SHOWN ? (
      <p class="hint">
        {MOST_SHOWN} of {count(partitions.length)} are shown; the figures above count all.
      </p>
    ) : null}
  </>
)

const Partitions: FC<{ partitions: Reading<PartitionHealth>[] }> = ({ partitions }) => (
  <div class="scroll">
    <table class="list">
      <thead>
        <tr>
          <th scope="col">Partition</th>
          {COLUMNS.map(({ title }) => (
            <th scope="col" class="number">
              {title}
            </th>
          ))}
          <th scope="col">Model</th>
        </tr>
      </thead>
      <tbody>
        {partitions.map(({ name, health }) => (
          <tr>
            <th scope="row">{name}</th>
            {health.ok ? (
              <>
                {COLUMNS.map(({ of }) => (
                  <td class="number">{count(of(health.value))}</td>
                ))}
                <td>{health.value.modelError ?? health.value.modelVersion ?? 'not loaded yet'}</td>
              </>
            ) : (
              <td colspan={COLUMNS.length + 1}>
                <NotKnown why={health.error} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

const COLUMNS: { title: string; of: (health: PartitionHealth) => number }[] = [
  { title: 'Live sources', of: (health) => health.liveSources },
  { title: 'Events', of: (health) => health.eventsAccepted },
  { title: 'Not judged', of: (health) => health.eventsUnjudged },
  { title: 'Late', of: (health) => health.eventsLate },
  { title: 'Windows', of: (health) => health.windowsJudged },
  { title: 'TRUST', of: (health) => health.routes.TRUST },
  { title: 'VERIFY', of: (health) => health.routes.VERIFY },
  { title: 'INVESTIGATE', of: (health) => health.routes.INVESTIGATE },
  { title: 'Sources let go', of: (health) => health.sourcesEvicted },
  { title: 'Waiting for D1', of: (health) => health.outboxPending },
]
