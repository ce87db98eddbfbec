import { FEATURE_COUNT } from '../../features/schema.ts'
import { err, ok, type Result } from '../../result.ts'
import type { Trust } from '../../store/schema.ts'
import { CLASS_COUNT } from '../../taxonomy.ts'
import type { EpochMs } from '../../time.ts'
import { hash32, mix32 } from '../../window/hash.ts'
import { type Dataset, selectRows } from '../dataset.ts'
import { holdOutGroups } from '../split.ts'
import type { Untrainable } from '../train.ts'

/** A stored sample with a label, of the present feature schema. */
export interface TrainingSample {
  id: number
  /** 100 values, absent is NaN. */
  features: Float32Array
  /** Class id, 0..6. */
  label: number
  trust: Trust
  /** Address or source entity that it is about. */
  source: string
  /** Event time of its newest event. */
  seenAt: EpochMs
}

/** What a run learns from, in numbers: shown with the run. */
export interface DataReport {
  given: number
  used: number
  /** Left out: beyond a source's share; every value absent. */
  overShare: number
  empty: number
  sources: number
  byTrust: Record<Trust, number>
  /** Of the used samples by class id, length 7. */
  byClass: number[]
  rehearsal: number
  /** Rows of the parts before anything is balanced. */
  parts: { train: number; calibration: number; validation: number }
}

export interface TrainingData {
  train: Dataset
  /** Finds temperature and thresholds; no member learns from it. */
  calibration: Dataset
  /** Measures; nothing else ever sees it. New samples only. */
  validation: Dataset
  report: DataReport
  /** Ids of the used samples, rising. */
  ids: number[]
}

/** A source gives at most so much of all samples, so that nobody teaches the model by shouting (poisoning). */
const SOURCE_SHARE = 0.01
/** Of the samples, for validation and for calibration. */
const PART = 0.2
/** With fewer sources no part says anything of another source. */
const LEAST_SOURCES = 5
/** How much a sample counts against a rehearsal row, by who labelled it. */
const WORTH: Record<Trust, number> = { analyst: 1, council: 0.6, weak: 0.2 }
const RANK: Record<Trust, number> = { analyst: 0, council: 1, weak: 2 }

/**
 * Parts the samples by source and time: the sources that were seen last are the validation part, a fifth of the others,
 * drawn by hash, calibrate, and the rest is learnt from together with the rehearsal set, so that a thousand odd samples
 * cannot make a model forget. Groups of the rehearsal set calibrate too: new samples rarely hold every class.
 */
export function prepareTraining(
  samples: readonly TrainingSample[],
  rehearsal: Dataset,
  { seed }: { seed: number },
): Result<TrainingData, Untrainable> {
  const full = samples.filter(({ features }) => !features.every(Number.isNaN))
  const used = withinShare(full)
  const bySource = Map.groupBy(used, ({ source }) => source)
  const why = untrainable(used, bySource.size)
  if (why !== null) return err({ tag: 'untrainable', why })
  const { validation, calibration, train } = parted(bySource, used.length, seed)
  const held = holdOutGroups(rehearsal, PART, seed)
  const rowsOf = (isHeld: number) =>
    selectRows(
      rehearsal,
      Int32Array.from(rehearsal.labels.keys()).filter((row) => (held?.[row] ?? 0) === isHeld),
    )
  const meanWeight = rehearsal.weights.reduce((sum, weight) => sum + weight, 0) / rehearsal.rows
  const groups = new Map([...bySource.keys()].map((source, i) => [source, firstFreeGroup(rehearsal) + i]))
  const datasetOf = (part: readonly TrainingSample[]) => samplesAsDataset(part, meanWeight, groups)
  const data = {
    train: joined(rowsOf(0), datasetOf(train)),
    calibration: joined(rowsOf(1), datasetOf(calibration)),
    validation: datasetOf(validation),
  }
  const counts = { analyst: 0, council: 0, weak: 0 }
  const byClass = Array<number>(CLASS_COUNT).fill(0)
  for (const { trust, label } of used) {
    counts[trust]++
    byClass[label]!++
  }
  return ok({
    ...data,
    report: {
      given: samples.length,
      used: used.length,
      overShare: full.length - used.length,
      empty: samples.length - full.length,
      sources: bySource.size,
      byTrust: counts,
      byClass,
      rehearsal: rehearsal.rows,
      parts: { train: data.train.rows, calibration: data.calibration.rows, validation: data.validation.rows },
    },
    ids: used.map(({ id }) => id).sort((a, b) => a - b),
  })
}

function untrainable(used: readonly TrainingSample[], sources: number): string | null {
  if (used.length === 0) return 'there are no samples with a label'
  if (sources < LEAST_SOURCES)
    return `all samples are of ${sources} ${sources === 1 ? 'source' : 'sources'}; at least ${LEAST_SOURCES} are needed`
  const classes = new Set(used.map(({ label }) => label))
  return classes.size > 1 ? null : 'all samples are of one class: there is nothing to tell apart'
}

/** Of each source the most trusted samples, of these the newest, at most 1 % of all (one at least). */
function withinShare(samples: readonly TrainingSample[]): TrainingSample[] {
  const most = Math.max(1, Math.floor(SOURCE_SHARE * samples.length))
  return [...Map.groupBy(samples, ({ source }) => source).values()].flatMap((own) =>
    own.toSorted((a, b) => RANK[a.trust] - RANK[b.trust] || b.seenAt - a.seenAt || a.id - b.id).slice(0, most),
  )
}

function parted(bySource: ReadonlyMap<string, TrainingSample[]>, all: number, seed: number) {
  const sources = [...bySource]
    .map(([source, own]) => ({ source, own, newest: Math.max(...own.map(({ seenAt }) => seenAt)) }))
    .sort((a, b) => b.newest - a.newest || (a.source < b.source ? -1 : 1))
  const validation: TrainingSample[] = []
  while (validation.length < PART * all && sources.length > 2) validation.push(...sources.shift()!.own)
  sources.sort((a, b) => hash32(a.source, seed) - hash32(b.source, seed))
  const calibration: TrainingSample[] = []
  while (calibration.length < PART * all && sources.length > 1) calibration.push(...sources.shift()!.own)
  return { validation, calibration, train: sources.flatMap(({ own }) => own) }
}

function samplesAsDataset(
  samples: readonly TrainingSample[],
  meanWeight: number,
  groups: ReadonlyMap<string, number>,
): Dataset {
  const features = new Float32Array(samples.length * FEATURE_COUNT)
  samples.forEach((sample, row) => {
    features.set(sample.features, row * FEATURE_COUNT)
  })
  return {
    features,
    rows: samples.length,
    columns: FEATURE_COUNT,
    labels: Uint8Array.from(samples, ({ label }) => label),
    weights: Float32Array.from(samples, ({ trust }) => WORTH[trust] * meanWeight),
    groups: Int32Array.from(samples, ({ source }) => groups.get(source)!),
  }
}

const firstFreeGroup = ({ groups }: Dataset): number => groups.reduce((most, group) => Math.max(most, group), -1) + 1

function joined(a: Dataset, b: Dataset): Dataset {
  const features = new Float32Array(a.features.length + b.features.length)
  features.set(a.features)
  features.set(b.features, a.features.length)
  return {
    features,
    rows: a.rows + b.rows,
    columns: a.columns,
    labels: Uint8Array.of(...a.labels, ...b.labels),
    weights: Float32Array.of(...a.weights, ...b.weights),
    groups: Int32Array.of(...a.groups, ...b.groups),
  }
}

/**
 * The rehearsal set: of each class rows drawn by weight without replacement (Efraimidis and Spirakis 2006), which then
 * count alike and together what the class counted.
 */
export function rehearsalOf(dataset: Dataset, perClass: number): Dataset {
  const rows = Array.from({ length: CLASS_COUNT }, (_, k) => {
    const own = [...dataset.labels.keys()].filter((row) => dataset.labels[row] === k && dataset.weights[row]! > 0)
    const keyed = own.map((row) => ({ row, key: ((mix32(row + 1) + 1) / 2 ** 32) ** (1 / dataset.weights[row]!) }))
    const drawn = keyed.sort((a, b) => b.key - a.key).slice(0, perClass)
    return { drawn: drawn.map(({ row }) => row), weight: own.reduce((sum, row) => sum + dataset.weights[row]!, 0) }
  })
  const chosen = selectRows(dataset, Int32Array.from(rows.flatMap(({ drawn }) => drawn)))
  chosen.weights = Float32Array.from(rows.flatMap(({ drawn, weight }) => drawn.map(() => weight / drawn.length)))
  return chosen
}
