/** Questions that wait for a service at most: more would only grow old. */
export const MOST_WAITING = 2_000
/** Of no use to a window that closed long ago; a source that is still there is asked about again. */
export const WAITS_AT_MOST_MS = 3_600_000

/** A question that waits for its turn. */
export interface Waiting {
  address: string
  /** 0..1, of the window that asks. */
  suspicion: number
}

/**
 * Who waits when more ask than places are left: the least suspicious go, whether they waited or just came; of equals,
 * who waited stays.
 * @param free places that are left
 * @param least of those that wait the least suspicious, in that order; at least as many as `incoming`, or all
 * @returns those that come in, those that leave for them (addresses), and those that found no place
 */
export function admit(
  free: number,
  least: readonly Waiting[],
  incoming: readonly Waiting[],
): { admitted: Waiting[]; displaced: string[]; turnedAway: Waiting[] } {
  const bySuspicion = [...incoming].sort((a, b) => b.suspicion - a.suspicion)
  const admitted = bySuspicion.splice(0, Math.max(0, free))
  const displaced: string[] = []
  for (const waiting of least) {
    const next = bySuspicion[0]
    if (!next || !(next.suspicion > waiting.suspicion)) break
    displaced.push(waiting.address)
    admitted.push(next)
    bySuspicion.shift()
  }
  return { admitted, displaced, turnedAway: bySuspicion }
}
