import { describe, expect, it } from 'vitest'
import { compileRules } from '../../../core/rules/compile.ts'
import { ruleSource } from './rule-content.ts'

/** What is said of a rule that differs from a good one in `part`. */
function refusal(part: Record<string, unknown>) {
  const set = compileRules([ruleSource('bad', part), ruleSource('good')])
  expect(set.rules.map(({ name }) => name)).toEqual(['good'])
  expect(set.refusals.every(({ file }) => file === 'rules/bad/rule.yml')).toBe(true)
  return set.refusals.map(({ path, why }) => `${path}: ${why}`)
}
const detection = (key: string, value: unknown, condition = 'one') => ({
  detection: { one: { [key]: value }, condition },
})
const correlation = (part: Record<string, unknown>) => ({
  correlation: { type: 'event_count', timespan: '5m', condition: { gte: 2 }, ...part },
})

describe('a rule that cannot be used is refused with its file and place, and the others go on', () => {
  it('names a field that no event has, and ones that are near', () =>
    expect(refusal(detection('http.pth|contains', 'x'))).toEqual([
      'detection.one.http.pth|contains: http.pth is no field of an event (docs/rules.md lists them)',
    ]))

  it('names an unknown key at the top', () =>
    expect(refusal({ capcity: 3 })).toEqual([': Unrecognized key: "capcity"']))

  it.each([
    ['a back-reference', '(a+)\\1'],
    ['a look-ahead', 'a(?=b)'],
    ['a look-behind', '(?<=a)b'],
    ['an atomic group', '(?>a+)b'],
    ['a repetition of repetitions without end', '(a{1000}){1000}'],
  ])('%s cannot be matched in linear time', (_what, pattern) => {
    const [why] = refusal(detection('http.path|re', pattern))
    expect(why).toMatch(/^detection\.one\.http\.path\|re: the pattern cannot be matched in linear time: /)
  })

  it('names the rules of a circle, whichever comes first', () => {
    const { rules, refusals } = compileRules([
      ruleSource('a', correlation({ rules: ['b'] })),
      ruleSource('b', correlation({ rules: ['c'] })),
      ruleSource('c', { unless: 'a' }),
      ruleSource('d', correlation({ rules: ['c'] })),
      ruleSource('good'),
    ])
    expect(rules.map(({ name }) => name)).toEqual(['good'])
    expect(refusals.map(({ file }) => file).sort()).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => `rules/${name}/rule.yml`),
    )
    expect(refusals.some(({ why }) => /circle: a → b → c → a/.test(why))).toBe(true)
  })

  it('a rule that names itself is a circle', () => expect(refusal({ unless: 'bad' })[0]).toContain('circle: bad → bad'))

  it('a rule is refused with the rule that it names', () => {
    const { refusals } = compileRules([
      ruleSource('a', correlation({ rules: ['b'] })),
      ruleSource('b', detection('nothing', 1)),
    ])
    expect(refusals.map(({ file }) => file)).toEqual(['rules/b/rule.yml', 'rules/a/rule.yml'])
    expect(refusals[1]!.why).toBe('b, which it names, is refused')
  })

  it.each([
    [{ class: 'Normal' }, 'explains: belongs to rules of class Normal, and to all of them'],
    [{ explains: 'crawler' }, 'explains: belongs to rules of class Normal, and to all of them'],
    [{ type: 'leaky', capacity: 3 }, 'type: leaky needs capacity (0 or more) and leakspeed'],
    [{ type: 'trigger', capacity: 3 }, 'capacity: does not belong to trigger'],
    [{ type: 'leaky', capacity: 3, leakspeed: '10 s' }, 'leakspeed: 10 s is no duration such as 10s, 5m or 1h'],
    [{ groupby: 'user' }, 'groupby: user is no field of an event (username, http.user_agent, process.user)'],
    [detection('dst_port|gt', '80'), 'detection.one.dst_port|gt: gt needs a number, not "80"'],
    [detection('username|gt', 80), 'detection.one.username|gt: gt needs a field that is a number'],
    [detection('src_ip|cidr', '10.0.0.0/40'), 'detection.one.src_ip|cidr: "10.0.0.0/40" is no network in CIDR form'],
    [
      detection('username|base64', 'x'),
      'detection.one.username|base64: base64 is no modifier (contains, startswith, endswith, re, i, all, cased, cidr, exists, gt, gte, lt, lte)',
    ],
    [detection('username', 'x', 'one and'), 'detection.condition: the condition ends where a selection is expected'],
    [detection('username', 'x', 'one and two'), 'detection.condition: two is no selection of this rule (one)'],
    [detection('username', 'x', '(one'), 'detection.condition: a parenthesis is not closed'],
    [
      detection('username', 'x', 'one | count() > 5'),
      'detection.condition: cannot read the condition from " | count() > 5"',
    ],
    [detection('username', 'x', '1 of probe_*'), 'detection.condition: no selection is named probe_*'],
    [correlation({ condition: { gte: 5, lte: 3 } }), 'correlation.condition: no count is 5 or more and 3 or less'],
    [correlation({ type: 'value_count' }), 'correlation: value_count needs condition.field'],
    [correlation({ rules: 'nobody' }), 'correlation.rules.0: nobody is neither a selection of this rule nor a rule'],
    [
      { ...correlation({}), type: 'leaky', capacity: 1, leakspeed: '1s' },
      'correlation: stands beside type: leaky; keep one',
    ],
  ])('%j', (part, why) => expect(refusal(part)).toContain(why))

  it('takes what is no rule at all', () => {
    for (const content of [null, 7, 'text', [], {}]) {
      const { rules, refusals } = compileRules([{ name: 'x', file: 'rules/x/rule.yml', content }])
      expect(rules).toEqual([])
      expect(refusals.length).toBeGreaterThan(0)
    }
    const unreadable = { name: 'x', file: 'rules/x/rule.yml', content: null, unreadable: 'is no YAML' }
    expect(compileRules([unreadable]).refusals[0]!.why).toBe('is no YAML')
  })

  it('takes the first of two rules of one name', () => {
    const { rules, refusals } = compileRules([ruleSource('twice'), ruleSource('twice')])
    expect([rules.length, refusals[0]!.why]).toEqual([1, 'two rules are named twice'])
  })
})
