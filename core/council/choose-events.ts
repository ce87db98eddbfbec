import type { PackEvent } from './evidence-pack.ts'
import type { SliceRequest } from './verifier.ts'

/** Events of a pack, and how many more the judge gets when it asks. */
export const EVENTS_SHOWN = 40

/**
 * Chooses events that represent all: the first and the last, the first and last of each kind (type and outcome, rarest
 * kinds first), then evenly over the rest in time. Depends on the events only, not on their order.
 * @returns at most `most`, in order of event time
 */
export function chooseEvents(events: readonly PackEvent[], most = EVENTS_SHOWN): PackEvent[] {
  const inTime = [...events].sort((a, b) => a.ts - b.ts || a.n - b.n)
  const chosen = new Set<PackEvent>()
  const take = (event: PackEvent | undefined) => {
    if (event && chosen.size < most) chosen.add(event)
  }
  take(inTime[0])
  take(inTime.at(-1))
  const kinds = new Map<string, PackEvent[]>()
  for (const event of inTime) {
    const kind = kindOf(event)
    const alike = kinds.get(kind)
    if (alike) alike.push(event)
    else kinds.set(kind, [event])
  }
  const rarestFirst = [...kinds].sort(([a, x], [b, y]) => x.length - y.length || (a < b ? -1 : 1))
  for (const [, alike] of rarestFirst) take(alike[0])
  for (const [, alike] of rarestFirst) take(alike.at(-1))
  const rest = inTime.filter((event) => !chosen.has(event))
  const left = Math.min(most - chosen.size, rest.length)
  for (let i = 0; i < left; i++) take(rest[Math.floor(((i + 0.5) * rest.length) / left)])
  return inTime.filter((event) => chosen.has(event))
}

/** The slice that a judge asked for: what it has not seen yet, chosen in the same way. */
export function sliceOf(
  events: readonly PackEvent[],
  shown: readonly PackEvent[],
  { eventType, from, to }: SliceRequest,
): PackEvent[] {
  const seen = new Set(shown.map(({ n }) => n))
  return chooseEvents(
    events.filter(
      ({ n, ts, event }) =>
        !seen.has(n) &&
        (eventType === null || event.event_type === eventType) &&
        (from === null || ts >= from) &&
        (to === null || ts <= to),
    ),
  )
}

const kindOf = ({ event }: PackEvent): string =>
  event.http
    ? `${event.event_type} ${Math.floor((event.http.status ?? 0) / 100)}`
    : `${event.event_type} ${event.tcp_state ?? ''}`
