/**
 * An index outside that finds vectors near another, by slot. It may miss some and may know an older vector of a slot:
 * whoever asks compares the vectors itself.
 */
export interface VectorIndex {
  /** The slots that it finds nearest, at most `most` (100 at most); rejects when it does not answer. */
  nearest(space: string, unit: Float32Array, most: number): Promise<number[]>
  /** At most 1,000; one that is there is replaced. Found only some seconds later. */
  put(space: string, entries: readonly { slot: number; unit: Float32Array }[]): Promise<void>
}
