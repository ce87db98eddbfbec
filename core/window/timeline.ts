import type { EpochMs } from '../time.ts'

/** What a sensor remembers of one of its streams. */
export interface StreamState {
  timeline: string
  live: boolean
  newestTs: EpochMs
  jumps: number
}

const LIVE_WITHIN_MS = 300_000
const LIVE_OLDEST_MS = 3_600_000
const JUMP_BACK_MS = 3_600_000
/** Clocks of sources run ahead by no more; what claims more does not move time for the others. */
const AHEAD_MS = 120_000

/**
 * Which time line a batch belongs to. Live: its newest event is at most 5 minutes old and its oldest at most an hour.
 * All else is a replay, a time line of its own for each stream; one that goes back by over an hour begins anew. A named
 * stream stays what its first batch was, so that the end of a replayed day does not turn live.
 * @param firstJumps number of the first time line of an unknown stream: greater than any of a stream that was forgotten
 */
export function placeBatch(
  batch: { stream: string; newestTs: EpochMs; oldestTs: EpochMs; receivedAt: EpochMs },
  known: StreamState | undefined,
  firstJumps = 0,
): StreamState {
  const { stream, oldestTs, receivedAt } = batch
  const newestTs = Math.min(batch.newestTs, receivedAt + AHEAD_MS)
  const isNow = receivedAt - newestTs <= LIVE_WITHIN_MS && receivedAt - oldestTs <= LIVE_OLDEST_MS
  const live = known !== undefined && stream !== '' ? known.live : isNow
  if (live)
    return {
      timeline: 'live',
      live,
      newestTs: newer(known?.live ? known : undefined, newestTs),
      jumps: known?.jumps ?? firstJumps,
    }
  const back = known !== undefined && newestTs < known.newestTs - JUMP_BACK_MS
  const jumps = (known?.jumps ?? firstJumps) + (back ? 1 : 0)
  return {
    timeline: `${stream}#${jumps}`,
    live,
    newestTs: newer(back || known?.live ? undefined : known, newestTs),
    jumps,
  }
}

const newer = (known: StreamState | undefined, ts: EpochMs): EpochMs => Math.max(ts, known?.newestTs ?? ts)
