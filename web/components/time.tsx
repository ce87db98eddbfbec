import type { FC } from 'hono/jsx'
import type { EpochMs } from '../../core/time.ts'
import { duration, utc, utcText } from '../format.ts'

/** A moment. The static script shows it in the viewer's zone; without JavaScript it stays UTC. UTC is always in the title. */
export const Time: FC<{ at: EpochMs }> = ({ at }) => (
  <time datetime={utc(at)} title={utcText(at)}>
    {utcText(at)}
  </time>
)

/** How long ago, as of the moment the page was made. */
export const Age: FC<{ at: EpochMs; now: EpochMs }> = ({ at, now }) => (
  <time datetime={utc(at)} title={utcText(at)} data-as="age">
    {duration(now - at)}
  </time>
)
