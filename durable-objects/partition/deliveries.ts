import { writeIncidents } from '../../adapters/d1/incident-writer.ts'
import type { Indicator } from '../../core/ensemble/prediction.ts'
import type { SampledEvent } from '../../core/incidents/evidence-sample.ts'
import { matchedFields } from '../../core/incidents/matched-fields.ts'
import type { BackgroundRow, EvidenceRow } from '../../core/incidents/messages.ts'
import type { IncidentRow } from '../../core/incidents/record.ts'
import type { SensorPort, ThinWindow } from '../names.ts'
import { Outbox, type OutboxEntry } from '../outbox.ts'
import type { Journal } from './journal.ts'

export type Message =
  | { tag: 'incident'; row: IncidentRow }
  | { tag: 'evidence'; key: string; first: number; places: SampledEvent[]; indicators: Indicator[] }
  | { tag: 'background'; rows: BackgroundRow[] }
  | { tag: 'thin'; feed: string; windows: ThinWindow[] }

const INCIDENTS = 100
const EVIDENCE = 20
const BACKGROUND = 8
const THIN = 8

interface Receivers {
  DB: D1Database
  SENSOR: { getByName(name: string): SensorPort }
}

/** Carries a partition's outbox to D1 and to the sensors. */
export class Deliveries {
  readonly outbox: Outbox<Message>
  readonly #storage: DurableObjectStorage
  readonly #journal: Journal
  readonly #receivers: Receivers

  constructor(storage: DurableObjectStorage, journal: Journal, receivers: Receivers, owner: string) {
    this.outbox = new Outbox(storage.sql, owner)
    this.#storage = storage
    this.#journal = journal
    this.#receivers = receivers
  }

  /** Tells what waits, oldest first, until nothing waits. Rejects with what a receiver rejected; the rest stays. */
  async deliver(now: number): Promise<void> {
    while (this.outbox.pending > 0) {
      const thin = this.outbox.next('thin', THIN)
      for (const entry of thin) await this.#tellSensor(entry)
      await this.#tellDatabase(now)
    }
  }

  async #tellSensor(entry: OutboxEntry<Message>): Promise<void> {
    const { id, message } = entry
    if (message.tag !== 'thin') return
    const sensor = message.feed.slice(0, message.feed.indexOf('/'))
    await this.#receivers.SENSOR.getByName(sensor).takeThin(message.feed, id, message.windows)
    this.#told([[entry]])
  }

  async #tellDatabase(now: number): Promise<void> {
    const incidents = this.outbox.next('incident', INCIDENTS)
    const evidence = this.outbox.next('evidence', EVIDENCE)
    const background = this.outbox.next('background', BACKGROUND)
    const topics = [incidents, evidence, background]
    if (topics.every((entries) => entries.length === 0)) return
    const writes = {
      incidents: incidents.flatMap(({ message }) => (message.tag === 'incident' ? [message.row] : [])),
      evidence: evidence.flatMap(({ message }) => (message.tag === 'evidence' ? this.#evidenceRows(message) : [])),
      sources: [],
      background: background.flatMap(({ id, message }) =>
        message.tag === 'background' ? [{ id, rows: message.rows }] : [],
      ),
    }
    await writeIncidents(this.#receivers.DB, writes, now)
    this.#told(topics)
  }

  #told(topics: OutboxEntry<Message>[][]): void {
    this.#storage.transactionSync(() => {
      for (const entries of topics) this.outbox.told(entries)
    })
  }

  #evidenceRows({ key, first, places, indicators }: Extract<Message, { tag: 'evidence' }>): EvidenceRow[] {
    return places.flatMap((place, i) => {
      const [found] = this.#journal.read([place])
      if (!found) return []
      const { event, format, original } = found.read
      return [
        {
          incident_key: key,
          n: first + i,
          ts: event.ts,
          sensor: found.origin.sensor,
          stream: found.origin.stream,
          format,
          event,
          original,
          matched: matchedFields(event, indicators),
        },
      ]
    })
  }
}
