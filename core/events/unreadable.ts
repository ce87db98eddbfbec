import { err } from '../result.ts'
import type { FormatName, UnreadableLine } from './event.ts'

export const unreadable = (format: FormatName | null, why: string): { ok: false; error: UnreadableLine } =>
  err({ tag: 'unreadable-line', format, why })

/** A part of a line for a reason: at most 60 characters, quoted, control characters escaped. */
export const excerpt = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text)
