import type { FC } from 'hono/jsx'
import type { EpochMs } from '../../core/time.ts'
import { plural, utc } from '../format.ts'

export interface Hour {
  from: EpochMs
  to: EpochMs
  n: number
}

const HEIGHT = 64
const STEP = 12

/** Incidents by the hour they were created in, oldest first; each bar leads to its incidents. */
export const HourChart: FC<{ hours: Hour[] }> = ({ hours }) => {
  const most = Math.max(1, ...hours.map((hour) => hour.n))
  const width = hours.length * STEP
  return (
    <figure class="hours">
      <svg viewBox={`0 0 ${width} ${HEIGHT + 2}`} preserveAspectRatio="none">
        <title>Incidents by hour</title>
        <line class="axis" x1="0" x2={width} y1={HEIGHT + 1} y2={HEIGHT + 1} />
        {hours.map((hour, i) => {
          if (hour.n === 0) return null
          const height = Math.max(3, Math.round((hour.n / most) * HEIGHT))
          const label = `${plural(hour.n, 'incident')} from ${utc(hour.from).slice(11, 16)} to ${utc(hour.to).slice(11, 16)} UTC`
          return (
            <a href={`/incidents?status=all&from=${utc(hour.from)}&to=${utc(hour.to)}`} aria-label={label}>
              <title>{label}</title>
              <rect class="hit" x={i * STEP} y="0" width={STEP} height={HEIGHT} />
              <rect class="hour" x={i * STEP + 1} y={HEIGHT - height} width={STEP - 2} height={height} />
            </a>
          )
        })}
      </svg>
      <figcaption>
        <span>{hours.length} h ago</span>
        <span>most in an hour: {Math.max(0, ...hours.map((hour) => hour.n))}</span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
