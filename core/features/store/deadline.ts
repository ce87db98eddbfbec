/** Ends a wait: aborts its signal when the time is over; `over` is to be called when the wait has ended. */
export interface Deadline {
  signal: AbortSignal
  over(): void
}

/** Where deadlines come from; tests hand in one that they fire by hand. */
export type DeadlineAfter = (ms: number) => Deadline
