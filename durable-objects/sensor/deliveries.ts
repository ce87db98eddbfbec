import { writeIncidents } from '../../adapters/d1/incident-writer.ts'
import type { CampaignSourceRow, EvidenceRow } from '../../core/incidents/messages.ts'
import type { IncidentRow } from '../../core/incidents/record.ts'
import { Outbox } from '../outbox.ts'

export type CampaignMessage =
  | { tag: 'incident'; row: IncidentRow }
  | { tag: 'sources'; rows: CampaignSourceRow[] }
  | { tag: 'evidence'; rows: EvidenceRow[] }

const MESSAGES = 50

/** Carries a sensor's outbox (its campaigns) to D1. */
export class CampaignDeliveries {
  readonly outbox: Outbox<CampaignMessage>
  readonly #storage: DurableObjectStorage
  readonly #db: D1Database

  constructor(storage: DurableObjectStorage, db: D1Database, owner: string) {
    this.outbox = new Outbox(storage.sql, owner)
    this.#storage = storage
    this.#db = db
  }

  /** Tells what waits, oldest first. Rejects with what D1 rejected; the rest stays. */
  async deliver(now: number): Promise<void> {
    while (this.outbox.pending > 0) {
      const topics = [this.outbox.next('incident', MESSAGES), this.outbox.next('parts', MESSAGES)]
      const messages = topics.flat().map(({ message }) => message)
      await writeIncidents(
        this.#db,
        {
          incidents: messages.flatMap((message) => (message.tag === 'incident' ? [message.row] : [])),
          sources: messages.flatMap((message) => (message.tag === 'sources' ? message.rows : [])),
          evidence: messages.flatMap((message) => (message.tag === 'evidence' ? message.rows : [])),
          background: [],
        },
        now,
      )
      this.#storage.transactionSync(() => {
        for (const entries of topics) this.outbox.told(entries)
      })
    }
  }
}
