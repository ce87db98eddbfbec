import { SCHEMA_HASH } from '../features/schema.ts'
import { classOf } from '../taxonomy.ts'
import type { EpochMs } from '../time.ts'
import { hash32 } from '../window/hash.ts'
import type { Judgement } from './judge.ts'
import { shortest } from './record.ts'

/** Of windows that may be sampled one in so many is. */
const ONE_IN = 64
const DAY_MS = 86_400_000

/** A judged window that opened no incident, as the learning loop stores it. */
export interface WindowSample {
  /** One source gives one a day. */
  sample_key: string
  features: (number | null)[]
  schema_hash: string
  model_version: string
  ml_prediction: string
  ml_confidence: number
  /** The prediction where it was trusted; null where it was not: a model learns nothing from its own doubts. */
  correct_label: string | null
  src_ip: string
  /** Event time of the window's last event. */
  seen_at: EpochMs
  created_at: EpochMs
}

/**
 * Whether a window stands for those that opened nothing: one that is trusted to be ordinary, or one that would have been
 * verified and was too little for an incident. By its content, so that a replay takes the same ones. A source that is
 * remembered for an incident gives none: its quiet windows are no example of ordinary ones.
 */
export function isSampled({ consequence, prediction, task }: Judgement): boolean {
  if (consequence.tag === 'incident' || prediction.route === 'INVESTIGATE') return false
  if (prediction.route === 'TRUST' && prediction.threatClass !== 0) return false
  const { window, beside } = task.tracked
  if (hash32(`${window.source}|${task.last}`, 17) % ONE_IN !== 0) return false
  return Object.keys(beside.standing.incidents).length === 0
}

/** Names the sample of a source's day, in event time. */
export const sampleKeyOf = ({ task, window }: Judgement): string =>
  `window|${task.tracked.key}|${Math.floor(window.lastTs / DAY_MS)}`

export function windowSample(judgement: Judgement, modelVersion: string, now: EpochMs): WindowSample {
  const { task, window, row, prediction } = judgement
  const { name } = classOf(prediction.threatClass)
  return {
    sample_key: sampleKeyOf(judgement),
    features: Array.from(row, (value) => (Number.isNaN(value) ? null : shortest(value))),
    schema_hash: SCHEMA_HASH,
    model_version: modelVersion,
    ml_prediction: name,
    ml_confidence: prediction.confidence,
    correct_label: prediction.route === 'TRUST' ? name : null,
    src_ip: task.tracked.window.source,
    seen_at: Math.floor(window.lastTs),
    created_at: now,
  }
}
