import { type Bench, isMet, type Outcome, type Row } from './bench.ts'

export interface BenchResult extends Outcome {
  title: string
  /** ISO 8601. */
  at: string
  seconds: number
  quick: boolean
  machine: string
  commit: string | null
}

/** bench/results.json: the newest result of each bench, by name. */
export type Results = Record<string, BenchResult>

/** Puts a result in. A quick run never takes the place of a full one: its figures are not to be quoted. */
export function merged(results: Results, name: string, result: BenchResult): Results {
  const known = results[name]
  const all = result.quick && known && !known.quick ? results : { ...results, [name]: result }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Three digits that count, and whole numbers whole. */
export const written = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)))

const HEAD = ['figure', 'measured', 'must reach', 'met', 'reference in the same run', 'ratio']

function cells(row: Row): string[] {
  const { name, value, unit, target, reference } = row
  const met = isMet(row)
  return [
    name,
    `${written(value)} ${unit}`,
    target === undefined
      ? ''
      : 'least' in target
        ? `at least ${written(target.least)}`
        : `at most ${written(target.most)}`,
    met === null ? '' : met ? 'yes' : 'NO',
    reference === undefined ? '' : `${written(reference.value)} (${reference.name})`,
    reference === undefined ? '' : written(value / reference.value),
  ]
}

/** For a terminal, columns in line. */
export function printed(title: string, { rows, notes }: Outcome): string {
  const lines = [HEAD, ...rows.map(cells)]
  const widths = HEAD.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)))
  const text = lines.map((line) => `  ${line.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd())
  return `${[title, ...text, ...notes.map((note) => `  - ${note}`)].join('\n')}\n`
}

/** The same for README.md: what each bench does, and its newest result if it has one. */
export function asMarkdown(benches: readonly Pick<Bench, 'name' | 'title' | 'explains'>[], results: Results): string {
  return benches
    .map(({ name, title, explains }) =>
      [`### ${name}: ${title}`, '', explains.replace(/\s+/g, ' ').trim(), '', ...measured(results[name])].join('\n'),
    )
    .join('\n\n')
}

function measured(result: BenchResult | undefined): string[] {
  if (!result) return ['Not measured yet.']
  const { rows, notes, at, quick, machine, commit } = result
  const table = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map((line) => `| ${line.join(' | ')} |`)
  const when = `${at.slice(0, 16).replace('T', ' ')} UTC${commit === null ? '' : `, commit ${commit}`}, ${machine}.`
  const warning = quick ? ' **Quick run: no figure to quote.**' : ''
  return [...table, '', ...notes.map((note) => `- ${note}`), `- ${when}${warning}`]
}

const BEGIN = '<!-- results: made from results.json by npm run bench -->'
const END = '<!-- end of results -->'

/** Puts text between the marks of a README. Throws when it has none: nothing is overwritten by guess. */
export function withResults(readme: string, text: string): string {
  const begin = readme.indexOf(BEGIN)
  const end = readme.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`bench/README.md lacks the lines ${BEGIN} and ${END}`)
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${readme.slice(end)}`
}
