import type { FC } from 'hono/jsx'

/** A share 0..1 as a bar, with a tick at the threshold where there is one. The number stands beside it. */
export const ShareBar: FC<{ share: number; threshold?: number | null; decided?: boolean }> = ({
  share,
  threshold,
  decided,
}) => (
  <svg class={decided ? 'bar decided' : 'bar'} viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" x="0" y="2" width="100" height="6" />
    <rect class="fill" x="0" y="2" width={coordinate(share * 100)} height="6" />
    {threshold === null || threshold === undefined ? null : (
      <line class="threshold" x1={coordinate(threshold * 100)} x2={coordinate(threshold * 100)} y1="0" y2="10" />
    )}
  </svg>
)

/** A signed contribution as a bar from the middle: right speaks for the class, left against it. `most` is the longest bar's. */
export const SignedBar: FC<{ value: number; most: number }> = ({ value, most }) => {
  const length = most > 0 ? (Math.abs(value) / most) * 50 : 0
  return (
    <svg class="bar signed" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="2" width="100" height="6" />
      <rect
        class={value < 0 ? 'against' : 'fill'}
        x={coordinate(value < 0 ? 50 - length : 50)}
        y="2"
        width={coordinate(length)}
        height="6"
      />
      <line class="middle" x1="50" x2="50" y1="0" y2="10" />
    </svg>
  )
}

const coordinate = (x: number): string => String(Math.round(Math.min(100, Math.max(0, x)) * 10) / 10)
