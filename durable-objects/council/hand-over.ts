import { handsOver } from '../../core/council/hand-over.ts'
import type { IncidentRow } from '../../core/incidents/record.ts'
import type { OpenIncident } from '../../core/incidents/standing.ts'
import { type CouncilPort, councilName } from '../names.ts'
import type { OutboxEntry } from '../outbox.ts'

export const COUNCIL_TOPIC = 'council'
/** Cases opened side by side. */
const CASES = 20

/** An incident that a verifier is to look at, with its events by now. */
export interface CouncilMessage {
  tag: 'council'
  key: string
  events: number
}

export interface CouncilNamespace {
  getByName(name: string): CouncilPort
}

/** What of an outbox is needed here, whatever else it holds. */
interface CouncilOutbox {
  next(topic: string, most: number): OutboxEntry<{ tag: string } | CouncilMessage>[]
  told(entries: readonly OutboxEntry<{ tag: string } | CouncilMessage>[]): void
}

/** The message that hands an incident over when it is to be verified; null when it is not, or was not long ago. */
export const handOverOf = (open: OpenIncident, row: IncidentRow): CouncilMessage | null =>
  handsOver(open, row) ? { tag: 'council', key: open.key, events: open.events } : null

/**
 * The same for a campaign, whose growth is not remembered: it is handed over at its 1st, 2nd, 4th, … writing, and the
 * council itself knows whether it has grown enough.
 */
export function campaignHandOver(row: IncidentRow): CouncilMessage | null {
  const isPowerOfTwo = (row.revision & (row.revision - 1)) === 0
  if (row.route === 'TRUST' || !isPowerOfTwo) return null
  return { tag: 'council', key: row.incident_key, events: row.events_count }
}

/**
 * Opens the cases that wait, after the database has been told of their incidents. Opened twice a case is one; rejects, and
 * tries again later, when one cannot be opened.
 */
export async function tellCouncil(
  outbox: CouncilOutbox,
  storage: DurableObjectStorage,
  council: CouncilNamespace | undefined,
  isOver: () => boolean = () => false,
): Promise<void> {
  // When time is up the database may not have been told of all incidents.
  while (!isOver()) {
    const entries = outbox.next(COUNCIL_TOPIC, CASES)
    if (entries.length === 0) return
    if (council)
      await Promise.all(
        entries.map(({ message }) =>
          'events' in message ? council.getByName(councilName(message.key)).open(message.key, message.events) : null,
        ),
      )
    storage.transactionSync(() => outbox.told(entries))
  }
}
