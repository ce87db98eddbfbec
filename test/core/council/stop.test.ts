import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemblePack } from '../../../core/council/assemble-pack.ts'
import {
  answered,
  begun,
  type CouncilCase,
  concluded,
  costOf,
  entered,
  failed,
  isStoppable,
  newCase,
  openAsks,
  type Plan,
  pathOf,
  planned,
  published,
  settled,
  stopped,
  unsettledAsks,
} from '../../../core/council/case.ts'
import { ground } from '../../../core/council/grounding.ts'
import { verdictRecord } from '../../../core/council/verdict-record.ts'
import type { IncidentRow } from '../../../core/incidents/view.ts'
import { logIns } from '../../support/council-fixture.ts'
import { NO_OPINION, opinion } from '../../support/council-run.ts'
import { incidentRow } from '../../support/incident-fixture.ts'

const evidence = logIns(6)
const row = { ...incidentRow('key', 3, { ml_confidence: 0.72 }), intel: null } as unknown as IncidentRow
const pack = assemblePack(row, evidence, { scenarioHits: [], similar: [], intel: null })
const PLAN: Plan = {
  candidates: {
    judge: [{ verifier: 'gemini', isRemote: true }],
    intel: [{ verifier: 'grok', isRemote: true }],
    remediation: [{ verifier: 'openai', isRemote: true }],
  },
  notRun: [],
}
const BY = { actor: 'user:anna', reason: 'It is our own scanner.', at: 50 }
const reply = { model: 'm', usage: { inputTokens: 10, outputTokens: 5, costUsd: 0.25 }, calls: 1 }
const FAILURE = { tag: 'server-error' as const, why: 'status 500', usage: null, calls: 3 }

/** All that can happen to a case before it is over, one after the other, as drawn. */
type Event = 'enter' | 'begin' | 'answer' | 'fail' | 'settle'
function happens(one: CouncilCase, event: Event, at: number): CouncilCase {
  const [open] = openAsks(one)
  const [unsettled] = unsettledAsks(one)
  switch (event) {
    case 'enter':
      if (one.state === 'created') return entered(one, 'memory', at)
      if (one.state === 'memory') return entered(one, 'plan', at)
      return one.state === 'plan' ? planned(one, PLAN, at) : one
    case 'begin':
      return open ? begun(one, open.id, at) : one
    case 'answer': {
      const given = open?.role === 'judge' ? opinion() : NO_OPINION
      return open ? answered(one, open.id, { reply, opinion: ground(given, evidence, pack) }, at) : one
    }
    case 'fail':
      return open ? failed(one, open.id, FAILURE, at) : one
    case 'settle':
      return unsettled ? settled(one, unsettled.id) : one
  }
}
const course = fc
  .array(fc.constantFrom<Event>('enter', 'begin', 'answer', 'fail', 'settle'), { maxLength: 20 })
  .map((events) => events.reduce((one, event, i) => happens(one, event, i + 1), newCase('key', 'marker', 0)))

describe('a case that a person stops', () => {
  it('keeps every opinion it has, ends as failed, asks nobody any more, and says who stopped it and why', () =>
    fc.assert(
      fc.property(course, (before) => {
        const one = stopped(before, BY, 60)
        expect(one).toMatchObject({ state: 'failed', stoppedBy: BY, conclusion: null })
        expect(one.failure).toBe('stopped by anna: It is our own scanner.')
        expect(openAsks(one)).toEqual([])
        expect(one.asks.filter(({ opinion }) => opinion)).toEqual(before.asks.filter(({ opinion }) => opinion))
        for (const role of ['judge', 'intel', 'remediation'] as const)
          expect(one.asks.some((ask) => ask.role === role) || one.notRun.some((not) => not.role === role)).toBe(true)
        const record = verdictRecord(one, 1, [], 70)
        expect(record).toMatchObject({ verdict: null, label: null, isDismissed: false })
        expect(record.note).toMatchObject({ state: 'failed', stopped_by: BY, failure: one.failure })
        expect(record.missing.added[0]).toContain('It is our own scanner.')
      }),
    ))

  it('is not changed by answers that come later, but for what they took', () =>
    fc.assert(
      fc.property(course, fc.boolean(), (before, fails) => {
        const one = stopped(before, BY, 60)
        const waiting = one.asks.filter(({ state }) => state === 'let-go')
        const late = waiting.reduce(
          (left, { id }) =>
            fails
              ? failed(left, id, { ...FAILURE, usage: reply.usage }, 80)
              : answered(left, id, { reply, opinion: ground(opinion(), evidence, pack) }, 80),
          one,
        )
        const said = ({ asks, ...rest }: CouncilCase) => ({ ...rest, opinions: asks.map((ask) => ask.opinion) })
        expect(said(late)).toEqual(said(one))
        expect(pathOf(late)).toEqual(pathOf(one))
        // Each is to be settled once, with its cost; one that never ends is not told of at all.
        const unsettled = (course: CouncilCase) => unsettledAsks(course).map(({ id }) => id)
        expect(unsettled(late).filter((id) => !unsettled(one).includes(id))).toEqual(waiting.map(({ id }) => id))
        for (const { id } of waiting) expect(late.asks.find((ask) => ask.id === id)!.usage).toEqual(reply.usage)
        // Twice is once.
        const twice = waiting.reduce((left, { id }) => failed(left, id, FAILURE, 99), late)
        expect(twice).toEqual(late)
      }),
    ))

  it('costs an unknown sum until the calls under way have ended', () => {
    const asked = planned(newCase('key', 'm', 0), PLAN, 3)
    const one = stopped(begun(asked, '1-judge', 4), BY, 60)
    expect(costOf(stopped(asked, BY, 60))).toBe(0)
    expect(costOf(one)).toBeNull()
    expect(costOf(answered(one, '1-judge', { reply, opinion: ground(opinion(), evidence, pack) }, 80))).toBe(0.25)
  })

  it('may be stopped until it has a conclusion or none can come, and not twice', () => {
    const one = planned(newCase('key', 'm', 0), PLAN, 3)
    expect(isStoppable(one)).toBe(true)
    expect(isStoppable(stopped(one, BY, 60))).toBe(false)
    const judged = answered(one, '1-judge', { reply, opinion: ground(opinion(), evidence, pack) }, 80)
    expect(isStoppable(concluded(judged, pack, 90))).toBe(false)
    expect(isStoppable(published(concluded(judged, pack, 90), 91))).toBe(false)
  })
})
