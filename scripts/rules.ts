import { parseArgs } from 'node:util'
import { compileRules } from '../core/rules/compile.ts'
import { explainRules } from '../core/rules/evaluate.ts'
import type { RuleSet } from '../core/rules/rule.ts'
import { classOf } from '../core/taxonomy.ts'
import { askedForHelp, runCommand } from './local/command-line.ts'
import { inRoot } from './local/repository.ts'
import { readRuleFolders } from './rule-set.mjs'
import { coverageOf, coverageText } from './scenarios/coverage.ts'
import { explained, explanationText } from './scenarios/explanation.ts'
import { readLog } from './scenarios/read-log.ts'
import { runCase } from './scenarios/rule-case.ts'

const HELP = `npm run rules -- COMMAND [options]: for authors of scenario rules (docs/rules.md).

  test [NAME …]     runs each rule's log, which must give the expected hits, and its look-alike, which must give none
  explain FILE      runs a log of any format that Picket reads through all rules: which fired, on which lines, and which
                    came close and why they did not
  list              all rules with class, level and techniques
  check             reads all rules and names what is refused and why

  --json            prints JSON instead
  --rules DIR       folder of rules (rules)
  --near N          explain: how many near misses are shown (5)
`

interface Options {
  set: RuleSet
  folder: string
  json: boolean
  near: number
}

async function main(args: string[]): Promise<number> {
  if (args.length === 0 || askedForHelp(args, HELP)) {
    if (args.length === 0) process.stdout.write(HELP)
    return args.length === 0 ? 1 : 0
  }
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      rules: { type: 'string' },
      near: { type: 'string', default: '5' },
    },
  })
  const near = Number(values.near)
  if (!Number.isInteger(near) || near < 0) throw new Error(`--near is ${values.near}, not a whole number`)
  const folder = values.rules ?? inRoot('rules')
  const sources = readRuleFolders(folder, values.rules ?? 'rules')
  if (sources.length === 0) throw new Error(`${folder} holds no rule`)
  const options: Options = { set: compileRules(sources), folder, json: values.json, near }
  const [command, ...rest] = positionals
  switch (command) {
    case 'test':
      return test(
        options,
        rest,
        sources.map(({ name }) => name),
      )
    case 'explain':
      return explain(options, rest)
    case 'list':
      return list(options)
    case 'check':
      return check(options)
    default:
      throw new Error(`${command} is no command; --help tells which there are`)
  }
}

function test({ set, folder, json }: Options, wanted: string[], names: string[]): number {
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`no rule is named ${unknown}`)
  const results = (wanted.length > 0 ? wanted : names).map((name) => runCase(set, folder, name))
  const coverage = coverageOf(set, results)
  const failed = results.filter(({ failures }) => failures.length > 0)
  if (json) print({ results, refusals: set.refusals, coverage })
  else {
    for (const { rule, failures } of results) {
      process.stdout.write(
        `${failures.length === 0 ? 'ok  ' : 'FAIL'} ${rule}\n${failures.map((why) => `       ${why}\n`).join('')}`,
      )
    }
    writeRefusals(set)
    if (wanted.length === 0) process.stdout.write(`\n${coverageText(coverage)}`)
  }
  return failed.length > 0 || set.refusals.length > 0 ? 1 : 0
}

function explain({ set, json, near }: Options, [file]: string[]): number {
  if (file === undefined) throw new Error('explain needs a file')
  const log = readLog(file, Date.now())
  const result = explained(explainRules(set, log.events), log, near)
  if (json) print(result)
  else process.stdout.write(explanationText(result))
  return 0
}

function list({ set, json }: Options): number {
  const rows = set.rules.map(({ name, title, threatClass, explains, level, form, techniques }) => ({
    name,
    title,
    class: classOf(threatClass).name,
    explains,
    level,
    form,
    techniques,
  }))
  rows.sort((a, b) => a.class.localeCompare(b.class) || a.name.localeCompare(b.name))
  if (json) print(rows)
  else {
    for (const row of rows) {
      const what = row.explains ? `Normal: ${row.explains}` : row.class
      process.stdout.write(
        `${row.name.padEnd(34)} ${what.padEnd(24)} ${row.level.padEnd(14)} ${row.form.padEnd(17)} ${row.techniques.join(' ')}\n`,
      )
    }
  }
  return 0
}

function check({ set, json }: Options): number {
  if (json) print({ rules: set.rules.length, refusals: set.refusals })
  else {
    writeRefusals(set)
    process.stdout.write(`${set.rules.length} rules can be used\n`)
  }
  return set.refusals.length > 0 ? 1 : 0
}

function writeRefusals({ refusals }: RuleSet): void {
  for (const { file, path, why } of refusals) process.stdout.write(`refused ${file}${path && ` at ${path}`}: ${why}\n`)
}

const print = (value: unknown) => process.stdout.write(`${JSON.stringify(value, null, 1)}\n`)

await runCommand(() => main(process.argv.slice(2)))
