import { DurableObject } from 'cloudflare:workers'
import type { FeatureStoreBindings } from '../adapters/feature-store/feature-store.ts'
import type { ReadEvent } from '../core/events/event.ts'
import { isSiteLocal, sourceOf } from '../core/events/source.ts'
import { intelDigest } from '../core/features/store/cursor.ts'
import type { VectorNow, WindowNow } from '../core/features/store/features-of.ts'
import { pendingOf } from '../core/features/store/hand-over.ts'
import type { PartitionHealth } from '../core/health.ts'
import { Beside } from '../core/incidents/beside.ts'
import { type Docket, docketOf, type Judgement, judge } from '../core/incidents/judge.ts'
import { suspicionOf } from '../core/incidents/standing.ts'
import type { IntelAnswer } from '../core/intel/finding.ts'
import { isAnyProviderOn } from '../core/intel/live/providers.ts'
import type { IntelSnapshot } from '../core/intel/snapshot.ts'
import { hash32 } from '../core/window/hash.ts'
import { paneOf } from '../core/window/pane-times.ts'
import { LATENESS_MS } from '../core/window/source-window.ts'
import { type JudgementTask, WindowTable } from '../core/window/window-table.ts'
import type { CouncilNamespace } from './council/hand-over.ts'
import { type IntelEnv, intelAtHand, intelSnapshot } from './intel.ts'
import { shippedModel } from './model.ts'
import {
  INTEL_DESK,
  type IntelDeskPort,
  type IntelListener,
  type PartitionPort,
  type PartitionShare,
  type SensorPort,
} from './names.ts'
import { Checkpoint, type FeedState, type PartitionCounters } from './partition/checkpoint.ts'
import { Completion } from './partition/completion.ts'
import { Consequences } from './partition/consequences.ts'
import { DECISION_BOUNDS, decisionHistogram, newCounters } from './partition/counters.ts'
import { Deliveries } from './partition/deliveries.ts'
import { Journal, type ShareOrigin } from './partition/journal.ts'
import { LiveIntel } from './partition/live-intel.ts'
import { JudgedVectors } from './partition/vectors.ts'
import { WindowSamples } from './partition/window-samples.ts'

/** Windows in one call of the runtime. */
const ROUND = 512
/**
 * A live window is judged this long after its first unjudged event, so that many are judged together: under load, when
 * judging takes its time, longer, for a busy source is then judged once for several events. With the judging itself it
 * stays under a second until the machine is full; then each window is judged less often rather than senders kept waiting.
 */
const LIVE_DELAY_MS = 250
const LIVE_DELAY_MOST_MS = 2_000
/** A replay that has been silent for this long has ended: what is open is judged as it stands. */
const IDLE_MS = 5_000
const RETRY_MS = 2_000
/** What waits to be told is told for so long; then what waits to be judged has its turn. */
const TELLING_MS = 500
/** What came since the checkpoint is taken in again after a restart, at some 50,000 events/s. */
const CHECKPOINT_EVENTS = 250_000
const CHECKPOINT_MS = 120_000
/** An object with nothing to do is stopped after some ten seconds; it must have written its checkpoint before. */
const QUIET_MS = 2_000
/** Dedupe memory: hashes of the newest events that name themselves. */
const IDS_KEPT = 262_144
const GOLDEN_RATIO = (1 + Math.sqrt(5)) / 2
const RETENTION_MS = 24 * 3_600_000
const JOURNAL_BYTES = 512 * 1024 * 1024
/** A source that is busy in all 30 panes takes about 70 KB (300 events of 200 targets, 2026-11-24), most take 5. */
const DEFAULT_SOURCES = 3_000

export interface PartitionEnv extends IntelEnv, FeatureStoreBindings {
  SENSOR: { getByName(name: string): SensorPort }
  /** Absent in an older deployment: nobody is asked then. */
  INTEL_DESK?: { getByName(name: string): IntelDeskPort }
  /** Absent in an older deployment: incidents then stay unverified. */
  COUNCIL?: CouncilNamespace
  MAX_SOURCES?: string
}

/**
 * The windows of one share of all sources. Stores events before it answers, keeps their windows, has them judged and
 * tells D1 and the sensors what follows. Core decides; this object keeps and carries.
 */
export class SourcePartition extends DurableObject<PartitionEnv> implements PartitionPort, IntelListener {
  readonly #journal = new Journal(this.ctx.storage.sql)
  readonly #checkpoint = new Checkpoint(this.ctx.storage.sql)
  readonly #deliveries = new Deliveries(this.ctx.storage, this.#journal, this.env, this.#name)
  readonly #table = new WindowTable<Beside>({
    maxSources: Number(this.env.MAX_SOURCES ?? DEFAULT_SOURCES),
    newBeside: () => new Beside(),
  })
  readonly #live = new LiveIntel(
    isAnyProviderOn(this.env as unknown as Record<string, unknown>)
      ? (this.env.INTEL_DESK?.getByName(INTEL_DESK) ?? null)
      : null,
    this.#name,
  )
  readonly #consequences = new Consequences(
    this.#checkpoint,
    this.#deliveries.outbox,
    new WindowSamples(this.ctx.storage.sql),
  )
  readonly #vectors = new JudgedVectors(this.env)
  readonly #completion = new Completion(this.env.SENSOR, this.#live, this.#name)
  readonly #feeds = new Map<string, FeedState>()
  readonly #ids: Set<number>
  #counters: PartitionCounters
  #changed = new Set<string>()
  /** Sources that were forgotten since the checkpoint, with the name and the length of their tracking. */
  #gone = new Map<string, { trackedAs: string; events: number }>()
  #sinceCheckpoint = 0
  /** Partitions that began together write at different times: a full one keeps the machine busy for most of a second. */
  #checkpointAt = Date.now() - CHECKPOINT_MS * ((this.#number * GOLDEN_RATIO) % 1)
  #judging: Promise<void> = Promise.resolve()
  /**
   * Windows that were taken out and are not judged yet. Taking them out folded their sources' older panes away: after an
   * error the same docket is judged, and no checkpoint is written meanwhile.
   */
  #round: { feed: string; docket: Docket; takenAt: number } | null = null
  #alarmAt = Number.POSITIVE_INFINITY
  #lastShareAt = 0
  /** How late the last judging of live windows began, and how long it took: both grow as the machine fills up. */
  #strainMs = 0
  #modelVersion: string | null = null
  #modelError: string | null = null
  /** The journal's row after which events were taken in before the lists were at hand; null once they were looked at. */
  #uncheckedAfter: number | null

  constructor(ctx: DurableObjectState, env: PartitionEnv) {
    super(ctx, env)
    this.#ids = new Set(this.#journal.newestIds(IDS_KEPT))
    const meta = this.#checkpoint.load(this.#table)
    this.#journal.continueAfter(meta?.journalRow ?? 0)
    for (const tracked of this.#table.sources()) this.#vectors.restored(tracked)
    this.#counters = meta?.counters ?? newCounters()
    this.#uncheckedAfter = meta?.journalRow ?? 0
    for (const [feed, state] of meta?.feeds ?? []) this.#feeds.set(feed, state)
    for (const key of this.#consequences.sources()) {
      const tracked = this.#table.get(key)
      if (tracked) tracked.beside.standing.incidents = this.#consequences.openIncidentsOf(key)
    }
    for (const { row, origin, events } of this.#journal.after(meta?.journalRow ?? 0)) this.#takeIn(row, origin, events)
    if (this.#table.waiting > 0 || !this.#deliveries.outbox.isEmpty) {
      this.ctx.blockConcurrencyWhile(() => this.#wakeIn(LIVE_DELAY_MS))
    }
  }

  /**
   * Stores a share and takes it into its windows; the same batch again gives the first answer. In a replay it answers
   * once the panes that this share closed have been judged; with too many sources waiting, once all of its feed are.
   * Rejects, and stores nothing, when they wait for a model that was refused: the sensor keeps its batch.
   */
  async add(share: PartitionShare): Promise<{ accepted: number; duplicates: number }> {
    const isCrowded = this.#table.isCrowded
    if (isCrowded && this.#modelError !== null) throw new Error(`no model to judge with: ${this.#modelError}`)
    this.#lastShareAt = Date.now()
    const answer = share.events === '' ? { accepted: 0, duplicates: 0 } : this.#store(share)
    this.#noteFeed(share)
    if (share.live && !isCrowded) await this.#wakeIn(this.#liveDelayMs)
    else {
      try {
        await this.#judgeFeed(share.feed, isCrowded)
      } finally {
        // Also after an error: what is stored is judged though its sensor may never send it again.
        const hasNews = !this.#deliveries.outbox.isEmpty || this.#consequences.dueAt < Number.POSITIVE_INFINITY
        await this.#wakeIn(hasNews ? 1 : share.live ? this.#liveDelayMs : IDLE_MS)
      }
    }
    return answer
  }

  async health(): Promise<PartitionHealth> {
    const { accepted, duplicates, judged, late, evicted, routes, classes } = this.#counters
    return {
      partition: this.#number,
      liveSources: this.#table.size,
      eventsAccepted: accepted,
      eventsDuplicate: duplicates,
      eventsUnjudged: this.#table.unjudged,
      eventsLate: late + this.#table.late,
      windowsJudged: judged,
      windowsAllowed: this.#counters.allowed ?? 0,
      sourcesEvicted: evicted + this.#table.evicted,
      routes,
      classes,
      outboxPending: this.#deliveries.outbox.pending,
      modelVersion: this.#modelVersion,
      modelError: this.#modelError,
      decisionSeconds: decisionHistogram(this.#counters),
    }
  }

  /** What live look-ups know of a source by now: its window is judged again, unless that is nothing new. */
  async intelArrived(address: string, answer: IntelAnswer): Promise<void> {
    if (this.#live.arrived(address, answer) && this.#table.judgeAgain(address)) await this.#wakeIn(LIVE_DELAY_MS)
  }

  async windowNow(source: string, scope: string | null): Promise<WindowNow | null> {
    const cursor = this.#vectors.windowOf(source, scope, Date.now())
    const tracked = cursor && this.#table.get(`${cursor.scope}|${source}`)
    return tracked ? { cursor, unjudged: pendingOf(tracked) } : null
  }

  /** The features of the judged window as it stands now; judges nothing and changes nothing. */
  async vectorNow(source: string, scope: string | null): Promise<VectorNow | null> {
    const judged = this.#vectors.windowOf(source, scope, Date.now())
    const tracked = judged && this.#table.get(`${judged.scope}|${source}`)
    if (!tracked) return null
    const docket = docketOf([{ tracked, last: judged.pane, taken: [] }])
    const events = tracked.window.cursor - pendingOf(tracked, judged.pane)
    const unjudged = pendingOf(tracked)
    const now = Date.now()
    await this.#completion.complete(tracked.feed, docket, await intelSnapshot(this.env, now))
    const row = docket.extraction.rows
    const cursor = { ...judged, events, intel: intelDigest(row) }
    this.#vectors.extracted(source, cursor)
    return { cursor, unjudged, row, at: now }
  }

  override async alarm(): Promise<void> {
    const now = Date.now()
    const lateMs = this.#alarmAt < now ? now - this.#alarmAt : 0
    this.#alarmAt = Number.POSITIVE_INFINITY
    let failed = false
    try {
      for (const feed of this.#table.feedsWaiting()) {
        const state = this.#feeds.get(feed)
        if (!state || state.live || now - state.lastAt >= IDLE_MS) await this.#judgeFeed(feed, true)
      }
      const judgedAt = Date.now()
      this.#strainMs = lateMs + judgedAt - now
      if (this.#consequences.dueAt <= judgedAt)
        this.ctx.storage.transactionSync(() => this.#consequences.writeDue(judgedAt))
      await this.#deliveries.deliver(now, Date.now() + TELLING_MS, Date.now)
    } catch (error) {
      failed = true
      console.error(JSON.stringify({ partition: this.#name, what: 'alarm', error: String(error) }))
    }
    const isQuiet = this.#table.waiting === 0 && this.#changed.size > 0 && now - this.#lastShareAt >= QUIET_MS
    if (isQuiet || this.#sinceCheckpoint >= CHECKPOINT_EVENTS || now - this.#checkpointAt >= CHECKPOINT_MS)
      await this.#inTurn(() => this.#writeCheckpoint(now))
    if (failed || this.#modelError !== null) await this.#wakeIn(RETRY_MS)
    // Also what the checkpoint had written.
    else if (!this.#deliveries.outbox.isEmpty) await this.#wakeIn(1)
    else if (this.#table.waiting > 0) await this.#wakeIn(this.#liveWaits() ? this.#liveDelayMs : IDLE_MS)
    else if (this.#changed.size > 0) await this.#wakeIn(QUIET_MS)
    if (this.#consequences.dueAt < Number.POSITIVE_INFINITY)
      await this.#wakeIn(Math.max(1, this.#consequences.dueAt - now))
  }

  get #liveDelayMs(): number {
    return Math.min(LIVE_DELAY_MOST_MS, Math.max(LIVE_DELAY_MS, 4 * this.#strainMs))
  }

  get #name(): string {
    return this.ctx.id.name ?? 'p0'
  }

  get #number(): number {
    return Number(this.#name.slice(1))
  }

  #store(share: PartitionShare): { accepted: number; duplicates: number } {
    const earlier = this.#journal.answerTo(share.batch)
    if (earlier) return { accepted: 0, duplicates: earlier.accepted + earlier.duplicates }
    const events: ReadEvent[] = []
    const ids: number[] = []
    const all = JSON.parse(share.events) as ReadEvent[]
    const fresh = new Set<number>()
    for (const read of all) {
      const { event_id: name } = read.event
      if (name !== undefined) {
        const id = eventHash(share.sensor, name)
        if (this.#ids.has(id) || fresh.has(id)) continue
        fresh.add(id)
        ids.push(id)
      }
      events.push(read)
    }
    const { batch, sensor, stream, scope, siteScope, feed, live, receivedAt } = share
    const origin: ShareOrigin = { batch, sensor, stream, scope, siteScope, feed, live, receivedAt }
    const duplicates = all.length - events.length
    const places = this.ctx.storage.transactionSync(() =>
      this.#journal.append(
        origin,
        events,
        Float64Array.from(ids),
        duplicates,
        duplicates === 0 ? share.events : undefined,
      ),
    )
    for (const id of ids) this.#rememberId(id)
    this.#counters.accepted += events.length
    this.#counters.duplicates += duplicates
    for (const [i, read] of events.entries()) this.#track(read, origin, places[i]!)
    this.#sinceCheckpoint += events.length
    return { accepted: events.length, duplicates }
  }

  /** Takes a journalled row in again after a restart. */
  #takeIn(row: number, origin: ShareOrigin, events: ReadEvent[]): void {
    let newestTs = Number.NEGATIVE_INFINITY
    events.forEach((read, index) => {
      this.#track(read, origin, { row, index })
      newestTs = Math.max(newestTs, read.event.ts)
    })
    this.#counters.accepted += events.length
    this.#sinceCheckpoint += events.length
    this.#noteFeed({ ...origin, newestTs, events: '' })
  }

  #track(read: ReadEvent, origin: ShareOrigin, place: { row: number; index: number }): void {
    const { feed, receivedAt, siteScope } = origin
    const scope = scopeOf(read, origin)
    // Sensors' clocks differ, and one may have been cut off: what is late for the window that all share is not for its own.
    const tracked = this.#table.add(scope, feed, read.event, receivedAt, siteScope)
    if (!tracked) return
    const { key, window, beside } = tracked
    if (beside.isNew) {
      beside.standing.incidents = this.#consequences.openIncidentsOf(key)
      // After a crash it was never forgotten: what was counted of it must be known by the same numbers then.
      const gone = this.#gone.get(key)
      if (gone) {
        beside.trackedAs = gone.trackedAs
        window.cursor += gone.events
      }
    }
    beside.note(read.event, read.original, origin.sensor, place)
    const intel = intelAtHand()
    if (intel.watchesContacts)
      for (const contact of intel.contactsOf(read.event)) beside.seen.noteContact(contact, read.event.ts)
    this.#changed.add(key)
  }

  #noteFeed({ feed, newestTs, live, sensor, receivedAt }: PartitionShare): void {
    const known = this.#feeds.get(feed)
    this.#feeds.set(feed, {
      newestTs: Math.max(newestTs, known?.newestTs ?? Number.NEGATIVE_INFINITY),
      live,
      sensor,
      lastAt: Math.max(receivedAt, known?.lastAt ?? 0),
    })
  }

  #judgeFeed(feed: string, all = false): Promise<void> {
    return this.#inTurn(() => this.#judgeWaiting(feed, all))
  }

  /** One after another: a window is never judged twice at once, nor written down amid its judgement. */
  #inTurn(step: () => void | Promise<void>): Promise<void> {
    const next = this.#judging.then(step)
    this.#judging = next.catch(() => {})
    return next
  }

  /** Judges what is closed, or with `all` everything: live windows as they stand, a replay's pane by pane. */
  async #judgeWaiting(feed: string, all: boolean): Promise<void> {
    const newestTs = this.#feeds.get(feed)?.newestTs ?? Number.POSITIVE_INFINITY
    // Only whole panes: the one that the watermark lies in may still grow.
    const closedPane = all ? Number.POSITIVE_INFINITY : paneOf(newestTs - LATENESS_MS) - 1
    const atOnce = all && (this.#feeds.get(feed)?.live ?? true)
    // Live, only what waits now: under load more has come after every round, and what was decided must be told.
    let left = atOnce ? this.#table.waiting : Number.POSITIVE_INFINITY
    while (left > 0) {
      const tasks = this.#table.due(feed, closedPane, atOnce, ROUND)
      if (tasks.length === 0) break
      if (!(await this.#judgeRound(feed, tasks))) break
      left -= tasks.length
    }
    for (const { key, window, beside } of this.#table.evict()) {
      this.#changed.delete(key)
      this.#gone.set(key, { trackedAs: beside.trackedAs, events: window.cursor })
      this.#vectors.forget(key)
    }
  }

  /**
   * Judges these windows, or in their place those of a round that was cut off. False when there is no model to judge with:
   * the windows keep waiting.
   */
  async #judgeRound(dueFeed: string, dueTasks: JudgementTask<Beside>[]): Promise<boolean> {
    const [model, intel] = await Promise.all([shippedModel(), intelSnapshot(this.env, Date.now())])
    this.#checkContacts(intel)
    this.#modelError = model.ok ? null : model.error.why
    if (!model.ok) return false
    this.#modelVersion = model.value.manifest.version
    this.#round ??= { feed: dueFeed, docket: docketOf(dueTasks), takenAt: Date.now() }
    const { feed, docket, takenAt } = this.#round
    await this.#completion.complete(feed, docket, intel)
    const told = (source: string) => this.#live.of(source)
    const outputs = await model.value.predict(docket.extraction.rows, docket.tasks.length)
    const now = Date.now()
    const live = this.#feeds.get(feed)?.live ?? false
    const isAllowed = (source: string) => {
      const allowed = intel.allowedBy(source) !== null
      if (allowed) this.#counters.allowed = (this.#counters.allowed ?? 0) + 1
      return allowed
    }
    const judgements = judge(docket, outputs, model.value, isAllowed)
    this.ctx.storage.transactionSync(() =>
      this.#consequences.carryOut(judgements, { feed, live, now, model: model.value, intel, told }),
    )
    for (const { task, prediction } of judgements) {
      if (live) this.#noteDecision(now - task.tracked.waitingSince)
      this.#counters.judged++
      this.#counters.routes[prediction.route]++
      this.#counters.classes[prediction.threatClass]!++
      this.#table.settled(task, suspicionOf(prediction.output), takenAt)
      this.#changed.add(task.tracked.key)
    }
    this.#round = null
    if (live) this.#askAbout(judgements, now)
    this.#vectors.note(judgements, now)
    return true
  }

  /** Nobody waits for the answers. Only sources of incidents are asked about: services allow few calls a day. */
  #askAbout(judgements: readonly Judgement[], now: number): void {
    const sources = judgements
      .filter(({ consequence }) => consequence.tag === 'incident')
      .map(({ task, prediction }) => ({
        source: task.tracked.window.source,
        suspicion: suspicionOf(prediction.output),
      }))
    this.#live
      .ask(sources, now)
      .then((replies) => Promise.all(replies.map(({ address, answer }) => this.intelArrived(address, answer))))
      .catch((error) =>
        console.error(JSON.stringify({ partition: this.#name, what: 'live look-ups', error: String(error) })),
      )
  }

  /** After a restart events were taken in before the lists were loaded: what they contacted is looked at now, once. */
  #checkContacts(intel: IntelSnapshot): void {
    const after = this.#uncheckedAfter
    if (after === null) return
    this.#uncheckedAfter = null
    if (!intel.watchesContacts) return
    for (const { origin, events } of this.#journal.after(after))
      for (const read of events) {
        const contacts = intel.contactsOf(read.event)
        if (contacts.length === 0) continue
        const seen = this.#table.get(`${scopeOf(read, origin)}|${sourceOf(read.event)}`)?.beside.seen
        for (const contact of contacts) seen?.noteContact(contact, read.event.ts)
      }
  }

  #noteDecision(ms: number): void {
    const seconds = ms / 1000
    if (!(seconds >= 0)) return
    this.#counters.decisionSum += seconds
    this.#counters.decisionCount++
    for (let i = 0; i < DECISION_BOUNDS.length; i++)
      if (seconds <= DECISION_BOUNDS[i]!) this.#counters.decisionBuckets[i]!++
  }

  #rememberId(id: number): void {
    this.#ids.add(id)
    if (this.#ids.size > IDS_KEPT) this.#ids.delete(this.#ids.values().next().value!)
  }

  #liveWaits(): boolean {
    return [...this.#table.feedsWaiting()].some((feed) => this.#feeds.get(feed)?.live ?? true)
  }

  #writeCheckpoint(now: number): void {
    if (this.#round) return
    const counters = {
      ...this.#counters,
      late: this.#counters.late + this.#table.late,
      evicted: this.#counters.evicted + this.#table.evicted,
    }
    const row = this.#journal.newestRow
    const waiting = this.#table.feedsWaiting()
    for (const [feed, { lastAt }] of this.#feeds)
      if (now - lastAt >= RETENTION_MS && !waiting.has(feed)) this.#feeds.delete(feed)
    this.ctx.storage.transactionSync(() => {
      // The windows behind them count as judged from here on.
      this.#consequences.writeDue(now, true)
      this.#checkpoint.write(this.#changed, this.#gone.keys(), this.#table, {
        journalRow: row,
        feeds: [...this.#feeds],
        counters,
      })
      this.#consequences.checkpointWritten()
      this.#consequences.prune(now - 2 * RETENTION_MS)
      // Lines that are still to be told are read from the journal.
      this.#journal.prune(row, this.#deliveries.readsJournal ? 0 : now - RETENTION_MS, JOURNAL_BYTES)
    })
    this.#counters = counters
    this.#table.late = 0
    this.#table.evicted = 0
    this.#changed = new Set()
    this.#gone = new Map()
    this.#sinceCheckpoint = 0
    this.#checkpointAt = now
  }

  /** Sets the alarm unless an earlier one is set. Alarms survive a crash. */
  async #wakeIn(ms: number): Promise<void> {
    const at = Date.now() + ms
    if (at >= this.#alarmAt) return
    this.#alarmAt = at
    await this.ctx.storage.setAlarm(at)
  }
}

const scopeOf = ({ event }: ReadEvent, { scope, siteScope }: ShareOrigin): string =>
  scope !== siteScope && isSiteLocal(event.src_ip) ? siteScope : scope

/** 53 bits: exact as a number, and a chance of 3·10⁻⁵ that any two of 262,144 coincide. */
const eventHash = (sensor: string, name: string): number => {
  const text = `${sensor}\n${name}`
  return hash32(text, 11) * 2 ** 21 + (hash32(text, 13) >>> 11)
}
