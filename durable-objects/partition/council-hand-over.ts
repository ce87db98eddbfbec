import type { IncidentRow } from '../../core/incidents/record.ts'
import type { OpenIncident } from '../../core/incidents/standing.ts'
import { type CouncilPort, councilName } from '../names.ts'
import type { Outbox } from '../outbox.ts'
import type { Message } from './deliveries.ts'

export const COUNCIL_TOPIC = 'council'
/** Cases opened side by side. */
const CASES = 20
/** An incident that has grown so many times since it was handed over is handed over again. */
const GROWN = 10

export interface CouncilNamespace {
  getByName(name: string): CouncilPort
}

/** The message that hands an incident over when it is to be verified; null when it is not, or was not long ago. */
export function handOverOf(open: OpenIncident, row: IncidentRow): Extract<Message, { tag: 'council' }> | null {
  if (row.route === 'TRUST') return null
  const before = open.handedOver ?? 0
  if (before > 0 && open.events < GROWN * before) return null
  open.handedOver = open.events
  return { tag: 'council', key: open.key, events: open.events }
}

/** Opens the cases that wait. Opened twice a case is one; rejects, and tries again later, when one cannot be opened. */
export async function tellCouncil(
  outbox: Outbox<Message>,
  storage: DurableObjectStorage,
  council: CouncilNamespace | undefined,
  isOver: () => boolean,
): Promise<void> {
  // When time is up the database may not have been told of all incidents.
  while (!isOver()) {
    const entries = outbox.next(COUNCIL_TOPIC, CASES)
    if (entries.length === 0) return
    if (council)
      await Promise.all(
        entries.map(({ message }) =>
          message.tag === 'council'
            ? council.getByName(councilName(message.key)).open(message.key, message.events)
            : null,
        ),
      )
    storage.transactionSync(() => outbox.told(entries))
  }
}
