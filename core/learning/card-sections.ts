import type { AblationRow } from './ablation.ts'
import type { SshTrial, TrialRow } from './ssh-trial.ts'

const share = (part: number, whole: number): string => (whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(1)} %`)
const figure = (value: number | null): string => (value === null ? 'none' : value.toFixed(3))

/** The trial of made-up SSH log-ins, beside the same of an ensemble that was taught none. */
export function sshSection(now: SshTrial, untaught: SshTrial | null): string {
  const sites = now.benign.sites.map(({ name }) => name).join('; ')
  return `Made-up log-ins of habits, paces and forms that it was not taught (core/demo/ssh/trial.ts), at these sites: ${sites}. Through parsers,
windows, features and the opening rule; first ordinary use alone, where every incident is false, then guessers among it. An
incident is one of the source or a campaign that names it. \`npm run evaluate -- --ssh-trial\` measures it anew. One taught
habit, the person who mistypes, was added after a look at this trial with another seed.
${
  untaught
    ? `\nBeside it the same ensemble trained without made-up SSH sites: it opened an incident for ${of(untaught.benign.all)} of ordinary sources.\n`
    : ''
}
| ordinary use | sources | in a false incident | windows that open one |${untaught ? ' untaught: in a false incident |' : ''}
|---|---|---|---|${untaught ? '---|' : ''}
${rows([...now.benign.habits, now.benign.all], untaught && [...untaught.benign.habits, untaught.benign.all])}

| guessing | sources | found | windows that open an incident |${untaught ? ' untaught: found |' : ''}
|---|---|---|---|${untaught ? '---|' : ''}
${rows([...now.guessing.habits, now.guessing.all], untaught && [...untaught.guessing.habits, untaught.guessing.all])}

False incidents in all: ${now.benign.incidents}${untaught ? ` (untaught ${untaught.benign.incidents})` : ''}. While others guess, ${now.namedBesideGuessing.named} of ${now.namedBesideGuessing.sources} ordinary sources are named in an incident${
    untaught ? ` (untaught ${untaught.namedBesideGuessing.named})` : ''
  }.`
}

const of = ({ inIncident, sources }: TrialRow): string => `${inIncident} of ${sources} (${share(inIncident, sources)})`

const rows = (now: readonly TrialRow[], untaught: readonly TrialRow[] | null): string =>
  now
    .map((row) => {
      const before = untaught?.find(({ name }) => name === row.name)
      const last = untaught === null ? '' : ` ${before ? before.inIncident : 'none'} |`
      return `| ${row.name} | ${row.sources} | ${row.inIncident} | ${share(row.opening, row.windows)} |${last}`
    })
    .join('\n')

/** What the trial says against the model, in a line or two of its list of weak points. */
export function sshWeakPoint({ benign, guessing }: SshTrial): string {
  const wrong = benign.habits.filter(({ inIncident }) => inIncident > 0)
  const missed = guessing.habits.filter(({ inIncident, sources }) => inIncident < sources)
  const list = (some: readonly TrialRow[], count: (row: TrialRow) => number) =>
    some.map((row) => `${row.name} (${count(row)} of ${row.sources})`).join(', ') || 'none'
  return `- What is said of SSH rests on self-made log-ins, taught and tried. False incidents there: ${list(wrong, ({ inIncident }) => inIncident)};
  guessers missed: ${list(missed, ({ sources, inIncident }) => sources - inIncident)}.`
}

/** Figures of forests without one group of features each, and what that takes away. */
export function ablationSection(table: readonly AblationRow[] | null): string {
  const whole = table?.find(({ without }) => without === null)
  if (!table || !whole) return 'Not measured with this model: run `npm run train` with --ablation.'
  const change = (value: number | null, of: number | null) => {
    if (value === null || of === null) return 'none'
    const by = value - of
    return `${by < 0 ? '−' : '+'}${Math.abs(by).toFixed(3)}`
  }
  const line = ({ without, features, macro_f1, accuracy }: AblationRow) =>
    without === null
      ? `| nothing | | ${figure(macro_f1)} | ${figure(accuracy)} | | |`
      : `| ${without} | ${features} | ${figure(macro_f1)} | ${figure(accuracy)} | ${change(macro_f1, whole.macro_f1)} | ${change(accuracy, whole.accuracy)} |`
  return `Forests only (fewer trees, no thresholds), leave one source out, windows of 5 events and more; the group absent in training
and in trial. Groups overlap in what they tell, so a small loss does not mean a useless group. Macro-F1 rests on classes of few
windows (above): a few windows more or less right move it by hundredths, and a gain without a group is no reason to drop it.

| without | features | macro-F1 | accuracy | change of macro-F1 | change of accuracy |
|---|---|---|---|---|---|
${table.map(line).join('\n')}`
}
