import { databaseOf } from '../../adapters/d1/database.ts'
import { writeIncidents } from '../../adapters/d1/incident-writer.ts'
import { TrainingSamples } from '../../adapters/d1/training-samples.ts'
import type { Indicator } from '../../core/ensemble/prediction.ts'
import type { ThinReport } from '../../core/incidents/campaign.ts'
import type { JournalPlace, SampledEvent } from '../../core/incidents/evidence-sample.ts'
import { matchedFields } from '../../core/incidents/matched-fields.ts'
import type { BackgroundRow, EvidenceRow } from '../../core/incidents/messages.ts'
import type { IncidentRow } from '../../core/incidents/record.ts'
import type { WindowSample } from '../../core/incidents/window-sample.ts'
import { type CouncilMessage, type CouncilNamespace, tellCouncil } from '../council/hand-over.ts'
import type { SensorPort, ThinMessage, ThinWindow } from '../names.ts'
import { Outbox, type OutboxEntry } from '../outbox.ts'
import type { Journal } from './journal.ts'

export type Message =
  | { tag: 'incident'; row: IncidentRow }
  | { tag: 'evidence'; key: string; first: number; places: SampledEvent[]; indicators: Indicator[] }
  | { tag: 'background'; rows: BackgroundRow[] }
  | { tag: 'samples'; rows: WindowSample[] }
  | CouncilMessage
  | { tag: 'thin'; feed: string; windows: PlacedThinWindow[] }

/** A thin window with the place of the event that stands for it. */
export interface PlacedThinWindow extends ThinReport {
  place: JournalPlace | null
}

const INCIDENTS = 100
const EVIDENCE = 20
const BACKGROUND = 8
const THIN = 8
const SAMPLES = 20
export const SAMPLES_TOPIC = 'samples'
/** Original lines in one call or write: a line may hold a megabyte, and an object has 128 MB in all. */
const ORIGINAL_CHARACTERS = 4_000_000
/** Topics of messages to sensors. One for each: a sensor that fails must not keep the others' messages waiting. */
const THIN_TOPIC = 'thin '

export const thinTopic = (feed: string): string => THIN_TOPIC + sensorOf(feed)
const sensorOf = (feed: string): string => feed.slice(0, feed.indexOf('/'))

interface Receivers {
  DB: D1Database
  SENSOR: { getByName(name: string): SensorPort }
  /** Absent in an older deployment: incidents then stay unverified. */
  COUNCIL?: CouncilNamespace
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

  /** Whether something waits that cites events of the journal. */
  get readsJournal(): boolean {
    return this.outbox.topics().some((topic) => topic === 'evidence' || topic.startsWith(THIN_TOPIC))
  }

  /**
   * Tells what waits, each receiver's oldest first, until nothing waits or the time is up: whoever tells judges nothing
   * meanwhile. A receiver that fails keeps its own messages waiting and no other's; rejects with what one of them rejected.
   * @param until by `clock`, ms
   */
  async deliver(now: number, until: number, clock: () => number): Promise<void> {
    const isOver = () => clock() >= until
    const toSensors = this.outbox.topics().filter((topic) => topic.startsWith(THIN_TOPIC))
    const outcomes = await Promise.allSettled([
      // A case reads its incident from the database, so it is told of it afterwards.
      this.#tellDatabase(now, isOver)
        .then(() => tellCouncil(this.outbox, this.#storage, this.#receivers.COUNCIL, isOver))
        .then(() => this.#tellSamples(isOver)),
      ...toSensors.map((topic) => this.#tellSensor(topic, isOver)),
    ])
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  /**
   * Told after all else, in a call of its own. What the database refuses is given up: the loop has other windows, and no
   * incident waits behind them.
   */
  async #tellSamples(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const entries = this.outbox.next(SAMPLES_TOPIC, SAMPLES)
      if (entries.length === 0) return
      const rows = entries.flatMap(({ message }) => (message.tag === 'samples' ? message.rows : []))
      try {
        await new TrainingSamples(databaseOf(this.#receivers.DB)).addWindows(rows)
      } catch (error) {
        console.error(JSON.stringify({ what: 'samples of windows', given_up: rows.length, error: String(error) }))
      }
      this.#told([entries])
    }
  }

  async #tellSensor(topic: string, isOver: () => boolean): Promise<void> {
    do {
      const entries = this.outbox.next(topic, THIN)
      if (entries.length === 0) return
      for (const [feed, messages] of this.#byFeed(entries))
        await this.#receivers.SENSOR.getByName(sensorOf(feed)).takeThin(feed, messages)
      this.#told([entries])
    } while (!isOver())
  }

  #byFeed(entries: readonly OutboxEntry<Message>[]): Map<string, ThinMessage[]> {
    const feeds = new Map<string, ThinMessage[]>()
    let characters = 0
    for (const { id, message } of entries) {
      if (message.tag !== 'thin') continue
      const windows = message.windows.map(({ place, ...report }): ThinWindow => {
        const [found] = place && characters < ORIGINAL_CHARACTERS ? this.#journal.read([place]) : []
        if (!found) return { ...report, example: null }
        characters += found.read.original.length
        return { ...report, example: { ...found.read, stream: found.origin.stream } }
      })
      const messages = feeds.get(message.feed)
      if (messages) messages.push({ id, windows })
      else feeds.set(message.feed, [{ id, windows }])
    }
    return feeds
  }

  async #tellDatabase(now: number, isOver: () => boolean): Promise<void> {
    do {
      const incidents = this.outbox.next('incident', INCIDENTS)
      const evidence = this.outbox.next('evidence', EVIDENCE)
      const background = this.outbox.next('background', BACKGROUND)
      const topics = [incidents, evidence, background]
      if (topics.every((entries) => entries.length === 0)) return
      const parts = this.#evidenceParts(evidence)
      await writeIncidents(
        this.#receivers.DB,
        {
          incidents: incidents.flatMap(({ message }) => (message.tag === 'incident' ? [message.row] : [])),
          evidence: parts.next().value ?? [],
          background: background.flatMap(({ id, message }) =>
            message.tag === 'background' ? [{ id, rows: message.rows }] : [],
          ),
        },
        now,
      )
      for (const rows of parts) await writeIncidents(this.#receivers.DB, { evidence: rows }, now)
      this.#told(topics)
    } while (!isOver())
  }

  #told(topics: OutboxEntry<Message>[][]): void {
    this.#storage.transactionSync(() => {
      for (const entries of topics) this.outbox.told(entries)
    })
  }

  /** The messages' rows, read part by part: all of them at once may not fit into memory. */
  *#evidenceParts(entries: readonly OutboxEntry<Message>[]): Generator<EvidenceRow[], undefined> {
    let rows: EvidenceRow[] = []
    let characters = 0
    for (const { message } of entries) {
      if (message.tag !== 'evidence') continue
      for (const [i, place] of message.places.entries()) {
        const row = this.#evidenceRow(message, message.first + i, place)
        if (!row) continue
        rows.push(row)
        characters += row.original.length
        if (characters < ORIGINAL_CHARACTERS) continue
        yield rows
        rows = []
        characters = 0
      }
    }
    if (rows.length > 0) yield rows
  }

  /** Null when the event is no longer in the journal. */
  #evidenceRow(
    { key, indicators }: Extract<Message, { tag: 'evidence' }>,
    n: number,
    place: JournalPlace,
  ): EvidenceRow | null {
    const [found] = this.#journal.read([place])
    if (!found) return null
    const { event, format, original } = found.read
    const { sensor, stream } = found.origin
    const matched = matchedFields(event, indicators)
    return { incident_key: key, n, ts: event.ts, sensor, stream, format, event, original, matched }
  }
}
