import type { FC } from 'hono/jsx'
import { visiblePieces } from '../../core/incidents/visible-text.ts'

/** Text from outside: everything in it can be seen, and the places that hold one of `values` are marked. */
export const LogText: FC<{ text: string; values?: readonly string[] }> = ({ text, values }) => (
  <>
    {visiblePieces(text, values).map(({ text, kind }) => {
      if (kind === 'marked') return <mark>{text}</mark>
      if (kind === 'hidden-character') return <span class="hidden-character">{text}</span>
      return text
    })}
  </>
)
