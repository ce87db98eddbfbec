import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { loadClassifier } from '../adapters/onnx/classifier.ts'
import { FEATURE_COUNT, SCHEMA_HASH } from '../core/features/schema.ts'
import { type CouncilTrial, councilTrial, TRIAL_PASSES } from '../core/learning/council-trial.ts'
import type { Report, windowFigures } from '../core/learning/evaluate.ts'
import { foldsOf, readCapture } from '../core/learning/leave-one-out.ts'
import { type SshTrial, sshTrial } from '../core/learning/ssh-trial.ts'
import { uncertainWindows } from '../core/learning/uncertain-windows.ts'
import { shippedRules } from '../core/rules/shipped.ts'
import { keptFolds } from './data/kept-folds.ts'
import { readCaptures } from './data/labelled-events.ts'
import { reportOf, scoredFolds } from './data/leave-one-out.ts'
import { printedCouncilTrial } from './data/print-council-trial.ts'
import { printedSshTrial } from './data/print-ssh-trial.ts'
import { scoreCaptures } from './data/score-captures.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { createProgress } from './local/progress.ts'
import { inRoot } from './local/repository.ts'

const HELP = `npm run evaluate -- --data DIR [options], or --ssh-trial: what a model is worth on labelled events, through the same windows,
features, ensemble and opening rule as the running system.

  --data DIR               events/*.ndjson.gz in it: canonical events with raw_source, class (0-6 or null), weak_class
  --model DIR              ensemble.onnx and manifest.json (models)
  --leave-one-source-out   trains an ensemble per capture on all the others instead, and judges with that
  --rules                  with --leave-one-source-out: the windows that the ensemble does not trust, judged by the
                           council with scenario rules alone; the ensemble without and with its verdicts, side by side
  --folds FILE             with --leave-one-source-out: keeps what the ensembles made of their captures there, or takes it
                           from there without training
  --ssh-trial              made-up SSH log-ins and guessers instead of --data: whom the model takes for what
  --seed N                 of those trainings (1)
  --json OUT               writes all figures there; - is stdout
`

interface Options {
  /** Null: the SSH trial. */
  data: string | null
  model: string
  leaveOneOut: boolean
  rules: boolean
  folds: string | undefined
  seed: number
  json: string | undefined
}

function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: 'string' },
      model: { type: 'string' },
      'leave-one-source-out': { type: 'boolean', default: false },
      rules: { type: 'boolean', default: false },
      folds: { type: 'string' },
      'ssh-trial': { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      json: { type: 'string' },
    },
  })
  if (!values.data && !values['ssh-trial']) throw new Error('name --data DIR; --help tells more')
  if (values.rules && !values['leave-one-source-out']) {
    throw new Error('--rules needs --leave-one-source-out: a model that knows the windows is not in doubt about them')
  }
  if (values.folds && !values['leave-one-source-out']) throw new Error('--folds needs --leave-one-source-out')
  const seed = Number(values.seed)
  if (!Number.isInteger(seed)) throw new Error(`--seed is ${values.seed}, not a whole number`)
  return {
    data: values['ssh-trial'] ? null : values.data!,
    model: values.model ?? inRoot('models'),
    leaveOneOut: values['leave-one-source-out'],
    rules: values.rules,
    folds: values.folds,
    seed,
    json: values.json,
  }
}

async function evaluate({ data, ...options }: Options): Promise<number> {
  if (data === null) {
    const trial = await sshTrial(await modelAt(options.model))
    return told(trial, printedSshTrial(trial), options.json)
  }
  const captures = (await readCaptures(data)).map(readCapture)
  const labelled = foldsOf(captures).length
  if (labelled === 0) throw new Error(`no event in ${data} has a class: there is nothing to score`)
  const progress = createProgress('evaluate', { total: labelled, unit: 'captures', rate: false })
  const onFold = (done: number) => progress.update(done)
  if (!options.leaveOneOut) {
    const figures = await scoreCaptures(captures, await modelAt(options.model), onFold)
    progress.end()
    return told(figures, printed(figures), options.json)
  }
  const { seed } = options
  const held = foldsOf(captures)
  const names = held.map(({ name }) => name)
  const folds = await keptFolds(options.folds, captures, seed, () => scoredFolds(names, { data, seed }, onFold))
  progress.end()
  const figures = reportOf(folds)
  if (!options.rules) return told(figures, printed(figures), options.json)
  const windows = held.flatMap(({ events }, i) => uncertainWindows(events, folds[i]!.windows))
  const passes = createProgress('council', { total: TRIAL_PASSES, unit: 'passes over the windows', rate: false })
  const council = await councilTrial(shippedRules(), windows, seed, (done) => passes.update(done))
  passes.end()
  return told({ ...figures, council }, `${printed(figures)}\n${printedCouncilTrial(council)}`, options.json)
}

function told(
  figures: Report | SshTrial | (Report & { council: CouncilTrial }),
  text: string,
  json: string | undefined,
): number {
  const whole = `${JSON.stringify(figures, null, 1)}\n`
  process.stdout.write(json === '-' ? whole : text)
  if (json && json !== '-') writeFileSync(json, whole)
  return 0
}

async function modelAt(folder: string) {
  const loaded = await loadClassifier(
    {
      graph: readFileSync(path.join(folder, 'ensemble.onnx')),
      manifest: JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')),
      schema: { hash: SCHEMA_HASH, columns: FEATURE_COUNT },
    },
    () => import('../adapters/onnx/node-runtime.ts'),
  )
  if (!loaded.ok) throw new Error(`the model in ${folder} is refused: ${loaded.error.why}`)
  return loaded.value
}

const figure = (value: number | null, digits = 3) => (value === null ? 'none' : value.toFixed(digits))

function printed(figures: Report): string {
  const line = (name: string, part: ReturnType<typeof windowFigures>) =>
    `${name.padEnd(36)} ${String(part.windows).padStart(7)} ${figure(part.macro_f1).padStart(8)} ${figure(part.accuracy).padStart(8)} ${figure(part.attack_recall).padStart(8)} ${figure(part.false_positive_rate).padStart(8)} ${figure(part.ece).padStart(8)}`
  const classes = Object.entries(figures.five_plus.per_class).map(
    ([name, c]) =>
      `${name.padEnd(36)} ${String(c.support).padStart(7)} ${figure(c.precision).padStart(9)} ${figure(c.recall).padStart(8)} ${figure(c.f1).padStart(8)}`,
  )
  const { sources, five_plus } = figures
  const routes = five_plus.routes
    ? Object.entries(five_plus.routes).map(
        ([name, { share, accuracy }]) => `${name} ${figure(share)} of windows, ${figure(accuracy)} right`,
      )
    : []
  return `${[
    `${'windows'.padEnd(36)} ${'number'.padStart(7)} ${'macro-F1'.padStart(8)} ${'accuracy'.padStart(8)} ${'recall'.padStart(8)} ${'false+'.padStart(8)} ${'ece'.padStart(8)}`,
    line('all', figures.all),
    line('of 5 events and more', five_plus),
    ...Object.entries(figures.by_source).map(([name, part]) => line(name, part)),
    '',
    `${'class (windows of 5 events and more)'.padEnd(36)} ${'number'.padStart(7)} ${'precision'.padStart(9)} ${'recall'.padStart(8)} ${'F1'.padStart(8)}`,
    ...classes,
    '',
    'confusion of those (rows are the truth):',
    ...five_plus.confusion.map((row) => row.map((count) => String(count).padStart(6)).join('')),
    '',
    `routes: ${routes.join('; ')}`,
    `sources: ${sources.attacking_sources} attacking, ${figure(sources.attack_recall)} got an incident, ${figure(sources.class_recall)} of the right class family, median ${figure(sources.median_time_to_incident_s, 0)} s after the first attack event`,
    `false incidents: ${sources.false_incidents} in ${sources.benign_source_days} benign source-days (${figure(sources.false_incidents_per_benign_source_day)} a day), ${figure(sources.false_incidents_per_1000_normal_windows, 1)} per 1,000 normal windows`,
  ].join('\n')}\n`
}

const args = process.argv.slice(2)
if (!askedForHelp(args, HELP)) await runCommand(() => evaluate(readOptions(args)))
