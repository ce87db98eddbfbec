import { MOST_OUTPUT_TOKENS } from '../adapters/verifiers/model-verifier.ts'
import { assemblePack, withSlice } from '../core/council/assemble-pack.ts'
import { sliceOf } from '../core/council/choose-events.ts'
import { ground } from '../core/council/grounding.ts'
import { Masker } from '../core/council/masking.ts'
import { type Disclosure, estimateTokens, writePrompt } from '../core/council/prompt.ts'
import { ruleJudge } from '../core/council/rule-judge.ts'
import { scenarioHits } from '../core/council/scenario-hits.ts'
import { type Opinion, ROLES_OF_VERIFIERS, type VerifierRole } from '../core/council/verifier.ts'
import { costOfTokens, DISCLOSED } from '../core/council/verifiers.ts'
import { evaluateRules } from '../core/rules/evaluate.ts'
import { shippedRules } from '../core/rules/shipped.ts'
import { readSettings, type TokenPrice } from '../core/settings.ts'
import { type Bench, mustBe, type Row } from './harness/bench.ts'
import { type HandedOver, handedOverOf, shippedClassifier } from './harness/council-cases.ts'
import { median } from './harness/statistics.ts'

/** Days that neither the shipped model's training nor the demo uses. */
const SEEDS = [301, 302, 303, 304, 305]
/** As long as a real marker. */
const MARKER = '0'.repeat(32)
/**
 * A model of Workers AI that takes a prompt of this size (24,000 tokens), as an example: none is set by default. Cloudflare's
 * page of the model, "Unit Pricing", as found in November 2026.
 */
const WORKERS_AI = { model: '@cf/meta/llama-3.3-70b-instruct-fp8-fast', price: { input: 0.29, output: 2.25 } }

/** One question that a case puts to a verifier. */
interface Call {
  role: VerifierRole
  isBlind: boolean
  /** The judge's second question, with the slice that it asked for. */
  isSecond: boolean
  input: number
  /** As long as what the rule judge says of the same case, in the form that providers must answer in. */
  output: number
}

export const bench: Bench = {
  name: 'council-cost',
  title: 'what a thousand cases of the council cost, by who is asked',
  explains: `Nothing is sent and nothing is timed. Five scripted days of our own generator, which neither the shipped model nor the demo
uses, go through windows, ensemble and opening rule; each incident of one source that the ensemble does not trust is a case, when it
opens and again when it has grown tenfold. For each the pack and the prompts are made as the council makes them, and measured in tokens
by the estimate that also guards the budget, four characters a token. Assumed, not measured: an answer is as long as what the rule judge
says of the same case in the providers' JSON form, without hidden thinking, which Gemini and Grok charge as output ("typical"), or as
long as the limit of ${MOST_OUTPUT_TOKENS.toLocaleString('en-US')} tokens a call allows ("at most"); a judge acquits where the rule judge does, and then is asked once more
blind while remediation is not asked; no call is repeated; the source is public, so that intelligence is asked (the days' own addresses are
of documentation ranges, about which nobody is asked); no list knows the source. "With one more slice" is when every judge asks for more
events. Prices are the defaults of COUNCIL_PRICES; for Workers AI, which has none, ${WORKERS_AI.model} at
$${WORKERS_AI.price.input} and $${WORKERS_AI.price.output} a million tokens, as Cloudflare's page of the model says.`,
  async run({ quick, say }) {
    const model = await shippedClassifier()
    const handed: HandedOver[] = []
    const seeds = quick ? SEEDS.slice(0, 1) : SEEDS
    let incidents = 0
    for (const seed of seeds) {
      const ofDay = await handedOverOf(seed, model)
      incidents += new Set(ofDay.map(({ incident }) => incident.incident_key)).size
      handed.push(...ofDay)
    }
    await model.release()
    mustBe(handed.length > 0, 'no incident was handed over')
    say(`${handed.length} cases`)
    const cases = await Promise.all(handed.map(callsOf))
    const kept = handed.map(({ evidence }) => evidence.length)
    return {
      rows: [...MIXES.flatMap((mix) => costRows(mix, cases)), ...tokenRows(cases)],
      notes: [
        `${handed.length} cases of ${incidents} incidents on ${seeds.length} days; evidence at hand-over: median ${median(kept)} events, at most ${Math.max(...kept)}`,
        `the rule judge acquits ${cases.filter((calls) => calls.some(({ isBlind }) => isBlind)).length} of them`,
      ],
    }
  },
}

async function callsOf({ incident, evidence }: HandedOver): Promise<Call[]> {
  const set = shippedRules()
  const hits = evaluateRules(
    set,
    evidence.map(({ event }) => event),
  )
  const pack = assemblePack(incident, evidence, {
    scenarioHits: scenarioHits(hits, evidence),
    similar: [],
    intel: null,
  })
  const masker = new Masker(pack, evidence, [], [])
  const judge = ruleJudge(
    () => set,
    () => hits,
  )
  const reply = await judge.ask(
    { role: 'judge', pack, evidence, prompt: null, before: [], isLast: true },
    pack.lastSeen,
  )
  mustBe(reply.ok, 'the rule judge gave no opinion')
  const { opinion } = reply.value
  mustBe(
    ground(opinion, evidence, pack).citations.every(({ struck }) => struck === null),
    'a citation of the rule judge is false',
  )
  const output = estimateTokens(answerOf(opinion))
  const more = withSlice(pack, sliceOf(evidence, pack.shown, { eventType: null, from: null, to: null }))
  const call = (role: VerifierRole, { isBlind = false, isSecond = false } = {}): Call => {
    const disclosure: Disclosure = isBlind ? 'blind' : DISCLOSED[role]
    const before = role === 'remediation' ? [{ verifier: 'gemini' as const, role: 'judge' as const, opinion }] : []
    const prompt = writePrompt(
      { role, pack: isSecond ? more : pack, before, isLast: isBlind || isSecond },
      { marker: MARKER, masker, disclosure },
    )
    return { role, isBlind, isSecond, input: prompt.tokens, output }
  }
  const isAcquitted = opinion.verdict === 'FALSE_POSITIVE'
  return [
    call('judge'),
    call('judge', { isSecond: true }),
    isAcquitted ? call('judge', { isBlind: true }) : call('remediation'),
    call('intel'),
  ]
}

/** An opinion in the form that providers must answer in. */
const answerOf = ({ reasoning, verdict, threatClass, confidence, citations, actions }: Opinion): string =>
  JSON.stringify({
    reasoning,
    verdict,
    threat_class: threatClass,
    confidence,
    citations,
    actions,
    more_events: null,
  })

interface Mix {
  name: string
  /** Null: the role is not asked. */
  priceOf: (role: VerifierRole) => TokenPrice | null
}

const { COUNCIL_PRICES, GEMINI_MODEL, XAI_MODEL, OPENAI_MODEL } = readSettings({}).values
const BY_ROLE: Record<VerifierRole, TokenPrice> = {
  judge: COUNCIL_PRICES[GEMINI_MODEL]!,
  intel: COUNCIL_PRICES[XAI_MODEL]!,
  remediation: COUNCIL_PRICES[OPENAI_MODEL]!,
}
const MIXES: readonly Mix[] = [
  { name: 'all three', priceOf: (role) => BY_ROLE[role] },
  { name: 'judge only', priceOf: (role) => (role === 'judge' ? BY_ROLE.judge : null) },
  { name: 'Workers AI for all', priceOf: () => WORKERS_AI.price },
  { name: 'rules only', priceOf: () => null },
]

function costRows({ name, priceOf }: Mix, cases: readonly Call[][]): Row[] {
  const perThousand = (callsOf: (calls: Call[]) => Call[], outputOf: (call: Call) => number) => {
    const usd = cases
      .flatMap(callsOf)
      .reduce((sum, call) => sum + (costOfTokens(priceOf(call.role), call.input, outputOf(call)) ?? 0), 0)
    return (1000 * usd) / cases.length
  }
  const once = (calls: Call[]) => calls.filter(({ isSecond }) => !isSecond)
  const sliced = (calls: Call[]) => calls
  const typical = ({ output }: Call) => output
  if (ROLES_OF_VERIFIERS.every((role) => priceOf(role) === null))
    return [{ name, value: perThousand(sliced, typical), unit: '$/1,000 cases' }]
  return [
    { name: `${name}, typical`, value: perThousand(once, typical), unit: '$/1,000 cases' },
    { name: `${name}, with one more slice`, value: perThousand(sliced, typical), unit: '$/1,000 cases' },
    { name: `${name}, at most`, value: perThousand(sliced, () => MOST_OUTPUT_TOKENS), unit: '$/1,000 cases' },
  ]
}

function tokenRows(cases: readonly Call[][]): Row[] {
  const of = (role: VerifierRole, isBlind = false, isSecond = false) =>
    cases.flatMap((calls) =>
      calls.filter((call) => call.role === role && call.isBlind === isBlind && call.isSecond === isSecond),
    )
  const rows = (name: string, values: number[]): Row[] =>
    values.length === 0
      ? []
      : [
          { name: `${name}, median`, value: median(values), unit: 'tokens' },
          { name: `${name}, most`, value: Math.max(...values), unit: 'tokens' },
        ]
  const inputs = (calls: Call[]) => calls.map(({ input }) => input)
  return [
    ...rows('prompt for the judge', inputs(of('judge'))),
    ...rows('prompt for the judge with one more slice', inputs(of('judge', false, true))),
    ...rows('prompt for the judge, blind', inputs(of('judge', true))),
    ...rows('prompt for intelligence', inputs(of('intel'))),
    ...rows('prompt for remediation', inputs(of('remediation'))),
    ...rows(
      'answer of the rule judge in the same form',
      of('judge').map(({ output }) => output),
    ),
  ]
}
