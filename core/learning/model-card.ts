import type { ModelManifest } from '../ensemble/prediction.ts'
import type { AblationRow } from './ablation.ts'
import { ablationSection, sshSection, sshWeakPoint } from './card-sections.ts'
import type { Report } from './evaluate.ts'
import type { SshTrial } from './ssh-trial.ts'

/** What a card is written from. */
export interface CardFacts {
  manifest: ModelManifest
  bytes: number
  trainingWindows: number
  captures: readonly { name: string; windows: number; weak: number }[]
  generated: readonly { name: string; windows: number }[]
  /** On captures that the members had not seen; null when it was not measured with this model. */
  unseen: Report | null
  /** On the data it was trained on. */
  seen: Report
  /** On made-up SSH log-ins of other habits than those it was taught. */
  ssh: SshTrial
  /** The same of an ensemble that was taught no made-up SSH; null when it was not measured. */
  untaughtSsh: SshTrial | null
  /** By feature group; null when it was not measured. */
  ablation: readonly AblationRow[] | null
}

const figure = (value: number | null | undefined, digits = 3): string =>
  value === null || value === undefined ? 'none' : value.toFixed(digits)

/** models/MODEL_CARD.md: what the model is, what it earned on what, and where it is weak. No date: alike for alike data. */
export function modelCard(facts: CardFacts): string {
  const { manifest, bytes, unseen, seen } = facts
  const { forest, boosting, network } = manifest.member_weights
  return `# Model card: Picket ensemble ${manifest.version}

Random forest ${percent(forest)}, gradient boosting ${percent(boosting)}, neural network ${percent(network)}, one ONNX graph of
${Math.round(bytes / 1024)} KiB with temperature ${manifest.temperature.toFixed(3)} and an isolation forest. Input: the 100
features of schema ${manifest.schema_hash}. Output: calibrated probabilities of seven classes. Trained by ${manifest.trainer},
seed ${manifest.seed}; the same data gives the same bytes (SHA-256 ${manifest.sha256}).

Thresholds by class: ${manifest.thresholds.map((threshold) => threshold.toFixed(2)).join(', ')}. Anomaly threshold ${figure(manifest.anomaly_threshold)}.

## What it is worth on sources that it has not seen

${unseen ? `Leave one source out: for each capture an ensemble was trained the same way on all the others and judged it.\n\n${figures(unseen)}` : 'Not measured with this model: run `npm run train` without --skip-leave-one-out.'}

## What it says of the data that it was trained on

This flatters, as any such figure does: the captures are known to it.

${figures(seen)}

## What it makes of SSH

${sshSection(facts.ssh, facts.untaughtSsh)}

## What each group of features is worth

${ablationSection(facts.ablation)}

## Trained on

${facts.trainingWindows} windows of five minutes. Weak labels (what a honeypot's kind of event implies) count three tenths of a true one.

| capture | windows with a true label | with a weak label |
|---|---|---|
${facts.captures.map(({ name, windows, weak }) => `| ${name} | ${windows} | ${weak} |`).join('\n')}

Self-made traffic, by the generator that also plays the demo, with other seeds, and by one of SSH sites, whose rows count less:
${facts.generated.map(({ name, windows }) => `${name} (${windows})`).join(', ') || 'none'}.

## Weak points

${weakPoints(unseen ?? seen)}
- Public data is thin where it matters: little benign web and SSH use, one or two captures each for web attacks and floods,
  attacks from one address behind a NAT. What is said of benign web use rests on self-made traffic.
- Normal, Malware/Botnet and APT look alike inside five minutes of flow records; on a host unlike those above expect
  them to be mistaken for one another.
- On unseen sources confidence tells little: compare how often each route was right, above, with what its name promises.
- Steady beacons and look-ups of generated names in flow logs are not learnt from self-made traffic: doing so made the model
  call real ordinary hosts malware. The demo's two are not found.
${sshWeakPoint(facts.ssh)}
- Threat-intelligence features were absent in training and serve nothing yet.
- Sources of an amplification flood send one to five packets each; alone they are background, together a campaign. Left out
  of training, forests of one seed call them a flood and of another reconnaissance: the figures of all windows and of the
  right class family move with that one capture.
- How much made-up SSH counts and what a threshold must gain were chosen with figures on left-out captures in sight: those
  above flatter a little.
`
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

function figures(report: Report): string {
  const row = (name: string, part: Report['all']) =>
    `| ${name} | ${part.windows} | ${figure(part.macro_f1)} | ${figure(part.accuracy)} | ${figure(part.attack_recall)} | ${figure(part.false_positive_rate)} | ${figure(part.ece)} |`
  const classes = Object.entries(report.five_plus.per_class)
    .map(([name, c]) => `| ${name} | ${figure(c.precision)} | ${figure(c.recall)} | ${figure(c.f1)} | ${c.support} |`)
    .join('\n')
  const { routes } = report.five_plus
  const route = (name: 'trust' | 'verify' | 'investigate') =>
    routes === null ? 'none' : `${percent(routes[name].share)} of windows, ${figure(routes[name].accuracy)} right`
  const { sources } = report
  return `| windows | number | macro-F1 | accuracy | attack recall | false-positive rate | calibration error |
|---|---|---|---|---|---|---|
${row('all', report.all)}
${row('of 5 events and more', report.five_plus)}
${Object.entries(report.by_source)
  .map(([name, part]) => row(name, part))
  .join('\n')}

Windows of 5 events and more, by class:

| class | precision | recall | F1 | windows |
|---|---|---|---|---|
${classes}

Routes of those: TRUST ${route('trust')}; VERIFY ${route('verify')}; INVESTIGATE ${route('investigate')}.

By source, as the running system opens incidents: ${sources.attacking_sources} attacking sources, of which ${figure(sources.attack_recall)} got an incident and
${figure(sources.class_recall)} one of the right class family, the median ${figure(sources.median_time_to_incident_s, 0)} s after the first attack event;
${sources.false_incidents} false incidents in ${sources.benign_source_days} benign source-days (${figure(sources.false_incidents_per_benign_source_day)} a day), ${figure(sources.false_incidents_per_1000_normal_windows, 1)} per 1,000 normal windows.`
}

function weakPoints(report: Report): string {
  const weak = Object.entries(report.five_plus.per_class).filter(
    ([, { f1, support }]) => support > 0 && (f1 ?? 0) < 0.5,
  )
  return weak
    .map(
      ([name, { f1, recall, support }]) =>
        `- ${name}: F1 ${figure(f1)}, recall ${figure(recall)} over ${support} windows of unseen sources.`,
    )
    .join('\n')
}
