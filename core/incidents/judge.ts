import { decide } from '../ensemble/decide.ts'
import type { ModelManifest, ModelOutput, Prediction } from '../ensemble/prediction.ts'
import { type Extraction, extractInto, newExtraction } from '../features/extract.ts'
import { FEATURE_COUNT } from '../features/schema.ts'
import type { TargetCount } from '../store/schema.ts'
import { C } from '../window/counters.ts'
import type { JudgementTask } from '../window/window-table.ts'
import type { Beside } from './beside.ts'
import { type Consequence, consequenceOf } from './standing.ts'

/** Windows taken out for judgement: features but for their context, and what of the window is needed afterwards. */
export interface Docket {
  tasks: JudgementTask<Beside>[]
  extraction: Extraction
  windows: { events: number; firstTs: number; lastTs: number; newEvents: number; judgedEvents: number }[]
}

/** A window with its prediction and what follows from it. */
export interface Judgement {
  task: JudgementTask<Beside>
  window: Docket['windows'][number]
  /** Its features; where nothing follows, a part of the whole docket's. */
  row: Float32Array
  prediction: Prediction
  consequence: Consequence
  /** The source's targets so far, busiest first; none where nothing follows. */
  targets: TargetCount[]
}

/** Reads the windows as they stand now; the sensor's context is filled in later. */
export function docketOf(tasks: JudgementTask<Beside>[]): Docket {
  const extraction = newExtraction(tasks.length)
  const settledBefore = new Map<JudgementTask<Beside>['tracked'], number>()
  const windows = tasks.map(({ tracked, last, taken }) => {
    const view = tracked.window.view(last)
    const { firstTs, lastTs } = extractInto(extraction, view)
    const newEvents = taken.reduce((sum, { events }) => sum + events, 0)
    const waiting = tracked.pending.reduce((sum, { events }) => sum + events, 0)
    const earlier = settledBefore.get(tracked) ?? 0
    settledBefore.set(tracked, earlier + newEvents)
    // Of all its events those judged before, those that earlier tasks of this docket judge, and its own.
    const judgedEvents = tracked.window.cursor - waiting + earlier + newEvents
    return { events: view.merged.counters[C.events]!, firstTs, lastTs, newEvents, judgedEvents }
  })
  return { tasks, extraction, windows }
}

/**
 * Decides each window of the docket, in order, and takes it into its source's standing. Nothing follows from a window of a
 * source that `isAllowed`, and nothing is held against it.
 */
export function judge(
  docket: Docket,
  outputs: readonly ModelOutput[],
  model: { manifest: Pick<ModelManifest, 'thresholds' | 'anomaly_threshold'> },
  isAllowed: (source: string) => boolean = () => false,
): Judgement[] {
  return docket.tasks.map((task, i) => {
    const prediction = decide(outputs[i]!, model.manifest)
    const window = docket.windows[i]!
    const { beside } = task.tracked
    const consequence: Consequence = isAllowed(task.tracked.window.source)
      ? { tag: 'nothing' }
      : consequenceOf(beside.standing, { last: task.last, ...window }, prediction)
    const targets = consequence.tag === 'nothing' ? [] : beside.targetsUpTo(task.last)
    if (consequence.tag === 'nothing') beside.passTargets(task.last)
    const place = [i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT] as const
    const { rows } = docket.extraction
    // Of most windows nothing follows: a copy of each costs more than its decision.
    const row = consequence.tag === 'nothing' ? rows.subarray(...place) : rows.slice(...place)
    return { task, window, row, prediction, consequence, targets }
  })
}
