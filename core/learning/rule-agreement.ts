import { sourceOf } from '../events/source.ts'
import { EvidenceSample } from '../incidents/evidence-sample.ts'
import { evaluateRules } from '../rules/evaluate.ts'
import { type Judgement, judgeByRules } from '../rules/judgement.ts'
import type { RuleSet } from '../rules/rule.ts'
import { CLASSES, type ClassId, classOf } from '../taxonomy.ts'
import { FIVE, type ScoredWindow } from './evaluate.ts'
import { LABEL_WINDOW_MS, type LabelledEvent } from './labelled-windows.ts'

/** What became of uncertain windows when the rules judged them. */
export interface RuleAgreement {
  /** Windows of five events and more that the ensemble did not trust (VERIFY or INVESTIGATE). */
  windows: number
  /** Shares of the windows, 0..1: the right class by the ensemble alone, and after the rules' verdicts. */
  accuracy: { ensemble: number; withRules: number }
  /** Share of windows that are truly Normal and are called an attack. */
  falsePositiveRate: { ensemble: number; withRules: number }
  /** Share of windows that are truly an attack and are called one, of whatever class. */
  recall: { ensemble: number; withRules: number }
  /** By true class. */
  byClass: Record<string, ClassAgreement>
}

export interface ClassAgreement {
  windows: number
  ensembleRight: number
  withRulesRight: number
  threat: number
  threatOfRightClass: number
  falsePositive: number
  investigate: number
}

interface JudgedWindow {
  window: ScoredWindow
  judgement: Judgement
}

/** Evidence that a case holds. */
const KEPT = 500

/**
 * The rules' verdicts on a capture's uncertain windows, from what the running system would have kept of each as evidence.
 * @param events of the capture, in order of time
 */
export function judgeUncertain(
  set: RuleSet,
  events: readonly LabelledEvent[],
  scored: readonly ScoredWindow[],
): JudgedWindow[] {
  const wanted = scored.filter(({ prediction, events: count }) => prediction.route !== 'TRUST' && count >= FIVE)
  const samples = new Map(wanted.map((window) => [keyOf(window.source, window.start), new EvidenceSample()]))
  for (const [row, { event }] of events.entries()) {
    const start = Math.floor(event.ts / LABEL_WINDOW_MS) * LABEL_WINDOW_MS
    samples.get(keyOf(sourceOf(event), start))?.add(event, JSON.stringify(event), { row, index: 0 })
  }
  return wanted.map((window) => {
    const kept = samples.get(keyOf(window.source, window.start))!.places(KEPT)
    const evidence = kept.map(({ row }) => events[row]!.event)
    return { window, judgement: judgeByRules(evaluateRules(set, evidence), evidence, window.prediction.threatClass) }
  })
}

const keyOf = (source: string, start: number): string => `${source} ${start}`

export function ruleAgreement(judged: readonly JudgedWindow[]): RuleAgreement {
  const rows = judged.map(({ window: { label, prediction }, judgement }) => ({
    label,
    ensemble: prediction.threatClass,
    withRules: concluded(judgement, prediction.threatClass),
    judgement,
  }))
  const share = (of: typeof rows, is: (row: (typeof rows)[number]) => boolean) =>
    of.length === 0 ? 0 : of.filter(is).length / of.length
  const normal = rows.filter(({ label }) => label === 0)
  const attacks = rows.filter(({ label }) => label !== 0)
  return {
    windows: rows.length,
    accuracy: {
      ensemble: share(rows, ({ label, ensemble }) => label === ensemble),
      withRules: share(rows, ({ label, withRules }) => label === withRules),
    },
    falsePositiveRate: {
      ensemble: share(normal, ({ ensemble }) => ensemble !== 0),
      withRules: share(normal, ({ withRules }) => withRules !== 0),
    },
    recall: {
      ensemble: share(attacks, ({ ensemble }) => ensemble !== 0),
      withRules: share(attacks, ({ withRules }) => withRules !== 0),
    },
    byClass: Object.fromEntries(
      CLASSES.map(({ id }) => {
        const mine = rows.filter(({ label }) => label === id)
        const count = (is: (row: (typeof rows)[number]) => boolean) => mine.filter(is).length
        const verdict = (name: Judgement['verdict']) => count(({ judgement }) => judgement.verdict === name)
        return [
          classOf(id).name,
          {
            windows: mine.length,
            ensembleRight: count(({ ensemble }) => ensemble === id),
            withRulesRight: count(({ withRules }) => withRules === id),
            threat: verdict('THREAT'),
            threatOfRightClass: count(
              ({ judgement: { verdict, threatClass } }) => verdict === 'THREAT' && threatClass === id,
            ),
            falsePositive: verdict('FALSE_POSITIVE'),
            investigate: verdict('INVESTIGATE'),
          },
        ]
      }),
    ),
  }
}

/** The class after the verdict: INVESTIGATE leaves it to a person, so the ensemble's stands. */
function concluded({ verdict, threatClass }: Judgement, ensemble: ClassId): ClassId {
  if (verdict === 'FALSE_POSITIVE') return 0
  return verdict === 'THREAT' ? threatClass! : ensemble
}

export function agreementText({ windows, accuracy, falsePositiveRate, recall, byClass }: RuleAgreement): string {
  const pair = ({ ensemble, withRules }: { ensemble: number; withRules: number }) =>
    `${ensemble.toFixed(3)} alone, ${withRules.toFixed(3)} with the rules`
  const cells = (values: (string | number)[]) => values.map((value) => String(value).padStart(10)).join('')
  return `${[
    `uncertain windows of 5 events and more  ${windows}`,
    `accuracy             ${pair(accuracy)}`,
    `false-positive rate  ${pair(falsePositiveRate)}`,
    `recall of attacks    ${pair(recall)}`,
    `${'truth'.padEnd(26)}${cells(['windows', 'ensemble', 'with rules', 'THREAT', 'its class', 'FALSE_POS', 'INVESTIG.'])}`,
    ...Object.entries(byClass).map(
      ([name, c]) =>
        name.padEnd(26) +
        cells([
          c.windows,
          c.ensembleRight,
          c.withRulesRight,
          c.threat,
          c.threatOfRightClass,
          c.falsePositive,
          c.investigate,
        ]),
    ),
  ].join('\n')}\n`
}
