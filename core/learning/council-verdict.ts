import { aggregate } from '../council/aggregate.ts'
import { assemblePack } from '../council/assemble-pack.ts'
import type { PackEvent } from '../council/evidence-pack.ts'
import { ground } from '../council/grounding.ts'
import { ruleJudge } from '../council/rule-judge.ts'
import { scenarioHits } from '../council/scenario-hits.ts'
import type { Verdict } from '../council/verifier.ts'
import type { CanonicalEvent } from '../events/event.ts'
import { evaluateRules } from '../rules/evaluate.ts'
import type { RuleSet } from '../rules/rule.ts'
import type { ClassId } from '../taxonomy.ts'
import { LABEL_WINDOW_MS } from './labelled-windows.ts'
import type { UncertainWindow } from './uncertain-windows.ts'

/** What the council without any key came to on one window. */
export interface CouncilVerdict {
  verdict: Verdict
  confidence: number
  /** The class that stands after it: Normal for a false positive, the ensemble's where a person is to decide. */
  threatClass: ClassId
}

/**
 * Lets the council judge a window as it judges a case where no provider is set up: pack, rule judge, citations held
 * against the events, aggregation.
 * @param evidence the window's, in any order: its places are the evidence numbers
 */
export async function councilVerdict(
  set: RuleSet,
  { window }: Pick<UncertainWindow, 'window'>,
  evidence: readonly CanonicalEvent[],
): Promise<CouncilVerdict> {
  const { prediction, source, start } = window
  const events = evidence.map(
    (event, i): PackEvent => ({
      n: i + 1,
      ts: event.ts,
      sensor: '',
      format: 'canonical',
      event,
      original: '',
      matched: [],
    }),
  )
  const hits = evaluateRules(set, evidence)
  const pack = assemblePack(
    {
      // None was stored.
      id: 0,
      incident_key: `${window.rawSource}|${source}|${start}`,
      kind: 'source',
      src_ip: source,
      sources_count: 1,
      first_seen: start,
      last_seen: start + LABEL_WINDOW_MS,
      events_count: window.events,
      targets: [],
      threat_class: prediction.threatClass,
      ml_confidence: prediction.confidence,
      uncertain: prediction.uncertain,
      anomaly_score: prediction.anomaly,
      route: prediction.route,
      // The rule judge looks at the class only.
      probabilities: [],
      triage_note: { indicators: [], votes: { forest: [], boosting: [], network: [] }, missing: [] },
      model_version: '',
      // Memory is not asked.
      schema_hash: '',
      features: [],
    },
    events,
    { scenarioHits: scenarioHits(hits, events), similar: [], intel: null },
  )
  const judge = ruleJudge(
    () => set,
    () => hits,
  )
  const reply = await judge.ask(
    { role: 'judge', pack, evidence: events, prompt: null, before: [], isLast: true },
    start,
  )
  if (!reply.ok) throw new Error(`the rule judge failed: ${reply.error.why}`)
  const opinion = ground(reply.value.opinion, events, pack)
  const conclusion = aggregate([{ verifier: 'rules', role: 'judge', isBlind: false, isRemote: false, opinion }], pack)
  if (!conclusion) throw new Error('the rule judge gave no verdict')
  const { verdict, confidence, threatClass } = conclusion
  return { verdict, confidence, threatClass: verdict === 'FALSE_POSITIVE' ? 0 : threatClass }
}
