import type { FC } from 'hono/jsx'
import type { Figure } from '../../core/live-figures.ts'
import { count } from '../format.ts'

/** A measured number that leads to what it counts, or the reason why there is none; `brief` keeps the reason in the title. */
export const FigureLink: FC<{ figure: Figure; href: string; brief?: boolean }> = ({ figure, href, brief }) =>
  figure.known ? (
    <a class="number" href={href}>
      {count(figure.value)}
    </a>
  ) : brief ? (
    <span class="absent" title={figure.why}>
      not known
    </span>
  ) : (
    <NotKnown why={figure.why} />
  )

export const NotKnown: FC<{ why: string }> = ({ why }) => (
  <span class="absent">
    not known <small>({why})</small>
  </span>
)
