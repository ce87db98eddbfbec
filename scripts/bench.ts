import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { stopApps } from '../bench/harness/app.ts'
import type { Bench, BenchOptions } from '../bench/harness/bench.ts'
import { asMarkdown, merged, printed, type Results, withResults } from '../bench/harness/results.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { inRoot, ROOT } from './local/repository.ts'

const HELP = `npm run bench -- [options]: measures this machine, tells each figure with what it must reach and with a reference of the
same run, and keeps the newest result of each bench in bench/results.json. Load goes to 127.0.0.1 only.

  --only NAME    this bench only; may be given several times
  --quick        a tenth of the work: shows that the benches work; never takes the place of a full result
  --minutes N    length of the soak (30)
  --rate N       events a second of the soak (5000)
  --json         results as JSON on stdout
  --list         names and subjects
  --help

The exit code is 1 when a bench could not prove that its work was done. A figure that misses its mark is told, not punished:
the machine may be busy with something else.
`

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', multiple: true },
      quick: { type: 'boolean', default: false },
      minutes: { type: 'string', default: '30' },
      rate: { type: 'string', default: '5000' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  const minutes = Number(values.minutes)
  if (!(minutes > 0 && minutes <= 24 * 60))
    throw new Error(`--minutes takes a number over 0 and up to 1440, not "${values.minutes}"`)
  const rate = Number(values.rate)
  if (!(rate >= 250 && rate <= 100_000))
    throw new Error(`--rate takes a number from 250 to 100000, not "${values.rate}"`)
  const benches = await theBenches()
  if (values.list) {
    for (const { name, title } of benches) process.stdout.write(`${name.padEnd(16)} ${title}\n`)
    return 0
  }
  const unknown = (values.only ?? []).filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length > 0)
    throw new Error(`no bench is called ${unknown.join(', ')}; there are ${benches.map(({ name }) => name).join(', ')}`)
  const asked = values.only ? benches.filter(({ name }) => values.only!.includes(name)) : benches
  return runAll(asked, benches, { quick: values.quick, minutes, rate }, values.json)
}

async function runAll(
  asked: Bench[],
  all: Bench[],
  { quick, minutes, rate }: Omit<BenchOptions, 'say'>,
  json: boolean,
): Promise<number> {
  const results: Results = {}
  let failed = 0
  for (const bench of asked) {
    const say = (text: string) => process.stderr.write(`${bench.name}: ${text}\n`)
    say(`${bench.title}${quick ? ' (quick)' : ''}`)
    const startedAt = performance.now()
    try {
      const outcome = await bench.run({ quick, minutes, rate, say })
      const seconds = Math.round((performance.now() - startedAt) / 1000)
      const result = {
        title: bench.title,
        at: new Date().toISOString(),
        seconds,
        quick,
        machine: machine(),
        commit: commit(),
        ...outcome,
      }
      results[bench.name] = result
      keep(bench.name, result, all)
      if (!json) process.stdout.write(`\n${printed(`${bench.name}: ${bench.title}`, outcome)}\n`)
    } catch (error) {
      failed++
      say(`FAILED, no figure: ${error instanceof Error ? error.message : error}`)
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
  return failed === 0 ? 0 : 1
}

/** Written after each bench: a long run that is cut short keeps what it has. */
function keep(name: string, result: Results[string], all: Bench[]): void {
  const file = inRoot('bench/results.json')
  const results = merged(readResults(file), name, result)
  // A bench that is gone takes its figures with it.
  const current = Object.fromEntries(
    Object.entries(results).filter(([name]) => all.some((bench) => bench.name === name)),
  )
  writeFileSync(file, `${JSON.stringify(current, null, 2)}\n`)
  const readme = inRoot('bench/README.md')
  writeFileSync(readme, withResults(readFileSync(readme, 'utf8'), asMarkdown(all, current)))
}

function readResults(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new Error(`${file} cannot be read; delete it to begin anew`, { cause: error })
  }
}

/** Each file of bench/ is one bench. */
async function theBenches(): Promise<Bench[]> {
  const names = readdirSync(inRoot('bench'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3))
    .sort()
  return Promise.all(
    names.map(async (name) => {
      const { bench } = (await import(pathToFileURL(inRoot(`bench/${name}.ts`)).href)) as { bench?: Bench }
      if (bench?.name !== name) throw new Error(`bench/${name}.ts does not export a bench of that name`)
      return bench
    }),
  )
}

function machine(): string {
  const cpus = os.cpus()
  return `${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, load ${os.loadavg()[0]!.toFixed(1)} at the end`
}

/** Marked when files differ from it; null outside a clone. */
function commit(): string | null {
  const git = spawnSync('git', ['describe', '--always', '--dirty', '--exclude=*'], { cwd: ROOT, encoding: 'utf8' })
  return git.status === 0 ? git.stdout.trim() : null
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stopApps().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)))
}
const args = process.argv.slice(2)
if (!askedForHelp(args, HELP)) await runCommand(() => main(args))
