import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { compileRules } from '../../../core/rules/compile.ts'
import { evaluateRules, explainRules } from '../../../core/rules/evaluate.ts'
import { ruleIndicators } from '../../../core/rules/indicators.ts'
import { ruleSource } from './rule-content.ts'

const SECOND = 1000
const failed = (second: number, part: Partial<CanonicalEvent> = {}): CanonicalEvent => ({
  ts: second * SECOND,
  src_ip: '203.0.113.7',
  event_type: 'ssh.login.failed',
  username: 'root',
  ...part,
})
const succeeded = (second: number, part: Partial<CanonicalEvent> = {}) =>
  failed(second, { event_type: 'ssh.login.success', ...part })

function ruleSet(...parts: Record<string, unknown>[]) {
  const set = compileRules(parts.map((part, i) => ruleSource(`rule-${i}`, part)))
  expect(set.refusals).toEqual([])
  return set
}
/** Events of each hit, by index. */
const hits = (set: ReturnType<typeof ruleSet>, events: CanonicalEvent[]) =>
  evaluateRules(set, events).map((hit) => hit.events)

const seconds = (...at: number[]) => at.map((second) => failed(second))

describe('leaky', () => {
  const set = ruleSet({ type: 'leaky', capacity: 2, leakspeed: '10s' })

  it('overflows with one event more than it holds', () => {
    expect(hits(set, seconds(0, 1))).toEqual([])
    expect(hits(set, seconds(0, 1, 2, 3))).toEqual([[0, 1, 2, 3]])
  })
  it('lets one event leak out each leakspeed', () => expect(hits(set, seconds(0, 10, 20, 30, 40))).toEqual([]))
  it('gives two hits for two bursts that lie apart', () =>
    expect(hits(set, seconds(0, 1, 2, 100, 101, 102))).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]))
  it('counts a value once when distinct', () => {
    const distinct = ruleSet({ type: 'leaky', capacity: 2, leakspeed: '10s', distinct: 'username' })
    const names = (...all: string[]) => all.map((username, i) => failed(i, { username }))
    expect(hits(distinct, names('a', 'a', 'b', 'b', 'a'))).toEqual([])
    expect(hits(distinct, names('a', 'a', 'b', 'c'))).toEqual([[0, 2, 3]])
  })
  it('agrees with a bucket that is computed from all times at once', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 30 }), (times) => {
        const sorted = [...times].sort((a, b) => a - b)
        let level = 0
        const overflows = sorted.some((time, i) => {
          level = Math.max(0, level - (time - (sorted[i - 1] ?? time)) / 10) + 1
          if (level <= 2) return false
          return true
        })
        expect(hits(set, seconds(...times)).length > 0).toBe(overflows)
      }),
    ))
})

describe('counter', () => {
  it('counts from the first event on, then begins anew', () => {
    const set = ruleSet({ type: 'counter', capacity: 2, duration: '10s' })
    expect(hits(set, seconds(0, 5, 9))).toEqual([[0, 1, 2]])
    expect(hits(set, seconds(0, 9, 11, 19))).toEqual([])
  })
})

describe('event_count', () => {
  const count = (part: object, more: object = {}) =>
    ruleSet({ correlation: { type: 'event_count', timespan: '10s', condition: { gte: 3 }, ...part }, ...more })

  it('slides', () => {
    expect(hits(count({}), seconds(0, 9, 11, 19))).toEqual([[1, 2, 3]])
    expect(hits(count({}), seconds(0, 9, 18, 27))).toEqual([])
  })
  it('keeps groups apart, and leaves out events without the field', () => {
    const byUser = count({ 'group-by': ['src_ip', 'username'] })
    const events = [failed(0), failed(1, { username: 'eve' }), failed(2), { ...failed(3) }, failed(4)]
    delete events[3]!.username
    const [hit, ...rest] = evaluateRules(byUser, events)
    expect(rest).toEqual([])
    expect([hit!.group, hit!.events, hit!.first, hit!.last]).toEqual([
      { src_ip: '203.0.113.7', username: 'root' },
      [0, 2, 4],
      0,
      4000,
    ])
  })
  it('does not fire for a group that passed its upper bound, and says so', () => {
    const few = count({ condition: { gte: 1, lte: 2 } })
    expect(hits(few, seconds(0, 1))).toEqual([[0, 1]])
    expect(hits(few, seconds(0, 1, 2))).toEqual([])
    expect(explainRules(few, seconds(0, 1, 2)).near[0]!.why).toBe('more than it allows: 3 events')
  })
  it('asks for even gaps where jitter is set', () => {
    const even = count({ timespan: '1h', condition: { gte: 5 } }, { jitter: 0.1 })
    expect(hits(even, seconds(0, 60, 121, 180, 241))).toEqual([[0, 1, 2, 3, 4]])
    expect(hits(even, seconds(0, 5, 121, 125, 241))).toEqual([])
    expect(hits(even, seconds(0, 0.1, 0.2, 0.3, 0.4))).toEqual([])
  })
})

describe('value_count', () => {
  it('counts what is distinct within the time', () => {
    const set = ruleSet({
      correlation: { type: 'value_count', timespan: '10s', condition: { field: 'username', gte: 3 } },
    })
    const at = (...pairs: [number, string][]) => pairs.map(([second, username]) => failed(second, { username }))
    expect(hits(set, at([0, 'a'], [1, 'b'], [2, 'b'], [3, 'c']))).toEqual([[0, 2, 3]])
    expect(hits(set, at([0, 'a'], [8, 'b'], [11, 'c']))).toEqual([])
    expect(hits(set, at([0, 'a'], [8, 'b'], [9, 'a'], [11, 'c']))).toEqual([[1, 2, 3]])
  })
})

describe('temporal', () => {
  const steps = (type: string, more: object = {}) =>
    ruleSet({
      detection: {
        failed: { event_kind: 'login-failed' },
        success: { event_kind: 'login-success' },
        condition: '1 of them',
      },
      correlation: { type, rules: ['failed', 'success'], timespan: '10s' },
      ...more,
    })

  it('takes any order, temporal_ordered only the one that is written', () => {
    const backwards = [succeeded(0), failed(5)]
    expect(hits(steps('temporal'), backwards)).toEqual([[0, 1]])
    expect(hits(steps('temporal_ordered'), backwards)).toEqual([])
    expect(hits(steps('temporal_ordered'), [failed(0), succeeded(5)])).toEqual([[0, 1]])
  })
  it('ends with the timespan', () => expect(hits(steps('temporal_ordered'), [failed(0), succeeded(11)])).toEqual([]))
  it('one event does not serve two steps', () => {
    const twice = ruleSet({
      correlation: { type: 'temporal_ordered', rules: ['failed', 'detection'], timespan: '10s' },
    })
    expect(hits(twice, seconds(0))).toEqual([])
    expect(hits(twice, seconds(0, 1))).toEqual([[0, 1]])
  })
})

describe('rules that name rules', () => {
  const set = compileRules([
    ruleSource('guessing-succeeded', {
      detection: { success: { event_kind: 'login-success' }, condition: 'success' },
      correlation: { type: 'temporal_ordered', rules: ['guessing', 'success'], timespan: '1h' },
    }),
    ruleSource('mistyped', {
      class: 'Normal',
      explains: 'mistyping',
      detection: {
        failed: { event_kind: 'login-failed' },
        success: { event_kind: 'login-success' },
        condition: '1 of them',
      },
      correlation: { type: 'temporal_ordered', rules: ['failed', 'success'], timespan: '10m' },
      unless: ['guessing'],
    }),
    ruleSource('guessing', { type: 'leaky', capacity: 3, leakspeed: '1m' }),
  ])
  const fired = (events: CanonicalEvent[]) => evaluateRules(set, events).map(({ rule }) => rule.name)

  it('fire after them', () => {
    expect(set.refusals).toEqual([])
    expect(fired([...seconds(0, 1, 2, 3), succeeded(9)]).sort()).toEqual(['guessing', 'guessing-succeeded'])
  })
  it('are held back by what they exclude', () => {
    expect(fired([...seconds(0, 1), succeeded(9)])).toEqual(['mistyped'])
    const { near } = explainRules(set, [...seconds(0, 1, 2, 3), succeeded(9)])
    expect(near.find(({ rule }) => rule.name === 'mistyped')!.why).toBe(
      'all was there, but so was guessing, which it excludes',
    )
  })
})

it('gives the same hits whatever the order of the list', () =>
  fc.assert(
    fc.property(fc.shuffledSubarray([0, 1, 2, 3, 40, 41, 42], { minLength: 7, maxLength: 7 }), (order) => {
      const set = ruleSet({ type: 'leaky', capacity: 2, leakspeed: '10s' })
      const events = seconds(...order)
      const times = evaluateRules(set, events).map((hit) => hit.events.map((index) => events[index]!.ts / SECOND))
      expect(times).toEqual([
        [0, 1, 2, 3],
        [40, 41, 42],
      ])
    }),
  ))

it('remembers a bounded number of groups, however many an attacker makes', () => {
  const set = ruleSet({ type: 'leaky', capacity: 1, leakspeed: '1h', groupby: ['username'] })
  const events = Array.from({ length: 5000 }, (_, i) => failed(i / 100, { username: `user-${i}` }))
  const { near } = explainRules(set, [
    ...events,
    failed(60, { username: 'user-0' }),
    failed(61, { username: 'user-4999' }),
  ])
  expect(evaluateRules(set, [...events, failed(61, { username: 'user-4999' })]).length).toBe(1)
  // The first group was let go, so its second event is its first again.
  expect(near.every(({ share }) => share < 1)).toBe(true)
})

it('says what an event lacked that came close', () => {
  const set = ruleSet({
    detection: {
      failed: { event_kind: 'login-failed' },
      inside: { src_scope: 'private' },
      condition: 'failed and inside',
    },
  })
  expect(explainRules(set, seconds(0)).near[0]!.why).toBe(
    'failed matched, not inside, but the condition "failed and inside" did not hold',
  )
})

describe('indicators', () => {
  const numbered = (events: CanonicalEvent[]) => events.map((event, i) => ({ n: i + 1, event }))

  it('are one a rule, the weightiest first, explanations last, with the evidence that they rest on', () => {
    const set = ruleSet(
      { level: 'low', groupby: ['username'] },
      { level: 'critical' },
      { level: 'critical', class: 'Normal', explains: 'mistyping' },
    )
    const shown = ruleIndicators(set, numbered([failed(0, { username: 'a' }), failed(1), failed(2)]))
    expect(shown.map(({ rule, count, group, groups, evidence }) => [rule, count, group, groups, evidence])).toEqual([
      ['rule-1', 3, { src_ip: '203.0.113.7' }, 1, [1, 2, 3]],
      ['rule-0', 2, { username: 'root' }, 2, [2, 3]],
      ['rule-2', 3, { src_ip: '203.0.113.7' }, 1, [1, 2, 3]],
    ])
  })

  it('name no password and cut what a stranger chose to be long', () => {
    const set = ruleSet({ groupby: ['password', 'username'] })
    const [shown] = ruleIndicators(set, numbered([failed(0, { password: 'Winter', username: 'x'.repeat(900) })]))
    expect(shown!.group).toEqual({ username: 'x'.repeat(200) })
  })
})
