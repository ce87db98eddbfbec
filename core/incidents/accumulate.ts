import { CLASS_COUNT } from '../taxonomy.ts'
import { PANE_MS } from '../window/pane-times.ts'

/**
 * Evidence that adds up over windows: per class a decayed sum of log-likelihood ratios against Normal, after Wald's
 * sequential probability ratio test (1945). A window's ratio counts only by the share of its events that are new, so
 * that overlapping windows do not tell the same event twice.
 */
export interface Accumulated {
  /** By class id; entry 0 stays 0. */
  ratios: number[]
  /** Pane up to which the sums stand. */
  pane: number
}

/** One window can say at most this much (natural log): no single odd window decides. */
const MOST_PER_WINDOW = 4
const MEMORY_PANES = 3_600_000 / PANE_MS

/** Wald's upper bound for 1 false alarm in 1,000 and 5 misses in 100: ln((1 − 0.05) / 0.001). */
export const OPENS_AT = Math.log((1 - 0.05) / 0.001)
/** A window that says "investigate" opens when all evidence together makes an attack ten times likelier than not. */
export const SUPPORTS_AT = Math.log(10)

export const noEvidence = (): Accumulated => ({
  ratios: new Array<number>(CLASS_COUNT).fill(0),
  pane: Number.NEGATIVE_INFINITY,
})

/**
 * The evidence after one more judged window.
 * @param probabilities calibrated, by class
 * @param newShare share of the window's events not judged before, 0..1
 */
export function accumulate(
  { ratios, pane }: Accumulated,
  at: number,
  probabilities: ArrayLike<number>,
  newShare: number,
): Accumulated {
  const weight = pane === Number.NEGATIVE_INFINITY ? 0 : Math.exp(-Math.max(0, at - pane) / MEMORY_PANES)
  const next = ratios.map((sum, id) => {
    if (id === 0) return 0
    const ratio = Math.log((probabilities[id]! + 1e-6) / (probabilities[0]! + 1e-6))
    const bounded = Math.max(-MOST_PER_WINDOW, Math.min(MOST_PER_WINDOW, ratio))
    // The sum rests at 0: long innocence must not be a credit that a later attack has to use up.
    return Math.max(0, sum * weight + bounded * newShare)
  })
  return { ratios: next, pane: Math.max(at, pane) }
}
