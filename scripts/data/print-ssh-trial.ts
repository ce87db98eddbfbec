import type { SshTrial, TrialRow } from '../../core/learning/ssh-trial.ts'

const row = ({ name, sources, inIncident, windows, opening }: TrialRow): string =>
  `${name.padEnd(46)} ${String(sources).padStart(8)} ${String(inIncident).padStart(12)} ${String(windows).padStart(8)} ${String(opening).padStart(8)}`
const head = (name: string): string =>
  `${name.padEnd(46)} ${'sources'.padStart(8)} ${'in incident'.padStart(12)} ${'windows'.padStart(8)} ${'opening'.padStart(8)}`

/** The trial as tables of text. */
export const printedSshTrial = ({ benign, guessing, namedBesideGuessing }: SshTrial): string =>
  `${[
    head('ordinary use, nobody guessing'),
    ...benign.habits.map(row),
    row(benign.all),
    '',
    head('the same by site'),
    ...benign.sites.map(row),
    '',
    head('guessing'),
    ...guessing.habits.map(row),
    row(guessing.all),
    '',
    `false incidents: ${benign.incidents}; ordinary sources named while others guess: ${namedBesideGuessing.named} of ${namedBesideGuessing.sources}`,
  ].join('\n')}\n`
