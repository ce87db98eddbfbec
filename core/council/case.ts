import type { EpochMs } from '../time.ts'
import { aggregate, type Conclusion, type GivenOpinion } from './aggregate.ts'
import type { EvidencePack } from './evidence-pack.ts'
import { type GroundedOpinion, isGrounded } from './grounding.ts'
import type { Reuse } from './memory/past-case.ts'
import { caseNumbers, reusedConclusion } from './memory/reused-conclusion.ts'
import { nameOfActor, type PersonRequest } from './person-request.ts'
import {
  ROLES_OF_VERIFIERS,
  type Usage,
  type VerifierFailure,
  type VerifierName,
  type VerifierReply,
  type VerifierRole,
} from './verifier.ts'

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

/** Where an answer was given before: to the same question of an earlier case. */
export interface EarlierCase {
  incidentKey: string
  round: number
  askId: string
  at: EpochMs
}

/** One question to one verifier. Answered or failed it is never asked again. */
export interface Ask {
  /** Unique in the case: also names the money that is set aside for it. */
  id: string
  role: VerifierRole
  verifier: VerifierName
  isRemote: boolean
  isBlind: boolean
  /** let-go: a person stopped the case before the answer came. What it takes still counts, what it says does not. */
  state: 'open' | 'answered' | 'failed' | 'let-go'
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
  /** Names the question among those of all cases; null before it was begun, and for a judge that runs here. */
  digest: string | null
  /** Nobody was asked: the answer is this earlier one, to the same question. */
  from: EarlierCase | null
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

/** What memory was asked and said. */
export interface MemoryAnswer {
  /** Past cases that it compared with; null when it was not asked or did not answer. */
  compared: number | null
  /** Why it was not asked, did not answer, or gave no verdict although cases are that similar; else null. */
  why: string | null
  /** It was asked and did not answer. */
  isMissing: boolean
  /** The verdict that past cases give: nobody else is asked. */
  reuse: Reuse | null
}

export interface CouncilCase {
  incidentKey: string
  /** Fences the evidence in prompts; random, never shown to those whose text it fences. */
  marker: string
  state: CaseState
  /** The states as they were entered. */
  steps: { state: CaseState; at: EpochMs }[]
  /** Null until it was asked. */
  memory: MemoryAnswer | null
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
  /** Memory has it, or never will. */
  isRemembered: boolean
  /** The person who asked for this case; null where the council took it up by itself. What others said before is not used. */
  askedBy: PersonRequest | null
  /** The person who ended it. */
  stoppedBy: PersonRequest | null
}

export const newCase = (
  incidentKey: string,
  marker: string,
  at: EpochMs,
  askedBy: PersonRequest | null = null,
): CouncilCase => ({
  incidentKey,
  marker,
  state: 'created',
  steps: [{ state: 'created', at }],
  memory: null,
  plan: null,
  asks: [],
  notRun: [],
  sliceGiven: false,
  conclusion: null,
  failure: null,
  isPublished: false,
  isRemembered: false,
  askedBy,
  stoppedBy: null,
})

/** Nothing is left to do. */
export const isOver = ({ isPublished }: CouncilCase): boolean => isPublished
export const openAsks = ({ asks }: CouncilCase): Ask[] => asks.filter(({ state }) => state === 'open')
/** Those that ended, also after the case was stopped. Of one that never ends nobody knows the cost: its lease runs out. */
export const unsettledAsks = ({ asks }: CouncilCase): Ask[] =>
  asks.filter(({ isRemote, settled, state, endedAt }) => isRemote && !settled && state !== 'open' && endedAt !== null)

/** created → memory. */
export const entered = (one: CouncilCase, state: CaseState, at: EpochMs): CouncilCase => ({
  ...one,
  state,
  steps: [...one.steps, { state, at }],
})

/** memory → plan; → aggregate when past cases give the verdict. */
export function recalled(one: CouncilCase, memory: MemoryAnswer, at: EpochMs): CouncilCase {
  if (memory.reuse === null) return { ...entered(one, 'plan', at), memory }
  const next: CouncilCase = { ...entered(one, 'aggregate', at), memory }
  return ROLES_OF_VERIFIERS.reduce((known, role) => withNotRun(known, role, null, REUSED), next)
}
const REUSED = 'The verdict is reused from past cases.'

/** plan → judge-and-intel: the first candidate of each role is asked. */
export function planned(one: CouncilCase, plan: Plan, at: EpochMs): CouncilCase {
  const next = { ...entered(one, 'judge-and-intel', at), plan, notRun: plan.notRun }
  return moveOn(withAsk(withAsk(next, 'judge'), 'intel'), at)
}

/** An ask begins. The number of beginnings tells how often it may have been paid. */
export const begun = (one: CouncilCase, id: string, at: EpochMs, digest: string | null = null): CouncilCase =>
  changed(one, id, (ask) =>
    ask.state === 'open' ? { ...ask, begun: ask.begun + 1, begunAt: ask.begunAt ?? at, digest } : ask,
  )

/**
 * An ask was answered. A second answer to the same ask changes nothing; one that comes after the case was stopped is
 * counted, and does nothing else.
 */
export function answered(
  one: CouncilCase,
  id: string,
  {
    reply,
    opinion,
    from = null,
  }: {
    reply: Pick<VerifierReply, 'model' | 'usage' | 'calls'>
    opinion: GroundedOpinion
    from?: EarlierCase | null
  },
  at: EpochMs,
): CouncilCase {
  const ask = one.asks.find((known) => known.id === id)
  if (ask?.state === 'let-go') return cameLate(one, ask, { ...reply, failure: null, why: null }, at)
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
    from,
    // Nothing was set aside for an answer that was there.
    settled: from !== null,
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
  if (ask?.state === 'let-go') return cameLate(one, ask, { ...failure, failure: failure.tag, model: null }, at)
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
  const reuse = one.memory?.reuse
  const conclusion = reuse ? reusedConclusion(reuse, pack) : aggregate(givenOpinions(one), pack)
  if (conclusion) return { ...one, conclusion }
  return gaveUp(one, whyNoJudge(one), at)
}

/** aggregate → done: the verdict is written where people see it; of a failed case, what it has. */
export const published = (one: CouncilCase, at: EpochMs): CouncilCase => ({
  ...(one.state === 'failed' ? one : entered(one, 'done', at)),
  isPublished: true,
})

/** Memory has the case, or there is nothing of it to remember, or it cannot be told. */
export const remembered = (one: CouncilCase): CouncilCase => ({ ...one, isRemembered: true })

/** Any state → failed, with what it has. */
export const gaveUp = (one: CouncilCase, why: string, at: EpochMs): CouncilCase => ({
  ...entered(one, 'failed', at),
  failure: why,
})

/** A person may end it: once there is a conclusion, or none can come, it ends by itself. */
export const isStoppable = (one: CouncilCase): boolean =>
  !isOver(one) && one.state !== 'failed' && one.conclusion === null

/** Any state → failed, with what it has, because a person wants it. Calls under way are let go. */
export function stopped(one: CouncilCase, by: PersonRequest, at: EpochMs): CouncilCase {
  const next: CouncilCase = {
    ...gaveUp(one, `stopped by ${nameOfActor(by.actor)}: ${by.reason}`, at),
    stoppedBy: by,
    asks: one.asks.map((ask) => (ask.state === 'open' ? { ...ask, state: 'let-go' } : ask)),
  }
  return ROLES_OF_VERIFIERS.filter((role) => !one.asks.some((ask) => ask.role === role)).reduce(
    (left, role) => withNotRun(left, role, null, 'The case was stopped before.'),
    next,
  )
}

/** What was asked, and what came of it, in words: stored as the incident's routing path. */
export function pathOf(one: CouncilCase): string[] {
  const asked = one.asks.map(
    ({ role, verifier, isBlind, state, opinion, from }) =>
      `${role}:${verifier}${isBlind ? ':blind' : ''}${from === null ? '' : ':earlier'}:${state === 'answered' ? (opinion?.verdict ?? 'no-verdict') : state}`,
  )
  const states = one.steps.map(({ state }) => state)
  const reuse = one.memory?.reuse
  const reused = reuse ? [`reused from ${caseNumbers(reuse)}`] : []
  return [...states.filter((state) => state === 'memory'), ...reused, ...asked, one.conclusion?.verdict ?? one.state]
}

/** What all calls cost, dollars; null when a call's cost is not known, as of one that was let go and has not ended. */
export const costOf = ({ asks }: CouncilCase): number | null =>
  asks.reduce<number | null>((sum, { state, isRemote, begun, endedAt, usage }) => {
    if (state === 'let-go' && isRemote && begun > 0 && endedAt === null) return null
    return usage === null ? sum : sum === null || usage.costUsd === null ? null : sum + usage.costUsd
  }, 0)

export const givenOpinions = ({ asks }: CouncilCase): GivenOpinion[] =>
  asks.flatMap(({ verifier, role, isBlind, isRemote, opinion }) =>
    opinion === null ? [] : [{ verifier, role, isBlind, isRemote, opinion }],
  )

/** The end of a call that nobody waits for any more. */
const cameLate = (
  one: CouncilCase,
  { id, endedAt }: Ask,
  end: Pick<Ask, 'model' | 'usage' | 'calls' | 'failure' | 'why'>,
  at: EpochMs,
): CouncilCase =>
  endedAt !== null
    ? one
    : changed(one, id, (ask) => ({
        ...ask,
        model: end.model,
        usage: end.usage,
        calls: end.calls,
        failure: end.failure,
        why: end.why,
        endedAt: at,
      }))

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
  digest: null,
  from: null,
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
