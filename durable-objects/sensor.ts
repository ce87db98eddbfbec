import { DurableObject } from 'cloudflare:workers'
import type { Classifier } from '../core/ensemble/prediction.ts'
import type { BatchAnswer, SensorBatch } from '../core/events/batch.ts'
import type { SensorHealth } from '../core/health.ts'
import type { Campaign } from '../core/incidents/campaign.ts'
import { campaignIncident } from '../core/incidents/campaign-record.ts'
import { packContexts, unpackQuestions } from '../core/window/graph-wire.ts'
import { paneOf } from '../core/window/pane-times.ts'
import { LATENESS_MS } from '../core/window/source-window.ts'
import { type GraphContext, TargetTable } from '../core/window/target-table.ts'
import { placeBatch, type StreamState } from '../core/window/timeline.ts'
import { COUNCIL_TOPIC, type CouncilNamespace, campaignHandOver } from './council/hand-over.ts'
import { shippedModel } from './model.ts'
import { type PartitionPort, partitionName, type SensorPort, type ThinMessage } from './names.ts'
import type { OutboxMessage } from './outbox.ts'
import { CampaignEvidence } from './sensor/campaign-evidence.ts'
import { CampaignStore } from './sensor/campaign-store.ts'
import { CampaignDeliveries, type CampaignMessage } from './sensor/deliveries.ts'
import { SensorLedger } from './sensor/ledger.ts'
import { NonceStore } from './sensor/nonces.ts'

export interface SensorEnv {
  DB: D1Database
  SOURCE_PARTITION: { getByName(name: string): PartitionPort }
  /** Absent in an older deployment: campaigns then stay unverified. */
  COUNCIL?: CouncilNamespace
}

const RETENTION_MS = 24 * 3_600_000
const RETRY_MS = 2_000
const PRUNE_EVERY_MS = 600_000
/** How long thin reports gather before a campaign is written again: a large one is a megabyte each time. */
const tellAfterMs = ({ revision }: Campaign): number => (revision === 0 ? 0 : revision < 5 ? 1_000 : 10_000)
const WAKE_MS = 1_000
/** Batches whose contacts are in the sketches already; a retry must not count them again. */
const COUNTED_BATCHES = 1_000

interface Untold {
  /** When it first changed, ms. */
  since: number
  feed: string
  campaign: Campaign
}

interface Timeline {
  targets: TargetTable
  closedPane: number
  /** By partition: panes that hold events and were not yet closed when the partition last heard of time. */
  open: Map<number, Set<number>>
}

/**
 * One sensor: recognises what it sent before, counts, hands each partition its share, and sees the target's side of its
 * traffic: who else reached a target, and which thin sources do the same.
 */
export class Sensor extends DurableObject<SensorEnv> implements SensorPort {
  readonly #ledger = new SensorLedger(this.ctx.storage.sql)
  readonly #nonces = new NonceStore(this.ctx.storage.sql)
  readonly #campaigns = new CampaignStore(this.ctx.storage.sql)
  readonly #evidence = new CampaignEvidence(this.ctx.storage.sql)
  readonly #deliveries = new CampaignDeliveries(
    this.ctx.storage,
    this.env.DB,
    this.#name,
    this.#campaigns,
    this.#evidence,
    this.env.COUNCIL,
  )
  /** As of batches that are under way or were noted lately; the ledger has the others. */
  readonly #streams = new Map<string, StreamState>()
  readonly #timelines = new Map<string, Timeline>()
  readonly #counted = new Set<string>()
  /** Campaigns that changed since their incident was written. */
  readonly #untold = new Map<string, Untold>()
  #telling = false
  readonly #prunedAt = { ledger: 0, campaigns: 0 }

  constructor(ctx: DurableObjectState, env: SensorEnv) {
    super(ctx, env)
    for (const { feed, campaign } of this.#campaigns.untold()) this.#changed(feed, campaign)
    if (this.#untold.size > 0 || !this.#deliveries.outbox.isEmpty)
      this.ctx.blockConcurrencyWhile(() => this.#tellIn(WAKE_MS))
  }

  async ingest(batch: SensorBatch): Promise<BatchAnswer> {
    const earlier = this.#ledger.answerTo(batch.id)
    if (earlier) {
      const again = { accepted: 0, duplicates: earlier.accepted + earlier.duplicates }
      this.ctx.storage.transactionSync(() => this.#ledger.noteRepeat(batch, again.duplicates))
      return { tag: 'accepted', ...again }
    }
    const answer = { accepted: 0, duplicates: 0 }
    const known = this.#streams.get(batch.stream) ?? this.#ledger.stream(batch.stream)
    const place = batch.accepted > 0 ? placeBatch(batch, known, this.#ledger.firstTimeline) : null
    if (place) {
      this.#streams.set(batch.stream, place)
      const answers = await this.#forward(batch, place)
      for (const { accepted, duplicates } of answers) {
        answer.accepted += accepted
        answer.duplicates += duplicates
      }
    }
    this.ctx.storage.transactionSync(() => {
      this.#ledger.note(batch, answer, place)
      this.#pruneLedger(batch.receivedAt)
    })
    return { tag: 'accepted', ...answer }
  }

  /** False for a nonce that a signed request of this sensor has used in the last ten minutes. */
  async useNonce(nonce: string, now: number): Promise<boolean> {
    return this.ctx.storage.transactionSync(() => this.#nonces.use(nonce, now))
  }

  async contexts(feed: string, questions: Float64Array): Promise<Float64Array> {
    const asked = unpackQuestions(questions)
    // A live source seen by several sensors is asked about under the feed that saw it last: ours is our own live line.
    const own = feed.startsWith(`${this.#name}/`) ? feed.slice(this.#name.length + 1) : 'live'
    const timeline = this.#timelineOf(own)
    const answers = new Array<GraphContext>(asked.length)
    const byPane = new Map<number, number[]>()
    for (const [i, { last }] of asked.entries()) {
      const rows = byPane.get(last)
      if (rows) rows.push(i)
      else byPane.set(last, [i])
    }
    for (const [last, rows] of byPane) {
      const contexts = timeline.targets.contexts(
        rows.map((i) => asked[i]!.question),
        last,
      )
      for (const [j, i] of rows.entries()) answers[i] = contexts[j]!
    }
    return packContexts(answers)
  }

  async takeThin(feed: string, messages: ThinMessage[]): Promise<void> {
    const now = Date.now()
    const changed = this.ctx.storage.transactionSync(() => {
      const taken = this.#campaigns.take(feed, messages, now)
      for (const campaign of taken.changed) this.#evidence.keep(campaign, taken.windows)
      return taken.changed
    })
    for (const campaign of changed) this.#changed(feed, campaign)
    if (this.#untold.size > 0) await this.#tellIn(WAKE_MS)
  }

  async health(): Promise<SensorHealth> {
    return this.#ledger.health(this.#name, Date.now())
  }

  override async alarm(): Promise<void> {
    const now = Date.now()
    this.#telling = false
    try {
      await this.#tellChanged(now)
      await this.#deliveries.deliver(now)
      this.#pruneCampaigns(now)
      if (this.#untold.size > 0) await this.#tellIn(WAKE_MS)
    } catch (error) {
      console.error(JSON.stringify({ sensor: this.#name, what: 'alarm', error: String(error) }))
      await this.#tellIn(RETRY_MS)
    }
  }

  #pruneLedger(now: number): void {
    if (now - this.#prunedAt.ledger < PRUNE_EVERY_MS) return
    this.#prunedAt.ledger = now
    this.#ledger.prune(now - RETENTION_MS)
    this.#streams.clear()
  }

  #pruneCampaigns(now: number): void {
    if (now - this.#prunedAt.campaigns < PRUNE_EVERY_MS) return
    this.#prunedAt.campaigns = now
    this.ctx.storage.transactionSync(() => {
      this.#campaigns.prune(now - RETENTION_MS)
      this.#evidence.prune()
    })
  }

  get #name(): string {
    return this.ctx.id.name ?? 'unnamed'
  }

  /** One call per partition that has events, and one per partition that has panes which this batch closes. */
  async #forward(batch: SensorBatch, place: StreamState): Promise<{ accepted: number; duplicates: number }[]> {
    const timeline = this.#timelineOf(place.timeline)
    if (timeline.closedPane > Number.NEGATIVE_INFINITY) timeline.targets.prune(timeline.closedPane + 1)
    this.#countContacts(batch, timeline)
    const closedPane = paneOf(place.newestTs - LATENESS_MS) - 1
    const feed = `${this.#name}/${place.timeline}`
    const own = {
      sensor: this.#name,
      stream: batch.stream,
      feed,
      live: place.live,
      // Public addresses are one and the same for all live sensors; those of a site, and those of a replay, are not.
      scope: place.live ? '' : feed,
      siteScope: place.live ? this.#name : feed,
      newestTs: place.newestTs,
      receivedAt: batch.receivedAt,
    }
    const touched = new Set(batch.shares.map(({ partition }) => partition))
    for (const { partition, panes } of batch.shares) {
      const open = timeline.open.get(partition) ?? new Set()
      for (const pane of panes) open.add(pane)
      timeline.open.set(partition, open)
    }
    const waiting = place.live
      ? []
      : [...timeline.open].filter(
          ([partition, panes]) => !touched.has(partition) && [...panes].some((pane) => pane <= closedPane),
        )
    const partitionOf = (partition: number) => this.env.SOURCE_PARTITION.getByName(partitionName(partition))
    const answers = await Promise.all([
      ...batch.shares.map(({ partition, events }) =>
        partitionOf(partition).add({ ...own, batch: `${this.#name}/${batch.id}`, events }),
      ),
      ...waiting.map(([partition]) => partitionOf(partition).add({ ...own, batch: '', events: '' })),
    ])
    for (const panes of timeline.open.values()) for (const pane of panes) if (pane <= closedPane) panes.delete(pane)
    timeline.closedPane = closedPane
    return answers
  }

  #countContacts(batch: SensorBatch, timeline: Timeline): void {
    if (this.#counted.has(batch.id)) return
    this.#counted.add(batch.id)
    if (this.#counted.size > COUNTED_BATCHES) this.#counted.delete(this.#counted.values().next().value!)
    const { contacts } = batch
    for (let i = 0; i < contacts.length; i += 3) timeline.targets.add(contacts[i]!, contacts[i + 1]!, contacts[i + 2]!)
  }

  #timelineOf(name: string): Timeline {
    let timeline = this.#timelines.get(name)
    if (!timeline) {
      timeline = { targets: new TargetTable(), closedPane: Number.NEGATIVE_INFINITY, open: new Map() }
      this.#timelines.set(name, timeline)
      if (this.#timelines.size > TIMELINES) this.#timelines.delete(this.#timelines.keys().next().value!)
    }
    return timeline
  }

  #changed(feed: string, campaign: Campaign): void {
    const since = this.#untold.get(campaign.key)?.since ?? Date.now()
    this.#untold.set(campaign.key, { since, feed, campaign })
  }

  async #tellIn(ms: number): Promise<void> {
    if (this.#telling) return
    this.#telling = true
    await this.ctx.storage.setAlarm(Date.now() + ms)
  }

  /** Writes the campaigns that changed and are due, each once. */
  async #tellChanged(now: number): Promise<void> {
    const due = [...this.#untold.values()].filter(({ since, campaign }) => now >= since + tellAfterMs(campaign))
    if (due.length === 0) return
    const model = await shippedModel()
    // Nothing is judged without a model; what was judged before waits for it.
    if (!model.ok) throw new Error(model.error.why)
    this.ctx.storage.transactionSync(() => {
      for (const change of due) this.#tell(change, model.value, now)
    })
    for (const { campaign } of due) this.#untold.delete(campaign.key)
  }

  #tell({ feed, campaign }: Untold, model: Classifier, now: number): void {
    this.#campaigns.noteTold(feed, campaign, now)
    const row = campaignIncident(campaign, this.#name, model, now)
    const { key } = campaign
    const { indicators } = row.triage_note
    const messages: OutboxMessage<CampaignMessage>[] = [
      { topic: 'incident', message: { tag: 'incident', row }, replaces: key },
      { topic: 'parts', message: { tag: 'sources', key }, replaces: `sources of ${key}` },
      { topic: 'parts', message: { tag: 'evidence', key, indicators }, replaces: `evidence of ${key}` },
    ]
    const handOver = campaignHandOver(row)
    if (handOver) messages.push({ topic: COUNCIL_TOPIC, message: handOver, replaces: `council|${key}` })
    this.#deliveries.outbox.put(messages)
  }
}

/** Replays at once or one after another whose target side is remembered. */
const TIMELINES = 16
