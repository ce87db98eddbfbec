import { writeIncidents } from '../../adapters/d1/incident-writer.ts'
import type { EvidenceRow } from '../../core/incidents/messages.ts'
import type { IncidentRow } from '../../core/incidents/record.ts'
import { Outbox } from '../outbox.ts'
import type { CampaignStore } from './campaign-store.ts'

export type CampaignMessage =
  | { tag: 'incident'; row: IncidentRow }
  /** Those that changed since they were told last, as they stand at the time of telling. */
  | { tag: 'sources'; key: string }
  | { tag: 'evidence'; rows: EvidenceRow[] }

const MESSAGES = 50
const SOURCES = 2_000

/** Carries a sensor's outbox (its campaigns) to D1. */
export class CampaignDeliveries {
  readonly outbox: Outbox<CampaignMessage>
  readonly #storage: DurableObjectStorage
  readonly #db: D1Database
  readonly #campaigns: CampaignStore

  constructor(storage: DurableObjectStorage, db: D1Database, owner: string, campaigns: CampaignStore) {
    this.outbox = new Outbox(storage.sql, owner)
    this.#storage = storage
    this.#db = db
    this.#campaigns = campaigns
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
          sources: [],
          evidence: messages.flatMap((message) => (message.tag === 'evidence' ? message.rows : [])),
          background: [],
        },
        now,
      )
      for (const message of messages) if (message.tag === 'sources') await this.#tellSources(message.key, now)
      this.#storage.transactionSync(() => {
        for (const entries of topics) this.outbox.told(entries)
      })
    }
  }

  /** Written twice they are the same, so the mark may follow after. */
  async #tellSources(key: string, now: number): Promise<void> {
    for (;;) {
      const { rows, upTo } = this.#campaigns.changedSources(key, SOURCES)
      if (rows.length === 0) return
      await writeIncidents(this.#db, { incidents: [], evidence: [], sources: rows, background: [] }, now)
      this.#campaigns.noteSourcesTold(key, upTo)
    }
  }
}
