import type { Classifier } from '../../core/ensemble/prediction.ts'
import { isStronger } from '../../core/incidents/campaign.ts'
import type { SampledEvent } from '../../core/incidents/evidence-sample.ts'
import { handOut } from '../../core/incidents/hand-out.ts'
import type { Judgement } from '../../core/incidents/judge.ts'
import type { BackgroundRow } from '../../core/incidents/messages.ts'
import { continueIncident, type IncidentRow } from '../../core/incidents/record.ts'
import type { OpenIncident, Standing } from '../../core/incidents/standing.ts'
import { packDetail } from '../../core/incidents/thin-detail.ts'
import { crawlersOf } from '../../core/intel/crawlers.ts'
import type { IntelAnswer } from '../../core/intel/finding.ts'
import { knownOfSource } from '../../core/intel/known-of-source.ts'
import type { IntelSnapshot } from '../../core/intel/snapshot.ts'
import { type ClassFamily, classOf } from '../../core/taxonomy.ts'
import { COUNCIL_TOPIC, handOverOf } from '../council/hand-over.ts'
import type { Outbox, OutboxMessage } from '../outbox.ts'
import type { Checkpoint, ThinTold } from './checkpoint.ts'
import { type Message, type PlacedThinWindow, SAMPLES_TOPIC, thinTopic } from './deliveries.ts'
import type { WindowSamples } from './window-samples.ts'

/**
 * A live source is judged four times a second; its incident's row is written again no oftener than every 2 s, and every 10 s
 * once it has been written five times: in a flood thousands of incidents grow at once.
 */
const rewrittenAfterMs = (revision: number): number => (revision < 5 ? 2_000 : 10_000)

/** Thin windows in one message, which is one row of the outbox: of a replay thousands come at once. */
const THIN_WINDOWS = 512

interface Round {
  feed: string
  live: boolean
  now: number
  model: Classifier
  intel: IntelSnapshot
  /** What live look-ups told of a source. */
  told: (source: string) => IntelAnswer
}

/** Writes down what judged windows lead to: incidents, evidence, background and reports for campaigns. */
export class Consequences {
  readonly #checkpoint: Checkpoint
  readonly #outbox: Outbox<Message>
  readonly #samples: WindowSamples
  /**
   * Newer states of incidents that were written a moment ago. In memory: after a crash the windows behind them are judged
   * again.
   */
  readonly #postponed = new Map<string, { open: OpenIncident; at: number; write: (now: number) => void }>()

  /** Class families of the incidents that are remembered, by the key of their source. */
  readonly #families = new Map<string, Set<ClassFamily>>()

  /** Told before the last restart, of windows that are judged again. */
  readonly #thinTold: Map<string, ThinTold>

  /** Gathered for one round's statements. */
  readonly #open = new Map<string, OpenIncident>()
  #messages: OutboxMessage<Message>[] = []

  constructor(checkpoint: Checkpoint, outbox: Outbox<Message>, samples: WindowSamples) {
    this.#checkpoint = checkpoint
    this.#outbox = outbox
    this.#samples = samples
    this.#thinTold = checkpoint.thinTold()
    for (const id of checkpoint.openIncidentIds()) this.#remember(id)
  }

  /** Keys of the sources that have an incident which is remembered. */
  sources(): Iterable<string> {
    return this.#families.keys()
  }

  /** A source's incidents, newest of each family: for one that is followed from now on, be it new or forgotten and back. */
  openIncidentsOf(key: string): Standing['incidents'] {
    const incidents: Standing['incidents'] = {}
    for (const family of this.#families.get(key) ?? []) {
      const id = `${family}|${key}`
      // Its last state may still wait to be written.
      const open = this.#postponed.get(id)?.open ?? this.#checkpoint.openIncident(id)
      if (open) incidents[family] = open
    }
    return incidents
  }

  /** Forgets incidents that were not touched since; to be called within a transaction. */
  prune(before: number): void {
    this.#samples.prune(before)
    for (const id of this.#checkpoint.pruneIncidents(before)) {
      const { family, key } = partsOf(id)
      const families = this.#families.get(key)
      families?.delete(family)
      if (families?.size === 0) this.#families.delete(key)
    }
  }

  /** When the next postponed row is due, ms; +∞ when none waits. */
  get dueAt(): number {
    let soonest = Number.POSITIVE_INFINITY
    for (const { at } of this.#postponed.values()) soonest = Math.min(soonest, at)
    return soonest
  }

  /** Writes the postponed rows that are due, or all; to be called within a transaction. */
  writeDue(now: number, all = false): void {
    for (const [id, { at, write }] of this.#postponed)
      if (all || at <= now) {
        this.#postponed.delete(id)
        write(now)
      }
    this.#store(now)
  }

  /** To be called within a transaction. */
  carryOut(judgements: readonly Judgement[], round: Round): void {
    const thin: { judgement: Judgement; report: PlacedThinWindow }[] = []
    const told = new Map<string, ThinTold>()
    const background = new Map<string, BackgroundRow>()
    for (const judgement of judgements) {
      const { tracked } = judgement.task
      const events = this.#untoldEvents(judgement)
      if (judgement.consequence.tag === 'incident') this.#incident(judgement, judgement.consequence, round)
      else if (judgement.consequence.tag === 'thin' && events > 0) {
        thin.push({ judgement, report: this.#thinWindow(judgement, events) })
        addBackground(background, judgement, events)
        told.set(tracked.key, { trackedAs: tracked.beside.trackedAs, countedTo: judgement.window.judgedEvents })
      }
    }
    this.#checkpoint.putThinTold(told)
    const reports = withDetails(thin)
    for (let i = 0; i < reports.length; i += THIN_WINDOWS)
      this.#say(thinTopic(round.feed), {
        tag: 'thin',
        feed: round.feed,
        windows: reports.slice(i, i + THIN_WINDOWS),
      })
    if (background.size > 0) this.#say('background', { tag: 'background', rows: [...background.values()] })
    const samples = this.#samples.take(judgements, round.model.manifest.version, round.now)
    if (samples.length > 0) this.#say(SAMPLES_TOPIC, { tag: 'samples', rows: samples })
    this.#store(round.now)
  }

  /** To be called within the transaction that writes the checkpoint. */
  checkpointWritten(): void {
    this.#checkpoint.keepThinTold(this.#thinTold)
  }

  /** The window's new events but for those that were told as thin before a restart. */
  #untoldEvents({ task, window }: Judgement): number {
    const { key, beside } = task.tracked
    const told = this.#thinTold.get(key)
    if (!told) return window.newEvents
    if (told.trackedAs === beside.trackedAs && window.judgedEvents <= told.countedTo) return 0
    this.#thinTold.delete(key)
    return told.trackedAs === beside.trackedAs
      ? Math.min(window.newEvents, window.judgedEvents - told.countedTo)
      : window.newEvents
  }

  #say(topic: string, message: Message, replaces: string | null = null): void {
    this.#messages.push({ topic, message, replaces })
  }

  /** Writes what has gathered, with few statements. */
  #store(now: number): void {
    this.#checkpoint.putOpenIncidents([...this.#open], now)
    // Of two states of one incident the later counts.
    this.#outbox.put(latest(this.#messages))
    this.#open.clear()
    this.#messages = []
  }

  #incident(
    { task, window, row, prediction, targets }: Judgement,
    { threatClass, openedBy }: Extract<Judgement['consequence'], { tag: 'incident' }>,
    { live, now, model, intel, told }: Round,
  ): void {
    const { tracked } = task
    const { beside, scope } = tracked
    const source = tracked.window.source
    const { family } = classOf(threatClass)
    const id = `${family}|${tracked.key}`
    const contacts = beside.seen.contactsUpTo(task.last)
    const userAgents = [...beside.seen.userAgents]
    const continued = continueIncident(
      beside.standing.incidents[family],
      {
        scope,
        source,
        ...window,
        row,
        prediction,
        openedBy,
        trackedAs: beside.trackedAs,
        targets,
        sensors: [...beside.sensors],
        intel: () => {
          const { findings, consulted } = intel.answer(source, window.lastTs, contacts, told(source))
          return knownOfSource(
            { findings: [...findings, ...crawlersOf(source, userAgents, window.lastTs)], consulted },
            now,
          )
        },
        // Judged again without a new event, nothing was waiting: the first decision's time stands.
        decidedInMs: live && !Number.isNaN(tracked.waitingSince) ? Math.max(0, now - tracked.waitingSince) : null,
      },
      model,
      now,
    )
    const { open, places } = handOut(continued.open, beside.sample)
    beside.standing.incidents[family] = open
    const write = (at: number) => this.#write(id, open, continued.row(), places, at)
    // The last state of an incident that is over must not be lost to the one that follows it.
    const waiting = this.#postponed.get(id)
    if (waiting && waiting.open.key !== open.key) waiting.write(now)
    this.#postponed.delete(id)
    // A replay's is written when its batch has been judged.
    const at = live ? open.writtenAt + rewrittenAfterMs(open.writes) : now
    if (open.revision > 1 && places.length === 0 && (now < at || !live)) this.#postponed.set(id, { open, at, write })
    else write(now)
  }

  #write(id: string, open: OpenIncident, row: IncidentRow, places: SampledEvent[], now: number): void {
    open.writtenAt = now
    open.writes++
    this.#open.set(id, open)
    this.#remember(id)
    this.#say('incident', { tag: 'incident', row }, `incident|${open.key}`)
    const handOver = handOverOf(open, row)
    if (handOver) this.#say(COUNCIL_TOPIC, handOver, `council|${open.key}`)
    if (places.length === 0) return
    this.#say('evidence', {
      tag: 'evidence',
      key: open.key,
      first: open.evidence.length - places.length + 1,
      places,
      indicators: row.triage_note.indicators,
    })
  }

  #remember(id: string): void {
    const { family, key } = partsOf(id)
    const families = this.#families.get(key)
    if (families) families.add(family)
    else this.#families.set(key, new Set([family]))
  }

  #thinWindow({ task, window, prediction, targets: [target] }: Judgement, events: number): PlacedThinWindow {
    const { beside } = task.tracked
    // One event of each source is evidence enough of what all of them do.
    const [place] = beside.exampleGiven ? [] : beside.sample.places(1)
    beside.exampleGiven = true
    return {
      source: task.tracked.window.source,
      threatClass: prediction.threatClass,
      confidence: prediction.confidence,
      anomaly: prediction.anomaly,
      pane: task.last,
      firstTs: window.firstTs,
      lastTs: window.lastTs,
      events,
      host: target?.host ?? null,
      port: target?.port ?? null,
      uncertain: prediction.uncertain,
      detail: null,
      place: place ?? null,
    }
  }
}

/** An incident's name is its family and the key of its source. */
function partsOf(id: string): { family: ClassFamily; key: string } {
  const bar = id.indexOf('|')
  return { family: id.slice(0, bar) as ClassFamily, key: id.slice(bar + 1) }
}

/** Packs the detail of the strongest of each pane and target: in a flood hundreds of reports come at once, and one is shown. */
function withDetails(thin: { judgement: Judgement; report: PlacedThinWindow }[]): PlacedThinWindow[] {
  const strongest = new Map<string, (typeof thin)[number]>()
  for (const one of thin) {
    const { threatClass, host, port, pane } = one.report
    const alike = `${classOf(threatClass).family}|${host}|${port}|${pane}`
    const known = strongest.get(alike)
    if (!known || isStronger(one.report, known.report)) strongest.set(alike, one)
  }
  for (const { judgement, report } of strongest.values())
    report.detail = packDetail(judgement.row, judgement.prediction.output)
  return thin.map(({ report }) => report)
}

function addBackground(
  rows: Map<string, BackgroundRow>,
  { task, window, prediction }: Judgement,
  events: number,
): void {
  const { scope, window: tracked } = task.tracked
  const key = `${scope}|${tracked.source}|${prediction.threatClass}`
  const first_seen = Math.floor(window.firstTs)
  const last_seen = Math.floor(window.lastTs)
  const known = rows.get(key)
  if (!known) {
    const { threatClass: threat_class, confidence } = prediction
    rows.set(key, {
      scope,
      src_ip: tracked.source,
      threat_class,
      windows: 1,
      events,
      confidence,
      first_seen,
      last_seen,
    })
    return
  }
  known.windows++
  known.events += events
  known.confidence = Math.max(known.confidence, prediction.confidence)
  known.first_seen = Math.min(known.first_seen, first_seen)
  known.last_seen = Math.max(known.last_seen, last_seen)
}

function latest(messages: readonly OutboxMessage<Message>[]): OutboxMessage<Message>[] {
  const last = new Map<string, OutboxMessage<Message>>()
  for (const message of messages) if (message.replaces !== null) last.set(message.replaces, message)
  return messages.filter((message) => message.replaces === null || last.get(message.replaces) === message)
}
