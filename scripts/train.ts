import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { sealManifest } from '../core/ensemble/manifest.ts'
import { SCHEMA_HASH } from '../core/features/schema.ts'
import { encodeDataset } from '../core/learning/dataset-bytes.ts'
import { generatedCaptures, isSshSite } from '../core/learning/generated-captures.ts'
import { foldsOf, predictorOf, type ReadCapture, readCapture } from '../core/learning/leave-one-out.ts'
import { modelCard } from '../core/learning/model-card.ts'
import { rehearsalOf } from '../core/learning/retraining/training-data.ts'
import {
  GENERATED_SEEDS,
  GOLDEN_ROWS,
  GOLDEN_SEED,
  REHEARSAL_ROWS,
  shippedOptions,
} from '../core/learning/shipped-options.ts'
import { sshTrial } from '../core/learning/ssh-trial.ts'
import { trainEnsemble } from '../core/learning/train.ts'
import { trainingSet } from '../core/learning/training-set.ts'
import { readCaptures } from './data/labelled-events.ts'
import { ablation, leaveOneSourceOut } from './data/leave-one-out.ts'
import { scoreCaptures } from './data/score-captures.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { createProgress } from './local/progress.ts'

const HELP = `npm run train -- --data DIR --out DIR: trains the ensemble that ships.

  --data DIR             events/*.ndjson.gz in it: canonical events with raw_source, class, weak_class
  --out DIR              where ensemble.onnx, manifest.json, MODEL_CARD.md, rehearsal.bin and golden.bin are written
  --sets-only            writes rehearsal.bin (what a retrained model is not to forget) and golden.bin alone
  --seed N               (1) the same data and seed give the same bytes
  --skip-leave-one-out   leaves out what it is worth on unseen sources, which takes most of the time; the card says so, and
                         neither what an ensemble that is taught no made-up SSH makes of it
  --ablation             measures what each group of features is worth, for the card; takes as long again
`

/** Raised by hand when a model of another kind ships; the bytes' digest follows it. */
const GENERATION = '1'

async function train(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      out: { type: 'string' },
      seed: { type: 'string', default: '1' },
      'sets-only': { type: 'boolean', default: false },
      'skip-leave-one-out': { type: 'boolean', default: false },
      ablation: { type: 'boolean', default: false },
    },
  })
  if (!values.data || !values.out) throw new Error('name --data DIR and --out DIR; --help tells more')
  const seed = Number(values.seed)
  if (!Number.isInteger(seed)) throw new Error(`--seed is ${values.seed}, not a whole number`)
  const captures = (await readCaptures(values.data)).map(readCapture)
  const generated = generatedCaptures(GENERATED_SEEDS).map(readCapture)
  const options = shippedOptions(seed)
  const dataset = trainingSet([...captures, ...generated])
  mkdirSync(values.out, { recursive: true })
  const writeSet = (name: string, from: readonly ReadCapture[], rows: number) =>
    writeFileSync(path.join(values.out!, name), encodeDataset(rehearsalOf(trainingSet(from), rows), SCHEMA_HASH))
  // Of our own traffic only: captures that others made are learnt from and not passed on.
  writeSet('rehearsal.bin', generated, REHEARSAL_ROWS)
  writeSet('golden.bin', generatedCaptures([GOLDEN_SEED]).map(readCapture), GOLDEN_ROWS)
  if (values['sets-only']) return 0

  const progress = createProgress('training', { total: null, unit: 'steps', rate: false })
  let steps = 0
  const trained = trainEnsemble(dataset, options, () => progress.update(++steps))
  progress.end()
  if (!trained.ok) throw new Error(trained.error.why)
  const ssh = await sshTrial(predictorOf(trained.value))
  const seen = await scoreCaptures(captures, predictorOf(trained.value))

  const names = foldsOf(captures).map(({ name }) => name)
  const start = { data: values.data, seed }
  const withProgress = async <Outcome>(title: string, work: (onFold: (done: number) => void) => Promise<Outcome>) => {
    const folds = createProgress(title, { total: names.length, unit: 'captures', rate: false })
    const outcome = await work((done) => folds.update(done))
    folds.end()
    return outcome
  }

  let unseen = null
  let untaughtSsh = null
  if (!values['skip-leave-one-out']) {
    unseen = await withProgress('leave one source out', (onFold) => leaveOneSourceOut(names, start, onFold))
    const untaught = trainEnsemble(
      trainingSet([...captures, ...generated.filter(({ name }) => !isSshSite(name))]),
      options,
    )
    if (untaught.ok) untaughtSsh = await sshTrial(predictorOf(untaught.value))
  }
  const byGroup = values.ablation ? await withProgress('ablation', (onFold) => ablation(names, start, onFold)) : null

  const { onnx, manifest: learnt } = trained.value
  const frame = {
    version: GENERATION,
    schema_hash: SCHEMA_HASH,
    parent: null,
    created_from: `${captures.length} captures, ${generated.length} generated ones, ${dataset.rows} windows`,
    metrics: {
      leave_one_source_out: unseen,
      training_data: { all: seen.all, five_plus: seen.five_plus, sources: seen.sources },
    },
  }
  const sealed = await sealManifest(learnt, frame, onnx)
  const manifest = { ...sealed, version: `${GENERATION}-${sealed.sha256.slice(0, 8)}` }
  writeFileSync(path.join(values.out, 'ensemble.onnx'), onnx)
  writeFileSync(path.join(values.out, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`)
  const card = modelCard({
    manifest,
    bytes: onnx.length,
    trainingWindows: dataset.rows,
    captures: captures.map(({ name, windows }) => ({
      name,
      windows: windows.filter(({ label }) => label !== null).length,
      weak: windows.filter(({ label, weakLabel }) => label === null && weakLabel !== null).length,
    })),
    generated: generated.map(({ name, windows }) => ({ name, windows: windows.length })),
    unseen,
    seen,
    ssh,
    untaughtSsh,
    ablation: byGroup,
  })
  writeFileSync(path.join(values.out, 'MODEL_CARD.md'), card)
  process.stdout.write(`wrote ${values.out}: ensemble ${manifest.version}, ${onnx.length} bytes\n`)
  return 0
}

const args = process.argv.slice(2)
if (!askedForHelp(args, HELP)) await runCommand(() => train(args))
