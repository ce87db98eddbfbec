import { fillContext, fillIntel } from '../../core/features/extract.ts'
import type { Docket } from '../../core/incidents/judge.ts'
import type { IntelSnapshot } from '../../core/intel/snapshot.ts'
import { packQuestions, unpackContexts, widest } from '../../core/window/graph-wire.ts'
import type { GraphContext } from '../../core/window/target-table.ts'
import type { SensorPort } from '../names.ts'
import type { LiveIntel } from './live-intel.ts'

/** Completes vectors with what a window does not hold itself: the targets' side, and what others know of the source. */
export class Completion {
  readonly #sensors: { getByName(name: string): Pick<SensorPort, 'contexts'> }
  readonly #live: LiveIntel
  readonly #partition: string

  constructor(sensors: { getByName(name: string): Pick<SensorPort, 'contexts'> }, live: LiveIntel, partition: string) {
    this.#sensors = sensors
    this.#live = live
    this.#partition = partition
  }

  async complete(feed: string, docket: Docket, intel: IntelSnapshot): Promise<void> {
    const contexts = await this.#contextsOf(feed, docket)
    for (const [i, context] of contexts.entries()) fillContext(docket.extraction, i, context)
    if (!intel.hasLists && !this.#live.isAnyKnown) return
    for (const [i, { tracked, last }] of docket.tasks.entries()) {
      const contacts = tracked.beside.seen.contactsUpTo(last)
      const { source } = tracked.window
      const { lastTs } = docket.windows[i]!
      fillIntel(docket.extraction, i, intel.contextOf(source, lastTs, contacts, this.#live.of(source)))
    }
  }

  /** What the sensors saw on the targets' side; a sensor that does not answer leaves those features absent. */
  async #contextsOf(feed: string, { tasks, extraction }: Docket): Promise<(GraphContext | null)[]> {
    const contexts = new Array<GraphContext | null>(tasks.length).fill(null)
    const bySensor = new Map<string, number[]>()
    tasks.forEach(({ tracked }, i) => {
      if (extraction.hosts[i] === null) return
      for (const sensor of tracked.beside.sensors) {
        const rows = bySensor.get(sensor)
        if (rows) rows.push(i)
        else bySensor.set(sensor, [i])
      }
    })
    await Promise.all(
      [...bySensor].map(async ([sensor, rows]) => {
        const questions = rows.map((i) => ({ last: tasks[i]!.last, question: extraction.questions[i]! }))
        try {
          const packed = await this.#sensors.getByName(sensor).contexts(feed, packQuestions(questions))
          unpackContexts(packed).forEach((context, j) => {
            const i = rows[j]!
            contexts[i] = widest(contexts[i]!, context)
          })
        } catch (error) {
          console.error(JSON.stringify({ partition: this.#partition, what: 'context', sensor, error: String(error) }))
        }
      }),
    )
    return contexts
  }
}
