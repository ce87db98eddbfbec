import { readdirSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CanonicalEvent } from '../../../core/events/event.ts'
import { compileRules } from '../../../core/rules/compile.ts'
import { evaluateRules } from '../../../core/rules/evaluate.ts'
import { shapeOf } from '../../../core/rules/event-shape.ts'
import type { RuleSet } from '../../../core/rules/rule.ts'
import { indexOf } from '../../../core/rules/rule-index.ts'
import { shippedRules } from '../../../core/rules/shipped.ts'
import { readLog } from '../../../scripts/scenarios/read-log.ts'
import { ruleSource } from './rule-content.ts'

/** Every rule at every event. */
const unindexed = ({ rules }: RuleSet) => ({ candidates: () => rules.map((_, i) => i) })
const told = (hits: ReturnType<typeof evaluateRules>) =>
  hits.map(({ rule, group, first, last, events }) => ({ rule: rule.name, group, first, last, events }))

/** Events of the rules' own logs and look-alikes: what each rule is there for, and what is nearly that. */
const folder = path.resolve(import.meta.dirname, '../../../rules')
const logs = readdirSync(folder)
  .flatMap((name) => readdirSync(path.join(folder, name)).map((file) => path.join(folder, name, file)))
  .filter((file) => !/\.(?:yml|json)$/.test(file))
  .map((file) => readLog(file, Date.UTC(2026, 10, 24)).events)
const all = logs.flat()

/** An event of some log, with fields left out or taken from another one. */
const mutated = fc
  .tuple(
    fc.nat(all.length - 1),
    fc.array(fc.record({ field: fc.nat(40), from: fc.nat(all.length - 1), isLeftOut: fc.boolean() }), {
      maxLength: 3,
    }),
  )
  .map(([at, changes]): CanonicalEvent => {
    const event: Record<string, unknown> = { ...all[at]! }
    for (const { field, from, isLeftOut } of changes) {
      const names = Object.keys({ ...event, ...all[from]! }).filter((name) => name !== 'ts' && name !== 'src_ip')
      const name = names[field % names.length]!
      if (!isLeftOut && name in all[from]!) event[name] = all[from]![name as keyof CanonicalEvent]
      else if (isLeftOut && name !== 'event_type') delete event[name]
    }
    return event as unknown as CanonicalEvent
  })

describe('the index of a rule set', () => {
  it('gives the hits of every rule at every event on each rule’s own log and look-alike', () => {
    let hits = 0
    for (const events of logs) {
      const plain = told(evaluateRules(shippedRules(), events, unindexed(shippedRules())))
      expect(told(evaluateRules(shippedRules(), events))).toEqual(plain)
      hits += plain.length
    }
    expect(hits).toBeGreaterThan(logs.length / 2)
  })

  it('gives them on any mixture of such events with fields missing or exchanged', () => {
    let hits = 0
    fc.assert(
      fc.property(
        fc.array(fc.tuple(mutated, fc.nat(600_000)), { minLength: 1, maxLength: 40 }),
        fc.nat(logs.length - 1),
        (parts, log) => {
          const base = logs[log]![0]?.ts ?? 0
          const events = [...logs[log]!, ...parts.map(([event, ts]) => ({ ...event, ts: base + ts }))]
          const plain = told(evaluateRules(shippedRules(), events, unindexed(shippedRules())))
          hits += plain.length
          expect(told(evaluateRules(shippedRules(), events))).toEqual(plain)
        },
      ),
      { numRuns: 150 },
    )
    expect(hits).toBeGreaterThan(150)
  }, 60_000)

  it('lets an event meet a part of the rules only', () => {
    const met = all.map((event) => indexOf(shippedRules()).candidates(event).length)
    const mean = met.reduce((sum, n) => sum + n, 0) / met.length
    expect(mean).toBeLessThan(shippedRules().rules.length / 2)
  })

  it('keeps a rule that an absent field or another rule fulfils', () => {
    const set = compileRules([
      ruleSource('no-user', { detection: { nobody: { username: null }, condition: 'nobody' } }),
      ruleSource('not-http', { detection: { http: { 'http.path|exists': true }, condition: 'not http' } }),
      ruleSource('after', {
        detection: undefined,
        correlation: { type: 'temporal', rules: ['no-user', 'not-http'], timespan: '1h' },
      }),
      ruleSource('root', { detection: { root: { username: 'root' }, condition: 'root' } }),
    ])
    expect(set.refusals).toEqual([])
    const flow: CanonicalEvent = { ts: 1, src_ip: '203.0.113.7', event_type: 'flow' }
    expect(evaluateRules(set, [flow]).map(({ rule }) => rule.name)).toEqual(['no-user', 'not-http', 'after'])
    expect(indexOf(set).candidates(flow)).toEqual([0, 1, 2])
    // What a present field holds is not asked beforehand.
    expect(indexOf(set).candidates({ ...flow, username: 'root' })).toContain(3)
  })

  it('tells shapes apart whatever words strangers choose', () => {
    const event = (event_type: string, proto?: string, service?: string): CanonicalEvent => ({
      ts: 0,
      src_ip: '203.0.113.7',
      event_type,
      ...(proto === undefined ? {} : { proto }),
      ...(service === undefined ? {} : { service }),
    })
    const word = fc.option(fc.string({ maxLength: 4 }), { nil: undefined })
    const words = fc.tuple(fc.string({ maxLength: 4 }), word, word)
    fc.assert(
      fc.property(words, words, (one, other) => {
        const isSame = JSON.stringify(event(...one)) === JSON.stringify(event(...other))
        expect(shapeOf(event(...one)) === shapeOf(event(...other))).toBe(isSame)
      }),
    )
    expect(shapeOf(event('a', 'b'))).not.toBe(shapeOf(event('ab', '')))
    expect(shapeOf(event('flow'))).not.toBe(shapeOf(event('flow', '')))
  })
})
