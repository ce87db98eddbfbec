import { writeIncidents } from '../../adapters/d1/incident-writer.ts'
import { writeRuleIndicators } from '../../adapters/d1/rule-indicators.ts'
import type { Indicator } from '../../core/ensemble/prediction.ts'
import { matchedFields } from '../../core/incidents/matched-fields.ts'
import { EVIDENCE_KEPT, type EvidenceRow } from '../../core/incidents/messages.ts'
import type { IncidentRow } from '../../core/incidents/record.ts'
import { shippedRules } from '../../core/rules/shipped.ts'
import { type CouncilMessage, type CouncilNamespace, tellCouncil } from '../council/hand-over.ts'
import { Outbox } from '../outbox.ts'
import type { CampaignEvidence } from './campaign-evidence.ts'
import type { CampaignStore } from './campaign-store.ts'

export type CampaignMessage =
  | { tag: 'incident'; row: IncidentRow }
  /** Those that changed since they were told last, as they stand at the time of telling. */
  | { tag: 'sources'; key: string }
  | { tag: 'evidence'; key: string; indicators: Indicator[] }
  | CouncilMessage

const MESSAGES = 50
const SOURCES = 2_000
/** Original lines in one write: a line may hold a megabyte, and an object has 128 MB in all. */
const ORIGINAL_CHARACTERS = 4_000_000

/** Carries a sensor's outbox (its campaigns) to D1, and to the council what is to be verified. */
export class CampaignDeliveries {
  readonly outbox: Outbox<CampaignMessage>
  readonly #storage: DurableObjectStorage
  readonly #db: D1Database
  readonly #sensor: string
  readonly #campaigns: CampaignStore
  readonly #evidence: CampaignEvidence
  readonly #council: CouncilNamespace | undefined

  constructor(
    storage: DurableObjectStorage,
    db: D1Database,
    sensor: string,
    campaigns: CampaignStore,
    evidence: CampaignEvidence,
    council: CouncilNamespace | undefined,
  ) {
    this.outbox = new Outbox(storage.sql, `sensor ${sensor}`)
    this.#storage = storage
    this.#db = db
    this.#sensor = sensor
    this.#campaigns = campaigns
    this.#evidence = evidence
    this.#council = council
  }

  /** Tells what waits, oldest first. Rejects with what D1 rejected; the rest stays. */
  async deliver(now: number): Promise<void> {
    await this.#tellDatabase(now)
    await tellCouncil(this.outbox, this.#storage, this.#council)
  }

  async #tellDatabase(now: number): Promise<void> {
    for (;;) {
      const topics = [this.outbox.next('incident', MESSAGES), this.outbox.next('parts', MESSAGES)]
      const messages = topics.flat().map(({ message }) => message)
      if (messages.length === 0) return
      const cited = messages.flatMap((message) => (message.tag === 'evidence' ? [message.key] : []))
      // A row that was replaced waits behind others; what its evidence leads to is written to it.
      const rows = [...messages, ...this.outbox.waiting(cited)]
      await writeIncidents(
        this.#db,
        { incidents: rows.flatMap((message) => (message.tag === 'incident' ? [message.row] : [])) },
        now,
      )
      for (const message of messages) {
        if (message.tag === 'sources') await this.#tellSources(message.key, now)
        if (message.tag === 'evidence') await this.#tellEvidence(message, now)
      }
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
      await writeIncidents(this.#db, { sources: rows }, now)
      this.#campaigns.noteSourcesTold(key, upTo)
    }
  }

  /** A number is written once, so the mark may follow after. */
  async #tellEvidence({ key, indicators }: Extract<CampaignMessage, { tag: 'evidence' }>, now: number): Promise<void> {
    for (;;) {
      const untold = this.#evidence.untold(key, ORIGINAL_CHARACTERS)
      const last = untold.at(-1)
      if (!last) return
      const evidence = untold.map(
        ({ n, stream, format, event, original }): EvidenceRow => ({
          incident_key: key,
          n,
          ts: event.ts,
          sensor: this.#sensor,
          stream,
          format,
          event,
          original,
          matched: matchedFields(event, indicators),
        }),
      )
      await writeIncidents(this.#db, { evidence }, now)
      const looked = lookedAt(last.n)
      if (looked > lookedAt(untold[0]!.n - 1))
        await writeRuleIndicators(this.#db, [{ key, upTo: looked }], shippedRules())
      this.#evidence.noteTold(key, last.n)
    }
  }
}

/**
 * How many of a campaign's events the rules look at when it keeps `kept`: as it grows by a source at a time, again only each
 * time that it has grown by half. Depends on the number alone, so that batches change nothing.
 */
export function lookedAt(kept: number): number {
  if (kept >= EVIDENCE_KEPT) return EVIDENCE_KEPT
  let step = 0
  for (let next = 1; next <= kept; next = Math.ceil(next * 1.5)) step = next
  return step
}
