import type { RuleHit } from './evaluate.ts'

/** Events that a hit names: its first, its last and some between. */
const MOST_NAMED = 12

/** Indexes of at most `most` of the hit's events, spread evenly, the first and the last among them. */
export function representative({ events }: Pick<RuleHit, 'events'>, most = MOST_NAMED): number[] {
  if (events.length <= most) return events
  return Array.from({ length: most }, (_, i) => events[Math.round((i * (events.length - 1)) / (most - 1))]!)
}
