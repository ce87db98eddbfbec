import type { EpochMs } from '../time.ts'
import { aggregate, type Conclusion, type GivenOpinion } from './aggregate.ts'
import type { EvidencePack } from './evidence-pack.ts'
import { type GroundedOpinion, isGrounded } from './grounding.ts'
import type { Usage, VerifierFailure, VerifierName, VerifierReply, VerifierRole } from './verifier.ts'

/**
 * A case of the council as a state machine. Everything here is a plain value: an object stores it after each transition
 * and begins the next only then, so that whoever dies in between goes on where it stood.
 */

export const CASE_STATES = [
  'created',
  'memory',
  'plan',
  'judge-and-intel',
  'remediation',
  'aggregate',
  'done',
  'failed',
] as const
export type CaseState = (typeof CASE_STATES)[number]

/** One question to one verifier. Answered or failed it is never asked again. */
export interface Ask {
  /** Unique in the case: also names the money that is set aside for it. */
  id: string
  role: VerifierRole
  verifier: VerifierName
  isRemote: boolean
  isBlind: boolean
  state: 'open' | 'answered' | 'failed'
  /** How often it was begun: over 1 when the one who asked died before the answer was stored. */
  begun: number
  begunAt: EpochMs | null
  endedAt: EpochMs | null
  opinion: GroundedOpinion | null
  model: string | null
  usage: Usage | null
  calls: number
  /** How and why it failed. */
  failure: VerifierFailure['tag'] | null
  why: string | null
  /** The money that was set aside is settled. */
  settled: boolean
}

/** Somebody who might have been asked and was not. */
export interface NotRun {
  role: VerifierRole
  verifier: VerifierName | null
  why: string
}

/** Who can be asked for a role, best first. */
export interface Candidate {
  verifier: VerifierName
  isRemote: boolean
}
export interface Plan {
  candidates: Record<VerifierRole, Candidate[]>
  notRun: NotRun[]
}

export interface CouncilCase {
  incidentKey: string
  /** Fences the evidence in prompts; random, never shown to those whose text it fences. */
  marker: string
  state: CaseState
  /** The states as they were entered. */
  steps: { state: CaseState; at: EpochMs }[]
  plan: Plan | null
  asks: Ask[]
  notRun: NotRun[]
  /** The judge has been given its slice. */
  sliceGiven: boolean
  conclusion: Conclusion | null
  /** Why it failed, once it did. */
  failure: string | null
  /** What it came to is written where people see it. */
  isPublished: boolean
}

export const newCase = (incidentKey: string, marker: string, at: EpochMs): CouncilCase => ({
  incidentKey,
  marker,
  state: 'created',
  steps: [{ state: 'created', at }],
  plan: null,
  asks: [],
  notRun: [],
  sliceGiven: false,
  conclusion: null,
  failure: null,
  isPublished: false,
})

/** Nothing is left to do. */
export const isOver = ({ isPublished }: CouncilCase): boolean => isPublished
export const openAsks = ({ asks }: CouncilCase): Ask[] => asks.filter(({ state }) => state === 'open')
export const unsettledAsks = ({ asks }: CouncilCase): Ask[] =>
  asks.filter(({ isRemote, settled, state }) => isRemote && !settled && state !== 'open')

/** created → memory, memory → plan. */
export const entered = (one: CouncilCase, state: CaseState, at: EpochMs): CouncilCase => ({
  ...one,
  state,
  steps: [...one.steps, { state, at }],
})

/** plan → judge-and-intel: the first candidate of each role is asked. */
export function planned(one: CouncilCase, plan: Plan, at: EpochMs): CouncilCase {
  const next = { ...entered(one, 'judge-and-intel', at), plan, notRun: plan.notRun }
  return moveOn(withAsk(withAsk(next, 'judge'), 'intel'), at)
}

/** An ask begins. The number of beginnings tells how often it may have been paid. */
export const begun = (one: CouncilCase, id: string, at: EpochMs): CouncilCase =>
  changed(one, id, (ask) => ({ ...ask, begun: ask.begun + 1, begunAt: ask.begunAt ?? at }))

/** An ask was answered. A second answer to the same ask changes nothing. */
export function answered(
  one: CouncilCase,
  id: string,
  { reply, opinion }: { reply: Pick<VerifierReply, 'model' | 'usage' | 'calls'>; opinion: GroundedOpinion },
  at: EpochMs,
): CouncilCase {
  const ask = one.asks.find((known) => known.id === id)
  if (ask?.state !== 'open') return one
  const { model, usage, calls } = reply
  let next = changed(one, id, (open) => ({
    ...open,
    model,
    usage,
    calls,
    state: 'answered',
    endedAt: at,
    opinion,
  }))
  if (ask.role === 'judge' && !ask.isBlind) {
    if (opinion.more !== null && !one.sliceGiven) next = { ...again(next, ask, false), sliceGiven: true }
    else if (opinion.verdict === 'FALSE_POSITIVE' && ask.isRemote && isGrounded(opinion)) next = again(next, ask, true)
  }
  return moveOn(next, at)
}

/** An ask failed: the role's next candidate is asked, where there is one. */
export function failed(
  one: CouncilCase,
  id: string,
  failure: Pick<VerifierFailure, 'tag' | 'why' | 'usage' | 'calls'>,
  at: EpochMs,
): CouncilCase {
  const ask = one.asks.find((known) => known.id === id)
  if (ask?.state !== 'open') return one
  const next = changed(one, id, (open) => ({
    ...open,
    state: 'failed',
    endedAt: at,
    failure: failure.tag,
    why: failure.why,
    usage: failure.usage,
    calls: failure.calls,
  }))
  // Without the confirmation an acquittal does not stand; another verifier cannot give it.
  return moveOn(ask.isBlind ? next : withAsk(next, ask.role), at)
}

export const settled = (one: CouncilCase, id: string): CouncilCase =>
  changed(one, id, (ask) => ({ ...ask, settled: true }))

/** aggregate: what the opinions come to; → failed when there is nothing to conclude from. */
export function concluded(one: CouncilCase, pack: EvidencePack, at: EpochMs): CouncilCase {
  const conclusion = aggregate(givenOpinions(one), pack)
  if (conclusion) return { ...one, conclusion }
  return gaveUp(one, whyNoJudge(one), at)
}

/** aggregate → done: the verdict is written where people see it; of a failed case, what it has. */
export const published = (one: CouncilCase, at: EpochMs): CouncilCase => ({
  ...(one.state === 'failed' ? one : entered(one, 'done', at)),
  isPublished: true,
})

/** Any state → failed, with what it has. */
export const gaveUp = (one: CouncilCase, why: string, at: EpochMs): CouncilCase => ({
  ...entered(one, 'failed', at),
  failure: why,
})

/** What was asked, and what came of it, in words: stored as the incident's routing path. */
export function pathOf(one: CouncilCase): string[] {
  const asked = one.asks.map(
    ({ role, verifier, isBlind, state, opinion }) =>
      `${role}:${verifier}${isBlind ? ':blind' : ''}:${state === 'answered' ? (opinion?.verdict ?? 'no-verdict') : state}`,
  )
  const states = one.steps.map(({ state }) => state)
  return [...states.filter((state) => state === 'memory'), ...asked, one.conclusion?.verdict ?? one.state]
}

/** What all calls cost, dollars; null when a call's cost is not known. */
export const costOf = ({ asks }: CouncilCase): number | null =>
  asks.reduce<number | null>(
    (sum, { usage }) => (usage === null ? sum : sum === null || usage.costUsd === null ? null : sum + usage.costUsd),
    0,
  )

export const givenOpinions = ({ asks }: CouncilCase): GivenOpinion[] =>
  asks.flatMap(({ verifier, role, isBlind, isRemote, opinion }) =>
    opinion === null ? [] : [{ verifier, role, isBlind, isRemote, opinion }],
  )

function moveOn(one: CouncilCase, at: EpochMs): CouncilCase {
  if (openAsks(one).length > 0) return one
  if (one.state === 'judge-and-intel') {
    const judge = givenOpinions(one).findLast(({ role, isBlind }) => role === 'judge' && !isBlind)
    const next = entered(one, 'remediation', at)
    if (judge?.opinion.verdict === 'FALSE_POSITIVE')
      return moveOn(withNotRun(next, 'remediation', null, 'There is nothing to remedy in a false positive.'), at)
    if (!judge) return moveOn(withNotRun(next, 'remediation', null, 'There is no verdict to act on.'), at)
    return moveOn(withAsk(next, 'remediation'), at)
  }
  return one.state === 'remediation' ? entered(one, 'aggregate', at) : one
}

/** Asks the role's next candidate that has not been asked. */
function withAsk(one: CouncilCase, role: VerifierRole): CouncilCase {
  const tried = new Set(one.asks.filter((ask) => ask.role === role).map(({ verifier }) => verifier))
  const candidate = one.plan?.candidates[role].find(({ verifier }) => !tried.has(verifier))
  return candidate ? { ...one, asks: [...one.asks, newAsk(one, role, candidate, false)] } : one
}

const again = (one: CouncilCase, { role, verifier, isRemote }: Ask, isBlind: boolean): CouncilCase => ({
  ...one,
  asks: [...one.asks, newAsk(one, role, { verifier, isRemote }, isBlind)],
})

const newAsk = (one: CouncilCase, role: VerifierRole, { verifier, isRemote }: Candidate, isBlind: boolean): Ask => ({
  id: `${one.asks.length + 1}-${role}`,
  role,
  verifier,
  isRemote,
  isBlind,
  state: 'open',
  begun: 0,
  begunAt: null,
  endedAt: null,
  opinion: null,
  model: null,
  usage: null,
  calls: 0,
  failure: null,
  why: null,
  settled: false,
})

const withNotRun = (one: CouncilCase, role: VerifierRole, verifier: VerifierName | null, why: string): CouncilCase => ({
  ...one,
  // Where nobody could have been asked the plan's reason (no key) is the better one.
  notRun:
    one.plan?.candidates[role].length === 0 && one.notRun.some((known) => known.role === role)
      ? one.notRun
      : [...one.notRun, { role, verifier, why }],
})

const changed = (one: CouncilCase, id: string, change: (ask: Ask) => Ask): CouncilCase => ({
  ...one,
  asks: one.asks.map((ask) => (ask.id === id ? change(ask) : ask)),
})

function whyNoJudge({ asks, notRun }: CouncilCase): string {
  const judges = asks.filter(({ role, state }) => role === 'judge' && state === 'failed')
  if (judges.length > 0)
    return `No judge answered: ${judges.map(({ verifier, why }) => `${verifier}: ${why}`).join('; ')}.`
  const told = notRun.filter(({ role }) => role === 'judge').map(({ why }) => why)
  return told.length > 0 ? `No judge could be asked: ${told.join(' ')}` : 'No judge gave a verdict.'
}
