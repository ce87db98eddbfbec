import type { Database } from '../../adapters/d1/database.ts'
import { type MadeModel, TrainingRuns } from '../../adapters/d1/training-runs.ts'
import { unusedSamples } from '../../adapters/d1/unused-samples.ts'
import { loadClassifier } from '../../adapters/onnx/classifier.ts'
import { modelKeys, putModel } from '../../adapters/r2/model-objects.ts'
import { parseManifest, sealManifest, sha256 } from '../../core/ensemble/manifest.ts'
import type { Classifier, ModelManifest, ModelRefusal } from '../../core/ensemble/prediction.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../../core/features/schema.ts'
import { balanced, balancePlan, syntheticOf } from '../../core/learning/balance/balance.ts'
import type { Between } from '../../core/learning/balance/oversample.ts'
import type { Dataset } from '../../core/learning/dataset.ts'
import { decodeDataset, encodeDataset } from '../../core/learning/dataset-bytes.ts'
import { type CalibrationFound, type FinishedModel, finishModel } from '../../core/learning/retraining/finish-model.ts'
import { type Comparison, gate } from '../../core/learning/retraining/gate.ts'
import { rowFigures } from '../../core/learning/retraining/model-figures.ts'
import { advanced, ended, entered, type TrainingRun } from '../../core/learning/retraining/run.ts'
import { decodeSamples, encodeSamples } from '../../core/learning/retraining/sample-bytes.ts'
import { prepareTraining } from '../../core/learning/retraining/training-data.ts'
import type { unitsInStep } from '../../core/learning/retraining/unit-cost.ts'
import type { TrainOptions } from '../../core/learning/train.ts'
import type { Result } from '../../core/result.ts'
import { CLASS_COUNT } from '../../core/taxonomy.ts'
import type { EpochMs } from '../../core/time.ts'
import { judgeRows } from './judge-rows.ts'
import type { MembersInMemory } from './members-in-memory.ts'
import type { PartKind, RunStore } from './run-store.ts'
import type { ShippedSets } from './sets.ts'

/** Samples that a run looks at, and those in one question to D1. */
export const MOST_SAMPLES = 20_000
const PAGE = 1_000

const SCHEMA = { hash: SCHEMA_HASH, columns: FEATURE_COUNT }

/** What steps work with. */
export interface StepWorld extends ShippedSets {
  store: RunStore
  db: Database
  models: R2Bucket
  members: MembersInMemory
  /** The model that serves. */
  serving: () => Promise<Result<Classifier, ModelRefusal>>
  options: (seed: number) => TrainOptions
  unitsInStep: typeof unitsInStep
}

/** What a step has come to: both are done in one transaction, on the run as it is by then. */
export interface StepDone {
  write: () => void
  next: (run: TrainingRun) => TrainingRun
}

/** Does what the run's step asks for, once. It writes nothing itself but what may be written twice (R2, D1). */
export function doStep(world: StepWorld, run: TrainingRun, now: EpochMs): Promise<StepDone> | StepDone {
  switch (run.step) {
    case 'collect':
      return collect(world, run)
    case 'prepare':
      return prepare(world, run, now)
    case 'balance':
      return balanceClasses(world, run)
    case 'train':
      return train(world, run, now)
    case 'calibrate':
      return calibrate(world, run)
    case 'judge':
      return judge(world, run)
    case 'store':
      return storeModel(world, run, now)
    case 'record':
      return record(world, run)
  }
}

async function collect({ store, db }: StepWorld, run: TrainingRun): Promise<StepDone> {
  const limit = Math.min(PAGE, MOST_SAMPLES - run.samplesRead)
  const { samples, skipped, next } = await unusedSamples(db, SCHEMA, run.startedAt, run.cursor, limit)
  return {
    write: () => {
      if (samples.length > 0) store.write('samples', store.count('samples'), encodeSamples(samples))
    },
    next: (one) => {
      const samplesRead = one.samplesRead + samples.length
      const read = { ...one, samplesRead, samplesSkipped: one.samplesSkipped + skipped, cursor: next }
      return next === null || samplesRead >= MOST_SAMPLES ? entered(read, 'prepare') : advanced(read, samplesRead, null)
    },
  }
}

function prepare({ store, rehearsal }: StepWorld, run: TrainingRun, now: EpochMs): StepDone {
  const pages = Array.from({ length: store.count('samples') }, (_, n) => decodeSamples(store.read('samples', n)))
  const samples = pages.flat().sort((a, b) => a.id - b.id)
  const prepared = prepareTraining(samples, rehearsal(), { seed: run.seed })
  if (!prepared.ok) return { write: () => {}, next: (one) => ended(one, 'failed', prepared.error.why, now) }
  const { train, calibration, validation, report, ids } = prepared.value
  return {
    write: () => {
      writeDataset(store, 'train', train)
      writeDataset(store, 'calibration', calibration)
      writeDataset(store, 'validation', validation)
      writeJson(store, 'ids', { seen: samples.map(({ id }) => id), used: ids } satisfies SampleIds)
      store.drop('samples')
    },
    next: (one) => entered({ ...one, data: report }, 'balance'),
  }
}

/** A class at a time: seeking its neighbours is what takes long. */
function balanceClasses({ store, options }: StepWorld, run: TrainingRun): StepDone {
  const dataset = readDataset(store, 'train')
  const plan = balancePlan(dataset.labels)
  const threatClass = store.count('synthetic')
  if (threatClass < CLASS_COUNT) {
    const made = syntheticOf(dataset, options(run.seed).log1p, run.seed, plan, threatClass)
    return {
      write: () => writeJson(store, 'synthetic', made, threatClass),
      next: (one) => advanced(one, threatClass + 1, CLASS_COUNT),
    }
  }
  const made = Array.from({ length: CLASS_COUNT }, (_, k) => readJson<Between[]>(store, 'synthetic', k)).flat()
  const whole = balanced(dataset, plan, made)
  return {
    write: () => {
      writeDataset(store, 'balanced', whole.dataset)
      store.drop('synthetic')
    },
    next: (one) => entered({ ...one, balance: whole.report }, 'train'),
  }
}

function train({ store, members, options, unitsInStep }: StepWorld, run: TrainingRun, now: EpochMs): StepDone {
  const training = members.of(run.id, store.count('made'), () => {
    const { log1p, members: how } = options(run.seed)
    return { dataset: readDataset(store, 'balanced'), log1p, options: how, seed: run.seed }
  })
  const made = training.next === null ? [] : training.advance(unitsInStep(training.next.member, training.rows))
  return {
    write: () => {
      for (const { n, bytes } of made) store.write('made', n, bytes)
    },
    next: (one) => {
      const begun = {
        ...one,
        trainingSince: one.trainingSince ?? now,
        losses: [...one.losses, ...made.flatMap(({ loss }) => (loss === null ? [] : [loss]))],
      }
      return training.next === null
        ? entered(begun, 'calibrate')
        : advanced(begun, one.done + made.length, training.total)
    },
  }
}

async function calibrate({ store, members, options }: StepWorld, run: TrainingRun): Promise<StepDone> {
  const how = options(run.seed)
  const training = members.of(run.id, store.count('made'), () => ({
    dataset: readDataset(store, 'balanced'),
    log1p: how.log1p,
    options: how.members,
    seed: run.seed,
  }))
  const trained = training.members()
  const { graph, learnt, calibration } = finishModel(
    trained,
    readDataset(store, 'train'),
    readDataset(store, 'calibration'),
    how,
  )
  const version = `${run.id.slice(0, 10).replaceAll('-', '')}-${(await sha256(graph)).slice(0, 8)}`
  return {
    write: () => {
      store.write('graph', 0, graph)
      writeJson(store, 'learnt', { learnt, calibration } satisfies Learnt)
      store.drop('made', 'balanced', 'train', 'calibration')
      members.letGo()
    },
    next: (one) => entered({ ...one, version }, 'judge'),
  }
}

async function judge({ store, serving, golden }: StepWorld, run: TrainingRun): Promise<StepDone> {
  const graph = store.read('graph')
  const { learnt, calibration } = readJson<Learnt>(store, 'learnt')
  const old = await serving()
  if (!old.ok) throw new Error(`the serving model cannot be compared with: ${old.error.why}`)
  const frame = {
    version: run.version!,
    schema_hash: SCHEMA_HASH,
    parent: old.value.manifest.version,
    created_from: `${run.data!.used} samples and ${run.data!.rehearsal} windows of the rehearsal set`,
  }
  const file = { graph, manifest: await sealManifest(learnt, { ...frame, metrics: {} }, graph), schema: SCHEMA }
  const candidate = await loadClassifier(file, () => import('../../adapters/onnx/workers-runtime.ts'))
  if (!candidate.ok) throw new Error(`the model that was made is refused: ${candidate.error.why}`)
  let validation: Comparison
  let unchanging: Comparison
  try {
    validation = await compare(readDataset(store, 'validation'), old.value, candidate.value)
    unchanging = await compare(golden(), old.value, candidate.value)
  } finally {
    await candidate.value.release()
  }
  const { checks } = gate(validation, unchanging, run.seed)
  const metrics = {
    measured_on: `the newest sources among the samples, and the golden set; neither was trained on`,
    validation: rowFigures(validation.labels, validation.candidate),
    golden: rowFigures(unchanging.labels, unchanging.candidate),
    parent: {
      validation: rowFigures(validation.labels, validation.serving),
      golden: rowFigures(unchanging.labels, unchanging.serving),
    },
    calibration,
    data: run.data,
    balance: run.balance,
  }
  const manifest = await sealManifest(learnt, { ...frame, metrics }, graph)
  return {
    write: () => writeJson(store, 'manifest', manifest),
    next: (one) => entered({ ...one, checks }, 'store'),
  }
}

async function storeModel({ store, models }: StepWorld, run: TrainingRun, now: EpochMs): Promise<StepDone> {
  await putModel(models, manifestOf(store), store.read('graph'))
  const failures = run.checks!.filter(({ passed }) => !passed)
  return {
    write: () => {},
    next: (one) =>
      failures.length === 0
        ? ended(one, 'passed', 'it passed every check', now)
        : ended(one, 'rejected', failures.map(({ name, why }) => `${name}: ${why}`).join('. '), now),
  }
}

async function record({ store, db, members }: StepWorld, run: TrainingRun): Promise<StepDone> {
  const isMade = run.outcome?.kind === 'passed' || run.outcome?.kind === 'rejected'
  const manifest = isMade ? manifestOf(store) : null
  const model: MadeModel | null = manifest && {
    manifest,
    checks: run.checks!,
    isPassed: run.outcome?.kind === 'passed',
    ...modelKeys(manifest),
  }
  const samples = store.count('ids') > 0 ? readJson<SampleIds>(store, 'ids') : { seen: [], used: [] }
  await new TrainingRuns(db).end(run, model, samples)
  return {
    write: () => {
      store.dropAll()
      members.letGo()
    },
    next: (one) => ({ ...one, isRecorded: true, attempts: 0, lastError: null }),
  }
}

async function compare(rows: Dataset, serving: Classifier, candidate: Classifier): Promise<Comparison> {
  return {
    labels: rows.labels,
    groups: rows.groups,
    serving: await judgeRows(serving, rows),
    candidate: await judgeRows(candidate, rows),
  }
}

/** As they are kept between steps. */
interface SampleIds {
  seen: number[]
  used: number[]
}
interface Learnt {
  learnt: FinishedModel['learnt']
  calibration: CalibrationFound
}

function manifestOf(store: RunStore): ModelManifest {
  const read = parseManifest(readJson(store, 'manifest'))
  if (!read.ok) throw new Error(read.error.why)
  return read.value
}

const writeDataset = (store: RunStore, kind: PartKind, dataset: Dataset): void =>
  store.write(kind, 0, encodeDataset(dataset, SCHEMA_HASH))

function readDataset(store: RunStore, kind: PartKind): Dataset {
  const read = decodeDataset(store.read(kind), SCHEMA_HASH)
  if (!read.ok) throw new Error(`${kind}: ${read.error.why}`)
  return read.value
}

const writeJson = (store: RunStore, kind: PartKind, value: unknown, n = 0): void =>
  store.write(kind, n, new TextEncoder().encode(JSON.stringify(value)))

const readJson = <Value>(store: RunStore, kind: PartKind, n = 0): Value =>
  JSON.parse(new TextDecoder().decode(store.read(kind, n)))
