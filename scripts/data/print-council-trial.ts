import type { Pair } from '../../core/learning/council-agreement.ts'
import type { CouncilTrial } from '../../core/learning/council-trial.ts'

const figure = (value: number | null): string => (value === null ? 'none' : value.toFixed(3))
const cells = (values: (string | number | null)[]): string =>
  values.map((value) => (typeof value === 'string' ? value : String(value)).padStart(11)).join('')
const both = ({ alone, council }: Pair): string => cells([figure(alone), figure(council)])

/** The trial as tables of text: the ensemble alone and with the council, side by side. */
export function printedCouncilTrial(trial: CouncilTrial): string {
  const { verdicts, overrides, variance, withoutBestCapture: without } = trial
  const widest = Math.max(30, ...Object.keys(trial.byCapture).map((name) => name.length))
  const named = (name: string) => name.padEnd(widest)
  return `${[
    `the council with scenario rules alone, on ${trial.windows} windows of 5 events and more that the ensemble did not trust`,
    `${named('')}${cells(['alone', 'council'])}`,
    `${named('accuracy')}${both(trial.accuracy)}`,
    `${named('recall of attacks')}${both(trial.recall)}`,
    `${named('benign called an attack')}${both(trial.falsePositiveRate)}`,
    '',
    `${named('truth')}${cells(['windows', 'recall', 'council', 'precision', 'council', 'THREAT', 'FALSE_POS', 'INVESTIG.'])}`,
    ...Object.entries(trial.byClass).map(
      ([name, { windows, recall, precision, verdicts: own }]) =>
        `${named(name)}${cells([windows])}${both(recall)}${both(precision)}${cells([own.THREAT, own.FALSE_POSITIVE, own.INVESTIGATE])}`,
    ),
    '',
    `verdicts: ${verdicts.THREAT} THREAT, ${verdicts.FALSE_POSITIVE} FALSE_POSITIVE, ${verdicts.INVESTIGATE} INVESTIGATE`,
    `benign windows that the council calls THREAT: ${figure(trial.benignCalledThreat)}; THREATs that are benign: ${figure(trial.threatsThatAreBenign)}; FALSE_POSITIVEs that are attacks: ${figure(trial.acquittalsThatAreAttacks)}`,
    `overrides: ${overrides.windows} windows got another class, ${overrides.toRight} of them the right one, ${overrides.fromRight} in place of the right one, ${overrides.neither} neither`,
    `run to run: ${variance.runs} runs with the evidence in other orders, accuracies ${variance.accuracies.map((one) => one.toFixed(4)).join(', ')}, variance ${variance.variance}; ${variance.changed} windows changed`,
    '',
    `${named('capture')}${cells(['windows', 'accuracy', 'council'])}`,
    ...Object.entries(trial.byCapture).map(
      ([name, { windows, accuracy }]) => `${named(name)}${cells([windows])}${both(accuracy)}`,
    ),
    ...(without
      ? [
          `${named('all but the one it helps most')}${cells([without.windows])}${both(without.accuracy)} (${without.capture})`,
        ]
      : []),
    '',
    `${named('without the rules of')}${cells(['rules', 'accuracy', 'council'])}`,
    ...trial.withoutRulesOf.map(
      ({ class: name, rules, accuracy }) => `${named(name)}${cells([rules])}${both(accuracy)}`,
    ),
  ].join('\n')}\n`
}
