import type { FC } from 'hono/jsx'
import type { SensorHealth } from '../../core/health.ts'
import type { Result } from '../../core/result.ts'
import type { EpochMs } from '../../core/time.ts'
import { count, duration } from '../format.ts'
import { NotKnown } from './figure.tsx'
import { LogText } from './log-text.tsx'
import { Age, Time } from './time.tsx'

export interface SensorLine {
  id: string
  name: string
  revokedAt: EpochMs | null
  health: Result<SensorHealth, string>
}

export const SensorTable: FC<{ sensors: SensorLine[]; now: EpochMs }> = ({ sensors, now }) =>
  sensors.length === 0 ? (
    <p class="empty">
      No sensor yet. <code>npm start</code> makes one and prints its key.
    </p>
  ) : (
    <div class="scroll">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Sensor</th>
            <th scope="col">State</th>
            <th scope="col">Last batch</th>
            <th scope="col">Newest event</th>
            <th scope="col" class="number">
              Last minute
            </th>
            <th scope="col" class="number">
              Accepted
            </th>
            <th scope="col" class="number">
              Duplicate
            </th>
            <th scope="col" class="number">
              Over its limit
            </th>
            <th scope="col" class="number">
              Rejected
            </th>
          </tr>
        </thead>
        <tbody>
          {sensors.map((sensor) => (
            <tr>
              <th scope="row">
                <LogText text={sensor.name} /> <small class="address">{sensor.id}</small>
              </th>
              <td>{stateOf(sensor, now)}</td>
              {sensor.health.ok ? (
                <Counts health={sensor.health.value} now={now} />
              ) : (
                <td colspan={7}>
                  <NotKnown why={sensor.health.error} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )

const Counts: FC<{ health: SensorHealth; now: EpochMs }> = ({ health, now }) => (
  <>
    <td>
      {health.lastBatchAt === null ? (
        <span class="absent">never</span>
      ) : (
        <>
          <Age at={health.lastBatchAt} now={now} /> ago
        </>
      )}
    </td>
    <td>
      <Moment at={health.lastEventTs} />
    </td>
    <td class="number">{count(health.eventsLastMinute)}</td>
    <td class="number">{count(health.accepted)}</td>
    <td class="number">{count(health.duplicates)}</td>
    <td class="number">{count(health.dropped)}</td>
    <td class="number">
      <Rejected health={health} />
    </td>
  </>
)

const Moment: FC<{ at: EpochMs | null }> = ({ at }) =>
  at === null ? <span class="absent">never</span> : <Time at={at} />

/** How many lines were rejected, and what was wrong with the newest. */
const Rejected: FC<{ health: SensorHealth }> = ({ health }) =>
  health.recentRejections.length === 0 ? (
    <span>{count(health.rejected)}</span>
  ) : (
    <details class="rejections">
      <summary>{count(health.rejected)}</summary>
      <ol>
        {health.recentRejections.map(({ at, reason }) => (
          <li>
            <Time at={at} /> <LogText text={reason} />
          </li>
        ))}
      </ol>
    </details>
  )

function stateOf({ revokedAt, health }: SensorLine, now: EpochMs): string {
  if (revokedAt !== null) return 'revoked'
  if (!health.ok) return ''
  const { lastBatchAt, eventsLastMinute } = health.value
  if (lastBatchAt === null) return 'has not sent yet'
  return eventsLastMinute > 0 ? 'sending' : `silent for ${duration(now - lastBatchAt)}`
}
