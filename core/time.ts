/** Milliseconds since 1970-01-01T00:00:00Z; may carry a fraction (sources log microseconds). */
export type EpochMs = number

/** Where code asks for the present time. Tests hand in their own. */
export type Clock = () => EpochMs
