import { err, ok, type Result } from '../result.ts'
import type { EpochMs } from '../time.ts'
import type { CanonicalEvent } from './event.ts'

/** Longest text of one field, in UTF-16 units; what is over is cut, and the original line keeps it whole. */
export const MAX_TEXT = 4096
/** An identity that was cut could name two events, so a longer one is refused. */
export const MAX_EVENT_ID = 256
export const MAX_EVENT_TYPE = 100
/** Levels of a JSON value: an object in an object is 2. */
export const MAX_JSON_DEPTH = 32

/** Sensors report what has been logged: nothing before 2000, nothing more than a day ahead of its arrival. */
export const EARLIEST_TS: EpochMs = Date.UTC(2000, 0, 1)
export const MAX_AHEAD_MS = 24 * 60 * 60 * 1000

/** The text, cut to MAX_TEXT without splitting a surrogate pair. */
export function boundText(text: string): string {
  if (text.length <= MAX_TEXT) return text
  const last = text.charCodeAt(MAX_TEXT - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? MAX_TEXT - 1 : MAX_TEXT)
}

/**
 * Refuses an event whose time cannot be right. For ingest only: some captures that are evaluated offline have times
 * relative to 1970.
 */
export function refuseOutOfRange(event: CanonicalEvent, receivedAt: EpochMs): Result<CanonicalEvent, string> {
  if (event.ts < EARLIEST_TS) return err(`event time ${iso(event.ts)} is before ${iso(EARLIEST_TS)}`)
  if (event.ts > receivedAt + MAX_AHEAD_MS) {
    return err(`event time ${iso(event.ts)} is more than 24 hours after its arrival at ${iso(receivedAt)}`)
  }
  return ok(event)
}

const iso = (ts: EpochMs): string => new Date(ts).toISOString()
